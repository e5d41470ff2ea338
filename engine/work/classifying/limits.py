"""Rows for "too much, too fast": never an incident, whatever code comes with the words (C2, C3).

First what only sounds like it: a full mailbox, a big message, the recipient's own rate.
"""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.outcome import Answer
from engine.work.classifying.row import SENDING, SESSION, Row
from events.vocabulary import FailureClass

GOOGLE_SMTP = "support.google.com/a/answer/3726730, SMTP error reference"
EXCHANGE_NDR = "Exchange Online, non-delivery reports by code"
_FULL = (
    r"(over|exceed\w*) .{0,30}(disk |storage |mailbox |mail |allowed )?quota|mailbox .{0,20}full"
    r"|(full|over ?quota|overquota) (mailbox|mail box)|out of storage|storage (limit|allocation)"
    r"|(mailbox|disk|diskspace|storage|mail folder|maildir) .{0,30}(quota|exceeded)"
    r"|overquota(?!\W{0,3}account exceeded)"
    r"|insufficient .{0,12}storage|not enough (storage )?space|no space left"
    r"|(email|user|account|^) ?quota (has been )?exceeded|postfach .{0,20}voll"
    r"|bo[iî]te .{0,20}pleine|buz[oó]n .{0,20}lleno|casella .{0,20}piena"
)
_LATER = "{server} has had too much from this account for now: wait, it is tried again by itself."
_FEWER = (
    "{server} allows no more connections or attempts for now: close other mail programs,"
    " or wait, it is tried again by itself."
)

