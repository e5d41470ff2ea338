"""What holds in every history, whatever was asked, by whom, how late, and what crashed.

Each guard looks at one fact and at the books as they stood before it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime

from adapters.stores.memory import MemoryViews
from engine.decoding import decode_page
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.campaign import (
    AssignmentReleased,
    EmailAccepted,
    EmailOutcomeUnknown,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    RecipientEnded,
    RecipientStopped,
    SendReserved,
)
from events.email_account import NoticeIssued
from events.recorded import Recorded
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    ConnectionStatus,
    IncidentKind,
    NoticeKind,
)
from processors import roster, timers
from processors.timers import CLOCK, HOLD, Key
from projections.shipped import SHIPPED
from tests.proof.books import Books, clock_key, is_reminder

PAGE = 100_000
END_OF_TIME = datetime(9000, 1, 1, tzinfo=UTC)


# Of one fact.


def in_its_place(books: Books, recorded: Recorded) -> None:
    """Versions have no gaps; time does not go back in a workspace; nothing is of the future."""
    envelope = recorded.envelope
    assert recorded.version == books.versions[recorded.stream_id] + 1
    assert books.recorded_at is None or envelope.recorded_at >= books.recorded_at
    assert recorded.event.occurred_at <= envelope.recorded_at
    assert recorded.event_id not in books.event_ids


def caused_by_something(books: Books, recorded: Recorded) -> None:
    """F2: a reaction names the fact it answers, and that fact came before."""
    envelope = recorded.envelope
    answers_a_fact = envelope.causation_id is not None
    assert answers_a_fact or not envelope.actor.startswith("processor:")
    assert not answers_a_fact or envelope.causation_id in books.event_ids
    assert answers_a_fact or envelope.correlation_id == envelope.command_id


def one_clock_each(books: Books, recorded: Recorded) -> None:
    """S6: a clock starts once per incident, campaign and account, and alone on its lane."""
    match recorded.event:
        case GracePeriodStarted() as event:
            assert event.campaign_id not in books.slots, "S1: only in rotation campaigns"
            assert clock_key(event) not in books.clocks
            lane = event.campaign_id, event.account_id
            assert lane not in {key[:2] for key in books.running()}
            assert event.at_stake == len(books.at_stake[event.campaign_id, event.account_id])


def one_outcome_each(books: Books, recorded: Recorded) -> None:
    """S6: what ends a clock finds it running."""
    match recorded.event:
        case GracePeriodCured() | GracePeriodSuperseded() | GracePeriodExpired() as event:
            assert books.clocks[clock_key(event)].outcome is ClockOutcome.RUNNING


def never_early(books: Books, recorded: Recorded) -> None:
    """S2: a clock runs out as of its deadline, and not before a command could come at that moment.

    (Simulated time, whose workers take what is due at this very moment, is none of this page's.)
    """
    match recorded.event:
        case GracePeriodExpired() as event:
            deadline = books.clocks[clock_key(event)].deadline_at
        case RecipientStopped() as event:
            deadline = books.clocks[
                event.campaign_id, event.account_id, event.incident_id
            ].deadline_at
        case _:
            return
    assert event.occurred_at >= deadline
    assert recorded.envelope.recorded_at > deadline


def never_cured_late(books: Books, recorded: Recorded) -> None:
    """S2, S7: what comes after the deadline saves nobody."""
    match recorded.event:
        case GracePeriodCured() | GracePeriodSuperseded() as event:
            assert event.occurred_at <= books.clocks[clock_key(event)].deadline_at


def decided_after_what_was_due(books: Books, recorded: Recorded) -> None:
    """S7: nothing is recorded at a time when a deadline had passed and was not settled."""
    envelope = recorded.envelope
    follows = envelope.causation_id is not None or envelope.actor == "clock"
    if follows or envelope.command_id == books.command_id:
        return
    clocks_run_where_they_must(books)
    now = envelope.recorded_at
    assert not books.overdue(now), f"undecided at {now}: {books.overdue(now)}"


def clocks_run_where_they_must(books: Books) -> None:
    """S1, T2, T4, C5: between two commands, no clock too many and none too few."""
    for key in books.running(IncidentKind.FAILURE):
        assert books.accounts[key[1]] is ConnectionStatus.FAILED or books.waits(key)
    for campaign, account, _ in books.running(IncidentKind.DISCONNECT):
        assert account not in books.from_email[campaign]
    lanes = {key[:2] for key in books.running()}
    for campaign in books.campaigns.keys() - books.slots.keys():
        for account, status in books.accounts.items():
            depends = account in books.from_email[campaign] or books.at_stake[campaign, account]
            if depends and status is ConnectionStatus.FAILED:
                assert (campaign, account) in lanes


def stops_all_at_stake_and_nobody_else(books: Books, recorded: Recorded) -> None:
    """S3, S5: the expiry counts whom it stops and whom it spares."""
    match recorded.event:
        case GracePeriodExpired() as event:
            about = event.campaign_id, event.account_id
            assert event.stopped == len(books.at_stake[about])
            assert event.skipped == books.skipped(*about)


def stopped_at_once(books: Books, recorded: Recorded) -> None:
    """F0, S8: stops are of the command that decided them; nobody at stake is left out, nor who
    hears from an account whose clock ran out meanwhile."""
    assert recorded.envelope.command_id == books.command_id or not books.doomed


def stopped_by_an_expiry(books: Books, recorded: Recorded) -> None:
    """F0, S3: of the same incident, and only who had heard from that account."""
    match recorded.event:
        case RecipientStopped() as event:
            clock = books.clocks[event.campaign_id, event.account_id, event.incident_id]
            assert clock.outcome is ClockOutcome.EXPIRED
            heard = books.heard_from[event.campaign_id, event.recipient_id]
            assert heard == {event.account_id}


def terminal_is_terminal(books: Books, recorded: Recorded) -> None:
    """S4: nobody ends twice."""
    match recorded.event:
        case RecipientEnded() | RecipientStopped() as event:
            assert not books.recipients[event.campaign_id, event.recipient_id].terminal


def no_message_to_the_stopped(books: Books, recorded: Recorded) -> None:
    """S8, P1: only to who is alive, in a running campaign, through a working listed account."""
    match recorded.event:
        case SendReserved() as event:
            assert not books.recipients[event.campaign_id, event.recipient_id].terminal
            assert books.campaigns[event.campaign_id] is CampaignStatus.RUNNING
            assert event.account_id in books.senders(event.campaign_id)
            assert books.accounts[event.account_id] is ConnectionStatus.SUCCESSFUL
            held_until = books.held_until.get((event.campaign_id, event.recipient_id))
            assert held_until is None or held_until <= event.occurred_at


def one_sender_each(books: Books, recorded: Recorded) -> None:
    """M1: in a rotation campaign everybody hears from one account only."""
    match recorded.event:
        case EmailAccepted() | EmailOutcomeUnknown() as event:
            heard = books.heard_from[event.campaign_id, event.recipient_id]
            rotates = event.campaign_id not in books.slots
            assert not rotates or heard <= {event.account_id}
        case AssignmentReleased() as event:
            assert not books.heard_from[event.campaign_id, event.recipient_id]


def told_once(books: Books, recorded: Recorded) -> None:
    """N1, N3: notices are numbered, no moment twice, no reminder late or after the cure."""
    match recorded.event:
        case NoticeIssued() as event:
            earlier = books.notices[event.incident_id]
            assert event.number == len(earlier) + 1
            assert (event.kind, event.due_at) not in {(told.kind, told.due_at) for told in earlier}
            if is_reminder(event):
                assert event.due_at < event.deadline_at
                assert NoticeKind.CURED not in {told.kind for told in earlier}


GUARDS: tuple[Callable[[Books, Recorded], None], ...] = (
    in_its_place,
    caused_by_something,
    one_clock_each,
    one_outcome_each,
    never_early,
    never_cured_late,
    decided_after_what_was_due,
    stops_all_at_stake_and_nobody_else,
    stopped_at_once,
    stopped_by_an_expiry,
    terminal_is_terminal,
    no_message_to_the_stopped,
    one_sender_each,
    told_once,
)


# Of a whole log.


def read_log(store: Store) -> list[Recorded]:
    """Raises ``GapInLog`` when positions are not consecutive."""
    return list(decode_page(store.read(0, 10_000_000), 0))


class Audit:
    """Holds a log to every guard as it grows. ``books`` of each workspace stand where it stands."""

    def __init__(self) -> None:
        self.books: dict[str, Books] = defaultdict(Books)
        self.position = 0

    def follow(self, store: Store) -> None:
        """On to the end of the log, without a gap."""
        while log := list(decode_page(store.read(self.position, PAGE), self.position)):
            self.take(log)
        self.at_rest()

    def take(self, log: Iterable[Recorded]) -> None:
        for recorded in log:
            books = self.books[recorded.workspace]
            for guard in GUARDS:
                try:
                    guard(books, recorded)
                except AssertionError as broken:
                    where = f"{guard.__name__} is broken at position {recorded.position}: "
                    raise AssertionError(f"{where}{recorded.event!r} {broken}") from broken
            books.enter(recorded)
            self.position = recorded.position

    def at_rest(self) -> None:
        """What holds between two commands."""
        for books in self.books.values():
            assert not books.doomed
            clocks_run_where_they_must(books)


def check_log(log: Iterable[Recorded]) -> dict[str, Books]:
    """Every guard on every fact. Answers the books of each workspace as they stand at the end."""
    audit = Audit()
    audit.take(log)
    audit.at_rest()
    return audit.books


def check_indexes(store: Store, workspace: str, log: Sequence[Recorded]) -> None:
    """Timers and roster are what the facts imply; of the reminders some may be done already."""
    set_by_facts: dict[Key, datetime] = {}
    enrolled: dict[str, set[str]] = defaultdict(set)
    for recorded in log:
        if recorded.workspace != workspace:
            continue
        for key, due_at in timers.timers(recorded.event):
            if due_at is None:
                set_by_facts.pop(key, None)
            else:
                set_by_facts[key] = due_at
        for entry, campaign in roster.entries(recorded.event):
            enrolled[entry].add(campaign)
    with store.transaction(workspace) as transaction:
        now = transaction.now
        kept = {timer.key: timer.due_at for timer in transaction.timers(END_OF_TIME)}
        for entry, campaigns in enrolled.items():
            assert set(transaction.roster(entry)) == campaigns
    assert kept.keys() <= set_by_facts.keys()
    for key, due_at in set_by_facts.items():
        if key[0] in (CLOCK, HOLD):
            assert key in kept, f"lost: {key}"
            assert kept[key] == due_at or (key[0] == CLOCK and kept[key] > due_at)
        else:
            assert kept.get(key, due_at) == due_at
            assert key in kept or due_at <= now, f"lost: {key}"


def check_views(store: Store, views: Views) -> None:
    """Views kept in step equal a replay from zero."""
    ProjectionRunner(store, views, SHIPPED).catch_up()
    fresh = MemoryViews()
    ProjectionRunner(store, fresh, SHIPPED).catch_up()
    for projection in SHIPPED:
        assert list(views.rows(projection)) == list(fresh.rows(projection)), projection.name


def check(store: Store, *, settled_at: datetime | None = None) -> None:
    """Everything of this page. ``settled_at``: a worker had its turn at that moment."""
    log = read_log(store)
    for workspace, books in check_log(log).items():
        check_indexes(store, workspace, log)
        if settled_at is not None:
            assert not books.overdue(settled_at), f"lost: {books.overdue(settled_at)}"
    in_small_pages = MemoryViews()
    ProjectionRunner(store, in_small_pages, SHIPPED, page=7).catch_up()
    check_views(store, in_small_pages)
