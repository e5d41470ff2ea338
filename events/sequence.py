"""What a campaign sends, when and how often: values of the fact ``SequenceSet`` (M2, M3)."""

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, StringConstraints

from events.vocabulary import Zone

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$|^24:00$")]
"""A time of day by the wall clock: ``09:00``; the end of a day is ``24:00``."""


class _Value(BaseModel):
    model_config = ConfigDict(frozen=True)


class Window(_Value):
    """M3: on these days, from one time (inclusive) to another (exclusive).

    Across midnight when ``ends`` is before ``begins``: it then belongs to the day it begins on.
    """

    days: tuple[Weekday, ...] = WEEKDAYS
    begins: ClockTime = "00:00"
    ends: ClockTime = "24:00"


class Step(_Value):
    """One message of the sequence. ``after`` is the time since the message before was accepted.

    ``subject``, ``text`` and ``html`` are templates; no recipient is named in them (F1).
    """

    name: str
    after: timedelta = timedelta()
    subject: str = ""
    text: str = ""
    html: str = ""


class MailSequence(_Value):
    """All that a campaign needs to send by itself."""

    mail_id: str
    """Drawn at random on the campaign's creation; ids of its messages derive from it (M2)."""
    zone: Zone
    """The campaign's days and windows are those of this time zone."""
    steps: tuple[Step, ...]
    window: Window = Window()
    daily_limit: int | None = None
    """Messages per day over all accounts; None: only the accounts' own limits apply."""
    exclusive: bool = False
    """M7: nobody gets its first message while another campaign under way has contacted them."""
