"""Rows for one message: whose fault a refusal is (M2), and the codes where no words help."""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.outcome import Answer
from engine.work.classifying.row import SENDING, SESSION, Row
from events.vocabulary import FailureClass

RFC3463 = "RFC 3463, section 3"
_SENDER = "Another sender than this mailbox is not allowed: correct the sender's address."

OF_A_MESSAGE = (
    Row(
        FailureClass.UNKNOWN,
        says=r"authentication (is )?required|client was not authenticated|not authenticated to send"
        r"|smtp auth required|must authenticate|authentification requise|auth command first"
        r"|(log ?in|authenticate) (first|before)",
        code=r"5.*",
        stages=(At.MAIL, At.SMTP, *SENDING),
        example="530 5.5.1 Authentication Required.",
        source="RFC 4954, section 6, 530; nodemailer/nodemailer#1082: nobody had signed in",
        todo="{server} says that nobody has signed in; this is our fault: tell the operator.",
    ),
    Row(
        Answer.REFUSED_OTHER,
        says=r"sendasdenied|(not|n't) (allowed|permitted|authori[sz]ed|have permissions?) to send"
        r" (as|from|on behalf|using)|permissions? to send (as|on behalf)|relaying disallowed as"
        r"|must (equal|be (the )?same( as)?|match) .{0,20}(authori[sz]|authenticat|login|user)"
        r"|not owned by( user)?|(from|sender)( address)? .{0,40}(not one of|not (allowed|owned"
        r"|verified"
        r"|permitted|authori[sz]ed|accepted|belong)|mismatch|rejected|refused|denied|blacklisted)"
        r"|invalid sender|bad sender|sender verify failed|domain of sender|unroutable sender"
        r"|(from this|from the|header) .{0,12}address|email address is not verified"
        r"|[ée]metteur invalide|absender\w* .{0,30}(nicht erlaubt|ungültig|abgelehnt)",
        code=r"(?!4).*",
        stages=(*SENDING, At.MAIL),
        example="553 Relaying disallowed as someone@example.com",
        source="Zoho, frappe/erpnext#19057; Outlook.com, gophish/gophish#2900; 163.com,"
        " xuxueli/xxl-job#3858; Postfix, reject_sender_login_mismatch",
        todo=_SENDER,
    ),
    Row(
        Answer.REFUSED_TEMPORARY,
        says=r"(try|send) (it )?again( later)?\b|temporar|grey-?list|graylist|later\b.{0,12}try"
        r"|deferred|später|plus tard|más tarde|più tardi|mais tarde|повторите|稍后",
        code=r"[45].*",
        stages=SENDING,
        example="550-Requested action not taken: mailbox unavailable\n"
        "550 Failure sending mail. Try again later",
        source="GMX, jstedfast/MailKit#968: a 5 that asks to come again",
    ),
    Row(
        Answer.REFUSED_TEMPORARY,
        code=r"4\d\d.*|4\.\d+\.\d+",
        stages=SENDING,
        example="451 4.3.0 Mail server rejected message.",
        source="RFC 5321, section 4.2.1: 4 means to come again, whoever is at fault",
    ),
    Row(
        Answer.REFUSED_OTHER,
        says=r"\brelay(ing|ed)?\b|blocked (using|by|for|because)|black ?list|block ?list|\b(dns"
        r"|r)bl\b"
        r"|spamhaus|spam|virus|malware|phish|reputation|\bspf\b|\bdkim\b|\bdmarc\b|unauthenticated"
        r"|polic(y|ies)|client host rejected|ptr record|reverse dns|banned sending ip|unsolicited"
        r"|(dns|mx) .{0,20}(record|resource)|rcpthosts|content|rejected by .{0,20}filter"
        r"|\bhops\b|loop\b"
        r"|not authenticated for|sender was not authenticated|allowed-senders|local user only",
        code=r"5.*",
        stages=SENDING,
        example="554 5.7.1 <ben@x.test>: Relay access denied",
        source="Postfix; sisimai, Reason/NoRelaying.pm, Blocked.pm, PolicyViolation.pm",
    ),
    Row(
        Answer.REFUSED_RECIPIENT,
        says=r"(user|recipient|mailbox|address|account|alias|addressee|destinataire|empfänger"
        r"|adressat"
        r"|destinatario|utilisateur|usuario|utente|получател\w*|пользовател\w*)s?"
        r" .{0,80}(unknown|not (be )?found"
        r"|does(n't| not) exist|do(n't| not) exist|not exist|no longer|invalid|inactive|disabled"
        r"|suspended"
        r"|unavailable|not known|not available|rejected|not local|unbekannt|existiert nicht|inconnu"
        r"|inexist|desconocid|no existe|sconosciut|inesistente|не (найден|существует)|refuse|not"
        r" listed"
        r"|deactivated|discontinued|terminated|closed|bloqué|archiv)"
        r"|(unknown|no such|invalid|bad|non-?existent|undeliverable|illegal) .{0,24}(user"
        r"|recipient|mailbox"
        r"|address|alias|account|local ?part|destination)|no (mail)?box|user unknown|badrcptto"
        r"|(recipient|destination) domain|(domain|host) .{0,40}(not found|does not exist|unknown)"
        r"|no mx|nullmx|does not accept mail|unrout(e)?able address|resolver\.adr|not a valid"
        r" (mailbox"
        r"|recipient|user)|exrecipnotfound"
        r"|doesn't have an? .{0,30}account|没有该用户|用户不存在|收件人",
        code=r"(5.*)?",
        stages=SENDING,
        example="550 5.4.1 Recipient address rejected: Access denied. AS(201806281)",
        source="sisimai, Reason/UserUnknown.pm and Rhost; zone-eu/zone-mta#214",
    ),
    Row(
        Answer.REFUSED_RECIPIENT,
        code=r"(5\d\d )?5\.(1\.([0-6]|10|16)|2\.[0-2]|4\.(1|4|310))",
        stages=SENDING,
        example="550 5.1.1 Sorry",
        source=f"{RFC3463}.2 and 3.3: the address and the mailbox",
    ),
    Row(
        Answer.REFUSED_OTHER,
        code=r"(5\d\d )?5\.[1-7]\.\d+|55[24]|50[0-4]|53\d|571",
        stages=SENDING,
        example="554 5.6.0 Mail message is malformed. Not accepted.",
        source=f"{RFC3463}.4 to 3.8: the system, the protocol, the content, the policy",
    ),
    Row(
        Answer.REFUSED_RECIPIENT,
        code=r"5\d\d",
        stages=(At.RCPT,),
        example="550 Sorry",
        source="RFC 5321, section 4.2.2: 550, 551 and 553 speak of the mailbox",
    ),
    Row(
        Answer.REFUSED_OTHER,
        code=r"5\d\d",
        stages=(At.DATA,),
        example="550 Sorry",
        source="RFC 5321, section 4.2.5: after DATA it is the message that is judged",
    ),
    Row(
        Answer.OUTCOME_UNKNOWN,
        stages=(At.DATA,),
        example="Connection unexpectedly closed: timed out",
        source="CPython smtplib: once the message went out, no answer proves nothing (M2)",
    ),
)

LAST_RESORT = (
    Row(
        FailureClass.UNKNOWN,
        code=r"50[0-4].*|53[08].*|334.*",
        protocol=Protocol.SMTP,
        stages=SESSION,
        example="504 5.7.4 Unrecognized Authentication Type",
        source="RFC 4954, section 6; sandstorm-io/sandstorm#2876: the way of asking is refused",
        todo="{server} does not take this way of signing in: tell the operator.",
    ),
)
