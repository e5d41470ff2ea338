"""One recipient at any moment, by the places of the few events that concern him: no scan."""

from collections.abc import Iterator
from typing import NamedTuple

from engine.answers.history import History
from engine.audit.fold import Fold
from engine.audit.moments import Moment
from engine.audit.source import Source, facts
from engine.streams import ACCOUNT, SLOT, AggregateType, stream_id
from events.campaign import CampaignCreated
from events.recorded import Recorded
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.histories import HISTORIES, Subject, key, of_campaign, of_recipient
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.slots import SLOTS

NEEDED = (ACCOUNTS, SLOTS, CAMPAIGNS, RECIPIENT_STATUS)
"""What ``engine.answers.workspace_answers`` makes a recipient's answer of, ``held`` included."""


class Asked(NamedTuple):
    """What part of a workspace; everything where nothing is named."""

    workspace: str
    campaign: str | None = None
    recipient: str | None = None
    account: str | None = None


def without_a_scan(source: Source, moment: Moment, asked: Asked) -> Fold | None:
    """The rows that one recipient's state depends on; None where only a scan would tell.

    The view ``histories`` is taken as far as it has come; what the log has beyond it is read.
    """
    if asked.campaign is None or asked.recipient is None:
        return None
    stands_at = source.views.position(HISTORIES)
    if not 0 < stands_at <= source.end:
        return None
    places = _Places(source, asked.workspace, stands_at)
    recipient = places.about(of_recipient(asked.campaign, asked.recipient))
    campaign = places.about(of_campaign(asked.campaign))
    slots = {fact.event.slot_id for fact in campaign if isinstance(fact.event, CampaignCreated)}
    occupations = [fact for slot in slots if slot for fact in places.of(SLOT, slot, SLOTS)]
    named = {getattr(fact.event, "account_id", None) for fact in [*recipient, *occupations]}
    accounts = [
        fact
        for name in {*named, asked.account} - {None}
        for fact in places.of(ACCOUNT, str(name), ACCOUNTS)
    ]
    if not recipient:
        return None
    return Fold(NEEDED).add(
        filter(moment.includes, [*recipient, *campaign, *occupations, *accounts])
    )


class _Places:
    """Finds the events of one workspace."""

    def __init__(self, source: Source, workspace: str, stands_at: int) -> None:
        self._source = source
        self._workspace = workspace
        self._stands_at = stands_at
        self._history = History(source, self._positions, workspace)
        self._beyond = list(facts(source, after=stands_at))

    def about(self, subject: Subject) -> list[Recorded]:
        beyond = (fact for fact in self._beyond if key(fact)[:-1] == (self._workspace, *subject))
        return [*self._history.of(subject), *beyond]

    def of(self, type_: AggregateType, name: str, projection: Projection) -> Iterator[Recorded]:
        """Those of an aggregate that the projection watches."""
        topics = {event.__name__ for event in projection.watches}
        places = self._source.stream_positions(stream_id(self._workspace, type_, name))
        return self._history.at(
            position for position, topic in places if topic.partition("/")[0] in topics
        )

    def _positions(self, workspace: str, subject: Subject) -> list[int]:
        rows = self._source.views.rows(HISTORIES, workspace, *subject)
        return [int(row.position) for row in rows if int(row.position) <= self._stands_at]
