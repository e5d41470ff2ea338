"""Messages that say of themselves what they mean, and a reader that believes them."""

from datetime import datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import make_msgid

from adapters.mail.wire.inbox import Fetched, Need
from engine.work.ports import Incoming, Mailbox
from events.vocabulary import RecipientStatus, Signal

SIGNALS: dict[str, Signal] = {
    "replied": RecipientStatus.REPLIED,
    "bounced": RecipientStatus.BOUNCED,
    "unsubscribed": RecipientStatus.UNSUBSCRIBED,
}


def answer(
    about: str, signal: Signal | None, until: datetime | None = None, *, in_body: bool = False
) -> bytes:
    """``in_body``: its headers do not say what it means."""
    message = EmailMessage()
    message["From"], message["To"] = "ben@x.test", "ann@sandbox.test"
    message["Message-ID"], message["Subject"] = make_msgid(domain="x.test"), "Re: Spring"
    meaning = f"{about} {signal.value if signal else 'automatic'} {until and until.isoformat()}"
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
    about, signal, until = str(meaning).split()
    date = None if until == "None" else datetime.fromisoformat(until)
    return Incoming(fetched.key, about, SIGNALS.get(signal), date)
