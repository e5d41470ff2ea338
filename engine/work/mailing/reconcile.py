"""Reconcile a fenced store with the world, and open it (M6).

The lost part stays lost; but its effects show in Sent folders and inboxes, and a check of each
account shows whether it works. What came due in the meantime and cannot be undone waits for a
person.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from aggregates.campaign.commands import CureLostClock
from engine.batch import derived_id
from engine.command_context import Look
from engine.engine import Engine
from engine.fence import StoreFence
from engine.ports.errors import StoreError, StoreUnavailable
from engine.ports.witness import Noted
from engine.work.check_connection import ConnectionChecks
from engine.work.mailing.inboxes import InboxCursors
from engine.work.mailing.listening import Listening
from engine.work.mailing.lost_sends import NAME, Asked, LostSends, asked
from engine.work.mailing.mailbox_of import mailbox_of
from engine.work.ports import Mailbox, Transport
from events.vocabulary import AccountId, CampaignId, IncidentId, SearchResult

NOT_KNOWN = (
    "Pauses, resumes, settings, suppressions and imports since the last event are lost.",
    "So are unsubscribes by one click; those by mail are read again.",
    "Messages that somebody composed and sent by hand since are not searched for.",
    "Accounts that were connected or added since are not known, nor what they sent.",
)
"""What neither the store nor the mailboxes can tell, one sentence each."""


class NotFenced(StoreError):
    sentence = "The store {store} is not fenced: there is nothing to reconcile."


class TooEarly(StoreError):
    sentence = (
        "What was sent last may still be on its way into a Sent folder, so nothing can be missed "
        "there before {at}. Nothing was recorded; reconcile then."
    )


class LostClock(NamedTuple):
    """A clock that came due after the store's last event."""

    workspace: str
    campaign_id: CampaignId
    account_id: AccountId
    incident_id: IncidentId
    deadline_at: datetime
    at_stake: int


class Survey(NamedTuple):
    """What the witness knows and the store lacks, and what has to be searched."""

    reason: str
    closed_at: datetime
    """When it was first known that the store may lack something, UTC."""
    known: Noted | None
    last: int
    """Position of the last event before that."""
    since: datetime
    """When that event was recorded, UTC."""
    people: Mapping[str, Sequence[Asked]]
    """The recipients to search for, by workspace."""
    clocks: Sequence[LostClock]
    ticking: Sequence[tuple[str, AccountId]]
    """Workspace and account of every running clock, due or not."""


class World(NamedTuple):
    """One workspace's mailboxes. Without ``listening``, workers read them from the beginning; it is
    called once the Sent folders have shown what was sent."""

    checks: ConnectionChecks
    transport: Transport
    listening: Callable[[], Listening] | None = None


class Means(NamedTuple):
    engine: Engine
    fence: StoreFence
    cursors: InboxCursors
    world_of: Callable[[str], World]


class Reconciled(NamedTuple):
    survey: Survey
    messages: Mapping[SearchResult, int]
    """The number of messages by the result of their search."""
    unread: Sequence[AccountId]
    """Accounts whose inbox could not be read; no follow-up leaves before it has been (M4)."""
    passed: Mapping[AccountId, bool]
    cured: Sequence[LostClock]
    unconfirmed: Mapping[AccountId, int]
    """Numbers at stake that a person must confirm; if there are none, the store is open."""


def survey(engine: Engine, fence: StoreFence) -> Survey:
    """Survey what is missing. Records only, for operators, that the store is fenced. Raises
    ``NotFenced``."""
    reason = fence.closed()
    if reason is None:
        raise NotFenced(store=engine.store.name)
    if fence.closed_at is None:
        fence.close(reason)
    closed_at = fence.closed_at or engine.store.now()
    last = engine.store.last_position_until(closed_at - timedelta.resolution)
    page = engine.store.read(last - 1, 1) if last else None
    since = page.envelopes[0].recorded_at if page else closed_at
    people = dict[str, list[Asked]]()
    for workspace in engine.store.workspaces():
        with engine.look(workspace) as now:
            people[workspace] = list(asked(now, since))
    running = _running(engine)
    clocks = _lost(running, since, engine.store.now())
    ticking = list(dict.fromkeys((each.workspace, each.account_id) for each in running))
    return Survey(reason, closed_at, _known(fence), last, since, people, clocks, ticking)