LIMITS = (
    Row(
        Answer.REFUSED_TEMPORARY,
        says=r"(user|recipient|mailbox|account) .{0,60}is receiving mail (too quickly|at a rate)"
        r"|recipient('s)? .{0,60}(rate|hour|day|exceeded their|receive) .{0,20}limit"
        r"|recipient thread limit|message receive limit",
        stages=SENDING,
        example="450 4.2.1 The user you are trying to contact is receiving mail at a rate that"
        " prevents additional messages from being delivered.",
        source=f"{GOOGLE_SMTP}: the recipient's rate, not the sender's",
    ),
    Row(
        Answer.REFUSED_RECIPIENT,
        says=_FULL,
        code=r"5.*",
        stages=SENDING,
        example="552 5.2.2 inbox is out of storage space and inactive",
        source=f"{GOOGLE_SMTP}; RFC 3463, X.2.2",
        todo="The recipient's mailbox is full.",
    ),
    Row(
        Answer.REFUSED_TEMPORARY,
        says=_FULL,
        code=r"4.*",
        stages=SENDING,
        example="452 4.2.2 The email account that you tried to reach is over quota.",
        source=f"{GOOGLE_SMTP}; RFC 3463, X.2.2",
    ),
    Row(
        Answer.REFUSED_OTHER,
        says=r"(message|mail|header|attachment)s?( header)?('s)? .{0,20}(size|too (big|large|long))"
        r"|size .{0,60}(limit|maximum|exceed)|too (big|large)|number of attachments|size limit",
        code=r"5.*",
        stages=(*SENDING, At.MAIL),
        example="552 5.3.4 exceeded Google's message size limits",
        source=f"{GOOGLE_SMTP}; RFC 3463, X.3.4",
        todo="The message is too big for the mail server: shorten it or its attachments.",
    ),
    Row(
        FailureClass.AUTH_USER_ACTION,
        says=_FULL,
        code=r"(?!ok|.*\blimit|4).*",
        stages=SESSION,
        example="NO [OVERQUOTA] Quota exceeded (mailbox for user is full)",
        source="RFC 5530, OVERQUOTA; Dovecot's quota plugin",
        todo="The mailbox is full: its owner must delete mail or get more space, then reconnect.",
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"too many .{0,40}(connection|session|log-?in|log ?on|auth|attempt|request|message"
        r"|mail|error|command|failure|failed|invalid|sign|concurrent|simultaneous|password)",
        example="454-4.7.0 Too many login attempts, please try again later.",
        source=f"{GOOGLE_SMTP}; Yahoo AUTH005, nodemailer/nodemailer#1112; Gmail's IMAP,"
        " zone-eu/wildduck#35",
        todo=_FEWER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"max(imum)? (number of |amount of )?(allowed |concurrent |simultaneous |user |smtp )?"
        r"(connection|session|log-?in|auth|attempt|message|mail|request)",
        example="NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded"
        " (mail_max_userip_connections=16)",
        source="Dovecot, mail_max_userip_connections; mscdex/node-imap#606",
        todo=_FEWER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"(exceed|reach|hit|surpass)\w* .{0,60}\b(limit|quota|threshold|maximum|allowance)"
        r"|\b(limit|quota|threshold)s? .{0,30}(exceed|reach|hit\b)|quotaexceeded"
        r"|exceed\w* .{0,20}(connect|max .{0,20}(mail|message))",
        example="550-5.4.5 Daily user sending limit exceeded.",
        source=f"{GOOGLE_SMTP}: a 5 that is a limit; {EXCHANGE_NDR}, 5.7.705;"
        " nodemailer/nodemailer#1137; cyrusimap/cyrus-imapd#3141",
        todo=_LATER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"rate[- _]?limit|throttl|slow_down|slow(ing)? down|try .{0,12}slower|\bflood"
        r"|(suggested )?back[- ]?off\b|resource_exhausted|excessive volume|unexpected volume"
        r"|unusual (rate|sending|number|volume)|lockdown in sector|frequency limited"
        r"|unusual traffic|automated queries",
        example="NO Temporary authentication failure (rate-limit)",
        source="Mailu/Mailu#2283; simonrob/email-oauth2-proxy#191; Yahoo TSS04; RFC 8628,"
        " slow_down",
        todo=_LATER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"try again later, closing connection",
        code=r"421.*",
        example="421 4.7.0 Try again later, closing connection.",
        source=f"{GOOGLE_SMTP}: at the greeting or EHLO",
        todo=_LATER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"\b(mi:(cel|sfq|dmc|stc)|rp:(cel|rqc)|hl:(rep|ipb))\b|5\.1\.90\b",
        example="451 MI:SFQ,163 smtp8,EsCowAAnL7,1600000000",
        source=f"163.com, return codes of its mail servers; {EXCHANGE_NDR}, 5.1.90",
        todo=_LATER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"trop de (connexions|tentatives|messages|mails)|(limite|quota) d'envoi"
        r"|zu viele (verbindung|anmeld|login|versuch|nachricht|e-?mail|mails|anfrage|fehl)"
        r"|(sende|versand)limit|demasiad[oa]s (conex|intent|mensaj)|tropp[ie] (connes|tentat"
        r"|messag)"
        r"|muitas (conex|tentat)|te veel (verbind|pogin|inlog)|слишком много|zbyt wiele (połącz"
        r"|prób)"
        r"|过于频繁|次数过多|频率(过|限)|多すぎ|너무 많",
        example="421 mwinf5c79 ME Trop de connexions, veuillez verifier votre configuration.",
        source="Orange, in sisimai's Rhost/FrancePTT.pm; the same words in other languages",
        todo=_FEWER,
    ),
    Row(
        FailureClass.THROTTLED,
        code=r"(no |bye |bad )?limit",
        protocol=Protocol.IMAP,
        example="NO [LIMIT] Sorry",
        source="RFC 5530, section 3, LIMIT",
        todo=_FEWER,
    ),
    Row(
        FailureClass.THROTTLED,
        says=r"login-delay",
        protocol=Protocol.IMAP,
        example="NO [LOGIN-DELAY] minimum time between logins",
        source="RFC 2449, LOGIN-DELAY, as IMAP proxies pass it on",
        todo=_LATER,
    ),
)
