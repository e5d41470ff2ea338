"""One recipient, campaign or account at any moment, from the few events that concern it, without a
scan."""

from collections.abc import Iterable
from typing import NamedTuple

from engine.answers.history import History
from engine.audit.fold import Fold
from engine.audit.moments import Moment, last_position
from engine.audit.source import Source, facts
from engine.decoding import decode_some
from engine.streams import ACCOUNT, CAMPAIGN, SLOT, AggregateType, stream_id
from events.campaign import CampaignCreated
from events.recorded import Recorded
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.histories import HISTORIES, Subject, key, of_campaign, of_recipient
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.slots import SLOTS

NEEDED = (ACCOUNTS, SLOTS, CAMPAIGNS, RECIPIENT_STATUS)
"""The views from which ``engine.answers.workspace_answers`` makes a recipient's answer, including
``held``."""


class Asked(NamedTuple):
    """The part of a workspace that is asked about; everything if none is named."""

    workspace: str
    campaign: str | None = None
    recipient: str | None = None
    account: str | None = None


def without_a_scan(source: Source, moment: Moment, asked: Asked) -> Fold | None:
    """The rows on which this part's state depends; None if they cannot be found without a scan.

    The events of a recipient are found through the view ``histories`` as far as it goes; beyond it
    the log is read. The events of campaigns and accounts are in their streams.
    """
    streams = _Streams(source, asked.workspace, last_position(source, moment))
    if asked.campaign is None:
        found = streams.of(ACCOUNT, asked.account, ACCOUNTS) if asked.account else []
        return _folded(found, moment)
    if asked.recipient is None:
        of_it = streams.of(CAMPAIGN, asked.campaign, CAMPAIGNS, RECIPIENT_STATUS)
    else:
        of_it = _of_recipient(source, asked.workspace, asked.campaign, asked.recipient)
    if not of_it:
        return None
    slots = {fact.event.slot_id for fact in of_it if isinstance(fact.event, CampaignCreated)}
    occupations = [fact for slot in slots if slot for fact in streams.of(SLOT, slot, SLOTS)]
    named = {getattr(fact.event, "account_id", None) for fact in [*of_it, *occupations]}
    accounts = [
        fact
        for name in {*named, asked.account} - {None}
        for fact in streams.of(ACCOUNT, str(name), ACCOUNTS)
    ]
    return _folded([*of_it, *occupations, *accounts], moment)


def _folded(found: Iterable[Recorded], moment: Moment) -> Fold | None:
    fold = Fold(NEEDED).add(filter(moment.includes, found))
    return fold if any(fold.rows.values()) else None


def _of_recipient(source: Source, workspace: str, campaign: str, recipient: str) -> list[Recorded]:
    """The events that concern the recipient, then those of the campaign; empty if the view does not
    have them."""
    stands_at = source.views.position(HISTORIES)
    if not 0 < stands_at <= source.end:
        return []

    def positions(workspace: str, subject: Subject) -> list[int]:
        rows = source.views.rows(HISTORIES, workspace, *subject)
        return [int(row.position) for row in rows if int(row.position) <= stands_at]

    beyond = list(facts(source, after=stands_at))
    history = History(source, positions, workspace)

    def about(subject: Subject) -> list[Recorded]:
        later = (fact for fact in beyond if key(fact)[:-1] == (workspace, *subject))
        return [*history.of(subject), *later]

    found = about(of_recipient(campaign, recipient))
    return [*found, *about(of_campaign(campaign))] if found else []


class _Streams:
    """The streams of one workspace, up to a position."""

    def __init__(self, source: Source, workspace: str, until: int) -> None:
        self._source, self._workspace, self._until = source, workspace, until

    def of(self, type_: AggregateType, name: str, *projections: Projection) -> list[Recorded]:
        """The events of an aggregate that one of the projections watches."""
        page = self._source.stream(stream_id(self._workspace, type_, name), self._until)
        watched = {event.__name__ for each in projections for event in each.watches}
        return list(decode_some(page, watched))
