"""The text of a campaign's step, and its text for one recipient.

Templates and variables are personal or written by people: no event holds them (F1).
"""

from collections.abc import Sequence
from typing import NamedTuple

from events.errors import ExplainedError
from events.vocabulary import AccountId, RecipientId


class Sender(NamedTuple):
    """The account that sends, and its settings for sending (``Settings``)."""

    address: AccountId
    name: str = ""
    signature: str = ""


class Thread(NamedTuple):
    """What the recipient has already received from the campaign (M5)."""

    subject: str = ""
    """The subject of the first message."""
    message_ids: Sequence[str] = ()
    """The Message-IDs as the recipient's server has them, in order."""


class Unsubscribing(NamedTuple):
    """Where a recipient unsubscribes: URIs."""

    mailto: str
    https: str | None = None
    """None if this installation has no public HTTPS address."""


class Letter(NamedTuple):
    """A step filled in for one recipient, with the account's signature. Lines end with ``\\n``."""

    subject: str
    text: str
    html: str = ""


class Missing(NamedTuple):
    """A step that cannot be sent to a recipient with the data there is, and why."""

    recipient_id: RecipientId
    step: str
    variables: Sequence[str]
    """Variables that are absent or empty and have no default in the template."""
    problem: str
    """A sentence."""


class LetterError(ExplainedError):
    """A letter cannot be written; the sentence repeats no personal data (F1).

    ::

        LetterError
        ├── TemplateUnusable    a template says what no template may say
        ├── VariablesMissing    the recipient lacks what the step needs
        ├── LetterTooLong       it is longer than a message may be
        ├── SubjectMissing      there is none, and no earlier message to take it from
        └── AddressUnusable     no mail goes to the recipient's address, or from the account's
    """


class TemplateUnusable(LetterError):
    sentence = "Step {step}, {part}, line {line}: {problem}."


class VariablesMissing(LetterError):
    sentence = (
        "Step {step} needs {variables}, which the recipient lacks. Import a value, or give the "
        "template a default."
    )

    @property
    def names(self) -> Sequence[str]:
        return str(self.about["variables"]).split(", ")


class LetterTooLong(LetterError):
    sentence = (
        "Step {step}, {part}: it becomes longer than {most} characters, or one of its values does. "
        "Shorten it."
    )


class SubjectMissing(LetterError):
    sentence = "Step {step} has no subject, and no earlier message to take it from. Give it one."


class AddressUnusable(LetterError):
    sentence = "The {whose} address {problem}. Correct it, and import or connect it anew."
