"""The people in the demo, and what they send. The workspace is the settings' default."""

from datetime import timedelta
from typing import NamedTuple
from uuid import uuid4
from zoneinfo import ZoneInfo

from events.sequence import MailSequence, Step, Window
from events.vocabulary import Settings

WORKSPACE = "main"
CAMPAIGN = "spring-offer"
USER = "user:dana"
OWNER = "dana@acme.example"
SEED = "spring"
ZONE = ZoneInfo("Europe/Berlin")
SPEED = 200
"""Emails per day from one account."""
GAP = timedelta(minutes=2)
"""The time between two messages from one account."""
PITCH = "Dear {{ first_name }},\n\nWould a word about spring be welcome at {{ company }}?"
SEQUENCE = MailSequence(
    mail_id=uuid4().hex,
    zone=ZONE.key,
    window=Window(begins="09:00", ends="17:00"),
    daily_limit=300,
    steps=(
        Step(name="offer", subject="Spring at {{ company }}", text=PITCH),
        Step(name="reminder", after=timedelta(days=3), text="May I ask again, {{ first_name }}?"),
    ),
)


class Sender(NamedTuple):
    account_id: str
    slot_id: str
    name: str
    password: str
    """Only at the sandbox; never in an event (F1)."""

    @property
    def settings(self) -> Settings:
        return Settings(
            sender_name=self.name,
            signature=f"-- {self.name}",
            sending_speed=SPEED,
            limits={"gap": int(GAP.total_seconds())},
            schedule={"zone": ZONE.key},
        )


ANN = Sender("ann@acme.example", "slot-1", "Ann of Acme", "correct horse")
BEN = Sender("ben@acme.example", "slot-2", "Ben of Acme", "battery staple")
SENDERS = (ANN, BEN)
