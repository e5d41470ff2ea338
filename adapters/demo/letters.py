"""The campaign's two emails, filled in for a person, in one thread (M5)."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from engine.work.read_inbox import SentTo
from engine.work.send import Outgoing

from adapters.demo.cast import CAMPAIGN, Sender
from engine.work.addresses import ascii_form, display_name
from engine.work.ports import Message, Person
from events.vocabulary import RecipientId

HOST = "acme.example"
PITCH = "Would a word about spring be welcome?"


def outgoing(person: Person, recipient_id: RecipientId, sender: Sender, step: int) -> Outgoing:
    send_id = f"{recipient_id}.{step}"
    message = compose(person, recipient_id, sender, step)
    ready = Message(message["Message-ID"], ascii_form(person.address), message.as_bytes())
    return Outgoing(CAMPAIGN, recipient_id, send_id, sender.mailbox, ready)


def sent_to(message_id: str) -> SentTo:
    """To whom the message with this id went."""
    return SentTo(CAMPAIGN, message_id.strip("<>").split(".")[0])


def compose(person: Person, recipient_id: RecipientId, sender: Sender, step: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name(sender.name), addr_spec=sender.account_id)
    message["To"] = Address(display_name(person.name), addr_spec=ascii_form(person.address))
    message["Subject"] = f"Spring at {person.variables['company']}"
    message["Message-ID"] = f"<{recipient_id}.{step}@{HOST}>"
    if step > 1:
        message["In-Reply-To"] = message["References"] = f"<{recipient_id}.1@{HOST}>"
    again = "" if step == 1 else "May I ask again? "
    message.set_content(
        f"Dear {person.variables['first_name']},\n\n{again}{PITCH}\n\n{sender.settings.signature}\n"
    )
    return message
