"""Messages that say of themselves what they mean, and a reader that believes them."""

from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import make_msgid

from adapters.mail.wire.inbox import Fetched, Need
from engine.work.inbound import Inbound, Kind, Sent, message_of
from engine.work.ports import Incoming, Mailbox


def answer(about: str, kind: Kind, until: date | None = None, *, in_body: bool = False) -> bytes:
    """``in_body``: its headers do not say what it means."""
    message = EmailMessage()
    message["From"], message["To"] = "ben@x.test", "ann@sandbox.test"
    message["Message-ID"], message["Subject"] = make_msgid(domain="x.test"), "Re: Spring"
    meaning = f"{about} {kind} {until}"
    message["X-Meaning"] = "see below" if in_body else meaning
    message.set_content(f"{meaning}\n" if in_body else "Yes.\n")
    return message.as_bytes()


def means(_: Mailbox, fetched: Fetched) -> Incoming | Need | None:
    message = message_from_bytes(fetched.octets)
    meaning = message["X-Meaning"]
    if meaning == "see below":
        if not fetched.whole:
            return Need.BODY
        meaning = str(message.get_payload())
    if meaning is None:
        return None
    about, kind, until = str(meaning).split()
    day = None if until == "None" else date.fromisoformat(until)
    sent = Sent(message_of(about), "spring", "r1", "ben@x.test")
    return Incoming(fetched.key, Inbound(Kind(kind), "It says so.", [sent], day))