def reconcile(
    means: Means, found: Survey, confirmed: Mapping[AccountId, int], actor: str
) -> Reconciled:
    """Search, read, test, and open the store unless a number at stake is not ``confirmed``. May be
    repeated.

    Raises ``TooEarly``, ``StoreError`` and, if the witness cannot be written, ``OSError``.
    """
    engine = means.engine
    earliest = found.closed_at + engine.policy.search_after
    if engine.store.now() < earliest and any(found.people.values()):
        raise TooEarly(at=f"{earliest:%Y-%m-%dT%H:%M:%SZ}")
    messages, unread = Counter[SearchResult](), list[AccountId]()
    for workspace, people in found.people.items():
        world = means.world_of(workspace)
        lost = LostSends(engine, workspace, world.transport, actor, found.closed_at)
        messages += lost.search(people)
        unread += _read_inboxes(means, workspace, world, people)
    passed = {each: _passes(means, *each, actor) for each in found.ticking}
    cured = [each for each in found.clocks if passed[each.workspace, each.account_id]]
    for each in cured:
        _cure(engine, each, actor)
    stakes = Counter[AccountId]()
    for each in _lost(_running(engine), found.since, engine.store.now()):
        stakes[each.account_id] += each.at_stake
    left = {account: n for account, n in stakes.items() if confirmed.get(account) != n}
    if not left:
        means.fence.part_ways()
        means.fence.open()
    tested = {account: well for (_, account), well in passed.items()}
    return Reconciled(found, messages, unread, tested, cured, left)


def _known(fence: StoreFence) -> Noted | None:
    try:
        return fence.known()
    except OSError:
        return None


def _lost(running: Sequence[LostClock], since: datetime, now: datetime) -> list[LostClock]:
    return [each for each in running if since < each.deadline_at < now]


def _running(engine: Engine) -> list[LostClock]:
    found = list[LostClock]()
    for workspace in engine.store.workspaces():
        with engine.look(workspace) as now:
            found += _clocks(now, workspace)
    return found


def _clocks(now: Look, workspace: str) -> Iterator[LostClock]:
    for campaign in now.campaigns():
        for account_id, lane in campaign.lanes.items():
            clock = lane.running
            if clock is not None:
                yield LostClock(
                    workspace,
                    campaign.id,
                    account_id,
                    clock.incident_id,
                    clock.deadline_at,
                    len(lane.contacted),
                )


def _passes(means: Means, workspace: str, account_id: AccountId, actor: str) -> bool:
    """C1: whether the account works now. A disconnected one has to be connected first."""
    with means.engine.look(workspace) as now:
        account = now.account(account_id)
    if not account.connected:
        return False
    mailbox = Mailbox(account_id, account.credentials)
    try:
        checked = means.world_of(workspace).checks.test(mailbox, actor=actor)
    except StoreUnavailable:
        raise
    except StoreError:
        return False
    return checked.findings is not None and checked.findings.report.found is None


def _cure(engine: Engine, clock: LostClock, actor: str) -> None:
    command = CureLostClock(
        campaign_id=clock.campaign_id,
        account_id=clock.account_id,
        incident_id=clock.incident_id,
    )
    about = derived_id(NAME, clock.workspace, clock.campaign_id, clock.incident_id)
    engine.execute(clock.workspace, command, command_id=about, actor=actor)


def _read_inboxes(
    means: Means, workspace: str, world: World, people: Sequence[Asked]
) -> Iterator[AccountId]:
    """Read inboxes from the beginning: a reply to a lost message meant nothing when it was first
    read. Yields the accounts whose inbox could not be read."""
    listening = world.listening() if world.listening else None
    for account_id in dict.fromkeys(account for each in people for account in each.accounts):
        means.cursors.forget(workspace, account_id)
        with means.engine.look(workspace) as now:
            account = now.account(account_id)
        if listening is None or account.credentials is None:
            continue
        if listening.read_again(mailbox_of(account)) is not None:
            yield account_id
