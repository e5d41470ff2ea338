"""Who plays in the demo. The workspace is the settings' default."""

from datetime import timedelta
from typing import NamedTuple

from engine.work.ports import Mailbox
from events.vocabulary import Settings

WORKSPACE = "main"
CAMPAIGN = "spring-offer"
USER = "user:dana"
OWNER = "dana@acme.example"
SEED = "spring"
SPEED = 200
"""Emails a day from one account; the story stays below."""
GAP = timedelta(minutes=2)
"""Between two messages of one account."""


class Sender(NamedTuple):
    account_id: str
    slot_id: str
    name: str
    password: str
    """For the simulated mail server only; never in an event (F1)."""

    @property
    def mailbox(self) -> Mailbox:
        return Mailbox(self.account_id, f"demo-vault:{self.slot_id}")

    @property
    def settings(self) -> Settings:
        return Settings(sender_name=self.name, signature=f"-- {self.name}", sending_speed=SPEED)


ANN = Sender("ann@acme.example", "slot-1", "Ann of Acme", "correct horse")
BEN = Sender("ben@acme.example", "slot-2", "Ben of Acme", "battery staple")
SENDERS = (ANN, BEN)
