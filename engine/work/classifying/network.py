"""Rows for what comes from the network and from TLS, not from a mail server."""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.row import BEFORE_DATA, CONNECTING, Row
from events.vocabulary import FailureClass

NOBODY = ""
"""The code where no server has answered."""
_DROPPED = (
    r"unexpectedly closed|(closed|reset|aborted|dropped|terminated) by (the )?(peer|remote|server)"
    r"|software caused connection abort|forcibly closed|broken pipe|\beof\b|not connected"
    r"|connection (was )?(reset|closed|lost|dropped|aborted)|unexpected end of|errno (32|54|104)\b"
    r"|server (has )?(unexpectedly )?disconnected|winerror 1005[34]|remote end closed"
)
_SILENT = r"timed[ -]?out|time-?out|errno (60|110)\b|winerror 10060|zeitüberschreitung"
_ALWAYS_TLS = (
    "The mail server offers no encryption that can be used: correct the port or the security"
    " setting, or ask whoever runs the server."
)

NETWORK = (
    Row(
        FailureClass.UNREACHABLE,
        says=r"the address of \S{1,255} is not permitted here",
        stages=(At.NAME,),
        example="The address of mail.inside.example is not permitted here.",
        source="adapters/mail/network.py: private and loopback addresses, unless allowed",
        todo="The mail server's address is not permitted: correct the server's name, or have the"
        " operator of this installation allow its network (allowed_networks).",
    ),
    Row(
        FailureClass.TLS_UNTRUSTED,
        says=r"certificate[_ ]verify[_ ]failed|self[- ]signed|unable to get (local )?issuer"
        r"|certificate (has )?expired|certificate is not (yet )?valid|unknown ca\b"
        r"|(hostname|ip address|common name) mismatch|certificate is not valid for"
        r"|(hostname|certificate|host) .{0,120}(doesn't|does not|didn't) match"
        r"|certificate (unknown|revoked|required)|bad certificate|untrusted (root|certificate)",
        code=NOBODY,
        example="[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed"
        " certificate (_ssl.c:1006)",
        source="CPython ssl, Dovecot 2.3.19.1 with a certificate of its own",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=_DROPPED,
        code=NOBODY,
        stages=CONNECTING,
        example="[SSL: UNEXPECTED_EOF_WHILE_READING] EOF occurred in violation of protocol",
        source="CPython ssl",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=_SILENT,
        code=NOBODY,
        stages=CONNECTING,
        example="_ssl.c:983: The handshake operation timed out",
        source="CPython ssl",
    ),
    Row(
        FailureClass.TLS_UNTRUSTED,
        says=r"starttls.{0,60}(not (supported|offered|available)|unsupported)|no starttls"
        r"|(does not|doesn't) (support|offer) starttls",
        example="STARTTLS extension not supported by server.",
        source="CPython smtplib, SMTPNotSupportedError; TLS is never done without",
        todo=_ALWAYS_TLS,
    ),
    Row(
        FailureClass.TLS_UNTRUSTED,
        says=r"\[ssl|\bssl\b|\btls\b|handshake",
        code=NOBODY,
        stages=(At.TLS, At.TCP),
        example="[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1006)",
        source="CPython ssl, against a port that speaks no TLS",
        todo=_ALWAYS_TLS,
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=r"name or service not known|nodename nor servname|no address associated"
        r"|name resolution|getaddrinfo|name does not resolve|no such host|nxdomain|servfail"
        r"|dns (lookup|query|operation)|host(name)? (was )?not found|unknown host"
        r"|der name oder der dienst ist nicht bekannt|nom ou service inconnu"
        r"|nombre o servicio desconocido",
        code=NOBODY,
        stages=(At.NAME, At.TCP, At.TLS, At.LOGIN),
        example="[Errno -2] Name or service not known",
        source="CPython socket.gaierror; glibc's messages in German, French and Spanish",
        todo="The mail server's name cannot be found: check how it is spelled in the settings.",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=r"connection refused|actively refused|no route to host|(network|host) is (unreachable"
        r"|down)|network unreachable|\[(errno|winerror) -?\d{1,5}\]|cannot connect|failed to"
        r" connect"
        r"|could not connect|can't connect|connect error|connection attempt failed"
        r"|verbindungsaufbau abgelehnt|connexion refusée|conexión rehusada|conexão recusada"
        r"|connessione rifiutata|w połączeniu odmówiono|в соединении отказано",
        code=NOBODY,
        stages=CONNECTING,
        example="[Errno 111] Connection refused",
        source="CPython socket, errno; glibc's messages in seven languages",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=r"connection refused|no route to host|(network|host) is unreachable|max retries"
        r"|errno (61|65|101|111|113)\b|winerror 1006[15]|failed to establish",
        code=NOBODY,
        stages=BEFORE_DATA,
        example="[Errno 101] Network is unreachable",
        source="CPython socket, on a connection opened anew; requests, ConnectionError",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says="",
        stages=(At.NAME,),
        example="Der Rechnername ist unbekannt",
        source="At the stage name there is no server yet; whatever the resolver says",
        todo="The mail server's name cannot be found: check how it is spelled in the settings.",
    ),
    Row(
        FailureClass.UNREACHABLE,
        says=f"{_DROPPED}|{_SILENT}",
        code=NOBODY,
        protocol=Protocol.OAUTH,
        example="HTTPSConnectionPool(host='oauth2.example.test', port=443): Read timed out.",
        source="requests, ReadTimeout and ConnectionError",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        says=f"{_DROPPED}|{_SILENT}",
        code=NOBODY,
        stages=BEFORE_DATA,
        example="Connection unexpectedly closed",
        source="CPython smtplib, SMTPServerDisconnected; imaplib, abort: socket error: EOF",
    ),
)
