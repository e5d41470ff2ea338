"""The campaign's two emails, filled in for a person, in one thread (M5)."""

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from adapters.demo.cast import Sender
from engine.work.addresses import display_name
from engine.work.ports import Person
from events.vocabulary import RecipientId

HOST = "acme.example"


def message_id(send_id: str) -> str:
    return f"<{send_id}@{HOST}>"


def send_id(recipient_id: RecipientId, step: int) -> str:
    return f"{recipient_id}.{step}"


def recipient_of(found_message_id: str) -> RecipientId:
    """Whom the message with this id was sent to."""
    return found_message_id.strip("<>").split("@")[0].split(".")[0]


def compose(person: Person, recipient_id: RecipientId, sender: Sender, step: int) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(display_name(sender.name), addr_spec=sender.account_id)
    message["To"] = Address(display_name(person.name), addr_spec=person.address)
    message["Subject"] = f"Spring at {person.variables['company']}"
    message["Message-ID"] = message_id(send_id(recipient_id, step))
    if step > 1:
        first = message_id(send_id(recipient_id, 1))
        message["In-Reply-To"] = message["References"] = first
    again = "" if step == 1 else "May I ask again? "
    message.set_content(
        f"Dear {person.variables['first_name']},\n\n{again}{PITCH}\n\n{sender.settings.signature}\n"
    )
    return message


PITCH = "Would a word about spring be welcome?"
