"""Forgets a person once, and for good (F1)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from aggregates.command import Command
from events.recipient import RecipientForgotten
from events.vocabulary import RecipientId


@dataclass(frozen=True, slots=True)
class Recipient:
    id: RecipientId
    forgotten: bool = False


class ForgetRecipient(Command):
    """The directory forgets afterwards, so the record can be applied again to a restored one."""

    aggregate: ClassVar[str] = "recipient"
    recipient_id: RecipientId

    @property
    def aggregate_id(self) -> RecipientId:
        return self.recipient_id


def initial(recipient_id: RecipientId) -> Recipient:
    return Recipient(recipient_id)


def decide(recipient: Recipient, command: ForgetRecipient) -> Sequence[RecipientForgotten]:
    if recipient.forgotten:
        return []
    return [RecipientForgotten(recipient_id=recipient.id, occurred_at=command.at)]


def evolve(recipient: Recipient, _event: RecipientForgotten) -> Recipient:
    return Recipient(recipient.id, forgotten=True)
