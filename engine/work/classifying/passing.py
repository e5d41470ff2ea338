"""Rows for what worked, for what says everything at once, and for what passes by itself."""

from engine.work.classifying.evidence import At, Protocol
from engine.work.classifying.outcome import Answer
from engine.work.classifying.row import SESSION, Row
from events.vocabulary import FailureClass

RFC5530 = "RFC 5530, section 3"
GOOGLE_SMTP = "support.google.com/a/answer/3726730, SMTP error reference"

OK = (
    Row(
        Answer.OK,
        code=r"ok.*|preauth",
        protocol=Protocol.IMAP,
        example="OK Success [THROTTLED]",
        source="RFC 9051, section 7.1.1; jstedfast/MailKit#1396",
    ),
    Row(
        Answer.OK,
        code=r"2\d\d.*",
        protocol=Protocol.SMTP,
        example="235 2.7.0 Accepted",
        source="RFC 5321, section 4.2.1",
    ),
    Row(
        Answer.OK,
        says=r'"access_token"\s?:\s?".*\}\s?$',
        code=r"200",
        protocol=Protocol.OAUTH,
        example='200 {"access_token":"x","token_type":"Bearer","expires_in":3599}',
        source="RFC 6749, section 5.1",
    ),
)

AMBIGUOUS = (
    Row(
        FailureClass.UNKNOWN,
        says=r"password is incorrect.{0,60}busy|busy.{0,60}password is incorrect",
        example="535 Login fail. Account is abnormal, service is not open, password is incorrect,"
        " login frequency limited, or system is busy.",
        source="QQ names every reason that there is",
    ),
)

IN_USE = (
    Row(
        FailureClass.TRANSIENT_SERVER,
        code=r"(no |bad |bye )?(inuse|in-use)",
        protocol=Protocol.IMAP,
        example="NO [INUSE] Mailbox is locked",
        source=f"{RFC5530}: locked by another session, not by anybody's decision",
    ),
)

BY_CHANCE = (
    Row(
        FailureClass.TRANSIENT_SERVER,
        says=r"temporar|server (error|busy|fail|too busy|unavailable|problem|down)|system (error"
        r"|busy"
        r"|problem|is busy)|internal (server )?error|(try|please) .{0,12}again (later|soon|in)"
        r"|later\b.{0,12}try|service (is )?(currently |temporarily |not )?(unavailable|available)"
        r"|(currently|temporarily|database|backend|ldap|authentication server|mailbox) .{0,20}"
        r"(unavailable|unreachable|not available|down|fail|error)|maintenance|overload"
        r"|authenticated but not connected|server shutting down|logging out|auto-?logout"
        r"|session (invalidated|expired|closed)|access ?token ?expired|connection (is )?closed"
        r"|generic failure|lost connection|connection lost|timed? ?out|cannot connect|backend"
        r"|inactivity|\bidle\b|connectionfailedtransient"
        r"|server unavailable|unexpected error|storage error|failed to (open|connect)"
        r"|später|plus tard|más tarde|più tardi|mais tarde|wartung"
        r"|повторите|позже|稍后|系统繁忙|系统忙",
        code=r"(?!ok|2\d\d).*",
        stages=(At.TCP, At.TLS, *SESSION),
        example="NO [UNAVAILABLE] Temporary authentication failure.",
        source=f"Dovecot 2.3.19.1; {GOOGLE_SMTP}; nylas/sync-engine, inbox/crispin.py;"
        " mscdex/node-imap#523, #561",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        says=r"^(\* )?bye\b",
        protocol=Protocol.IMAP,
        example="* BYE Sorry. 13",
        source="RFC 9051, section 7.1.5: a server that says goodbye judges no account",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        code=r"(no |bye |bad )?(unavailable|serverbug|corruption|sys/temp)",
        protocol=Protocol.IMAP,
        example="NO [SERVERBUG] Sorry",
        source=f"{RFC5530}",
    ),
    Row(
        FailureClass.TRANSIENT_SERVER,
        code=r"4\d\d.*|4\.\d+\.\d+",
        protocol=Protocol.SMTP,
        stages=(At.TCP, At.TLS, *SESSION),
        example="454 4.3.0 Sorry",
        source="RFC 5321, section 4.2.1; RFC 4954, section 4: 454 at AUTH passes by itself",
    ),
)
