"""A lane while events are folded into it: mutable, and frozen once at the end."""

from collections.abc import Sequence

from immutables import Map, MapMutation

from aggregates.campaign.state import Lane, Members
from events.campaign import CampaignEvent
from events.vocabulary import ClockOutcome, RecipientId, RecipientStatus

NOBODY: Members = Map()


class LaneDraft:
    __slots__ = ("clock", "contacted", "ended", "first_sends", "listed", "soft")

    def __init__(self, lane: Lane) -> None:
        self.listed = lane.listed
        self.clock = lane.clock
        self.soft = lane.soft.mutate()
        self.contacted = lane.contacted.mutate()
        self.first_sends = lane.first_sends.mutate()
        self.ended = lane.ended.mutate()

    def end_clock(self, outcome: ClockOutcome, event: CampaignEvent, stopped: int = 0) -> None:
        assert self.clock is not None
        self.clock = self.clock._replace(
            outcome=outcome, ended_at=event.occurred_at, stopped=stopped
        )

    def count(self, status: RecipientStatus) -> None:
        self.ended[status] = self.ended.get(status, 0) + 1

    def leave(self, recipient_ids: Sequence[RecipientId], *, contacted: bool) -> None:
        """They are different; if they are all there are, nobody is left, which is quickly said."""
        name = "contacted" if contacted else "soft"
        members: MapMutation[RecipientId, None] = getattr(self, name)
        if len(recipient_ids) == len(members) and all(map(members.__contains__, recipient_ids)):
            setattr(self, name, NOBODY.mutate())
        else:
            for each in recipient_ids:
                members.pop(each, None)

    def freeze(self) -> Lane:
        return Lane(
            self.listed,
            self.clock,
            self.soft.finish(),
            self.contacted.finish(),
            self.first_sends.finish(),
            self.ended.finish(),
        )
