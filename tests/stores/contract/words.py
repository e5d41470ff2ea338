"""Words of the contracts: events, commands, timers, in the shortest way."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime

from engine.batch import Batch, Rows
from engine.ports.store import Store
from engine.ports.transactions import Append, NewRow, WorkspaceTransaction
from events.alike import Alike, joined
from events.base import Event
from events.campaign import RecipientAdded, RecipientStopped
from events.catalogue import CATALOGUE
from events.recorded import Envelope
from events.vocabulary import StopReason
from processors.timers import Key, Timer
from tests.law.story import NOON
from tests.workplace import ACME

BETA = "beta"
SPRING, SUMMER = "acme:campaign:spring", "acme:campaign:summer"
WAKE, OTHER_WAKE = ("hold", "spring", "r1"), ("clock", "spring", "ann@acme.test", "ann@acme.test#1")
WAKING: Mapping[Key, Timer | None] = {WAKE: Timer(NOON, WAKE)}
YEAR_2999 = datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
ODD = 'Zoë\'s "spring", 100 % 🌱'
ODD_IDS = ("r1", ODD, '"', "\\u0000", "%b", "\n")


def rows(stream: str, *versions: int) -> list[NewRow]:
    """One event for each of these versions."""
    return [(stream, version, *added(f"r{version}")) for version in versions]


def added(recipient: str) -> tuple[str, bytes]:
    return CATALOGUE.encode(
        RecipientAdded(campaign_id="spring", recipient_id=recipient, occurred_at=NOON)
    )


def in_runs(
    transaction: WorkspaceTransaction, *events: Event, ids: Sequence[str] = ODD_IDS
) -> Rows:
    """One command's events of a new stream: these, and between them stops of many people."""
    stop = RecipientStopped(
        campaign_id="spring",
        recipient_id="",
        account_id="ann@acme.test",
        incident_id="ann@acme.test#1",
        reason=StopReason.GRACE_PERIOD_EXPIRED,
        occurred_at=NOON,
    )
    many = [f"s{n}" for n in range(1_200)]
    stops = [Alike(stop, "recipient_id", each) for each in (ids, many)]
    told = joined(events, stops[0], events, stops[1], events)
    return Rows([Batch(envelope(transaction, "c1", len(told)), SPRING, 1, told)])


def envelope(
    transaction: WorkspaceTransaction, command_id: str, count: int, workspace: str = ACME
) -> Envelope:
    return Envelope(
        command_id=command_id,
        command="ImportRecipients",
        workspace=workspace,
        recorded_at=transaction.now,
        actor="user:test",
        correlation_id=command_id,
        causation_id=None,
        first_position=1,
        event_count=count,
    )


def append(
    transaction: WorkspaceTransaction,
    command_id: str,
    events: Collection[NewRow] = (),
    timers: Mapping[Key, Timer | None] | None = None,
    roster: Iterable[tuple[str, str]] = (),
    *,
    workspace: str = ACME,
) -> None:
    envelopes = [envelope(transaction, command_id, len(events), workspace)]
    transaction.append(Append(events, envelopes, timers or {}, roster))


def put(store: Store, command_id: str, *events: NewRow, workspace: str = ACME) -> None:
    """One command that came to these events."""
    with store.transaction(workspace) as transaction:
        append(transaction, command_id, events, workspace=workspace)


def set_timers(
    store: Store, command_id: str, timers: Mapping[Key, datetime | None], workspace: str = ACME
) -> None:
    told = {key: Timer(due_at, key) if due_at else None for key, due_at in timers.items()}
    with store.transaction(workspace) as transaction:
        append(transaction, command_id, timers=told, workspace=workspace)


def due(store: Store, until: datetime, workspace: str = ACME) -> list[Timer]:
    with store.transaction(workspace) as transaction:
        return sorted(transaction.timers(until))


def enrolled(store: Store, entry: str, workspace: str = ACME) -> list[str]:
    with store.transaction(workspace) as transaction:
        return sorted(transaction.roster(entry))


def stored(store: Store, after: int = 0) -> list[tuple[int, str, int]]:
    """Position, stream and version of every event of the log."""
    return [row[:3] for row in store.read(after, 1_000).rows]
