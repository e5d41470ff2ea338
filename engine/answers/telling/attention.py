"""What needs a person's attention now, the most urgent first."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from engine.answers.telling import rows
from engine.answers.waits import Waits
from engine.answers.workspace_answers import Answers, ClockAnswer, NotSending
from engine.ports.view_status import Stop
from events.vocabulary import ClockOutcome, instant_text
from projections.notices import NoticeRow
from projections.projection import Projection


class Attention(NamedTuple):
    now: datetime
    stopped: Mapping[Projection, Stop]
    """Views that have stopped: the answers are only as new as they are."""
    clocks: list[ClockAnswer]
    not_sending: list[NotSending]
    undelivered: list[NoticeRow]
    tells_owners: bool = True
    """Whether a channel to owners is configured."""
    waits: Sequence[Waits] = ()
    """The recipients of campaigns that send by themselves to whom nothing is sent now, and why."""
    fenced: str | None = None
    """M6: why the store may lack some of its past; the answers are then what is recorded, not what
    is due."""

    @property
    def waiting(self) -> list[NotSending]:
        """Campaigns that only wait for a user to resume them (P2)."""
        return [each for each in self.not_sending if each.waits]

    def to_json(self) -> dict[str, Any]:
        return {
            "at": instant_text(self.now),
            "fenced": self.fenced,
            "stopped_projections": [rows.stopped_view(*each) for each in self.stopped.items()],
            "clocks": [rows.running_clock(each, self.now) for each in self.clocks],
            "waiting": [each.campaign_id for each in self.waiting],
            "not_sending": [rows.not_sending(each) for each in self.not_sending],
            "undelivered_notices": [rows.undelivered(each) for each in self.undelivered],
            "waits": rows.all_told(self.waits),
        }


def attention(answers: Answers, now: datetime, stopped: Mapping[Projection, Stop]) -> Attention:
    running = [each for each in answers.clocks() if each.outcome is ClockOutcome.RUNNING]
    return Attention(
        now,
        stopped,
        sorted(running, key=lambda each: each.deadline_at),
        answers.not_sending(),
        [each for each in answers.notices() if not each.delivered],
    )
