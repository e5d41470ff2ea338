"""What a store derives from its log is compared with the log, and every difference is told."""

import dataclasses
from collections.abc import Callable, Iterable, Iterator

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.postgres import PostgresStore
from engine.audit.index_check import check_indexes, check_snapshots
from engine.audit.view_check import check_views
from engine.indexes import derive_indexes
from engine.ports.clock import ManualClock
from engine.ports.maintenance import Indexes
from engine.ports.store import Store
from engine.projecting import ProjectionRunner
from engine.snapshots import freeze, thaw
from engine.streams import CAMPAIGN_SNAPSHOT
from processors.timers import Timer
from projections.accounts import ACCOUNTS
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    MINUTE,
    NOON,
    R1,
    connect,
    create,
    fail,
    hear_from,
    request_check,
    start,
)
from tests.workplace import ACME, Workplace, much_happens

Tamper = Callable[[list[tuple[str, Timer]], list[tuple[str, str, str]]], object]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture(params=["memory", "postgresql"])
def store(request: pytest.FixtureRequest, clock: ManualClock) -> Iterator[Store]:
    if request.param == "memory":
        yield MemoryStore(clock)
        return
    opened = PostgresStore(request.getfixturevalue("postgres_url"), clock)
    yield opened
    opened.close()


@pytest.fixture
def busy(store: Store, clock: ManualClock) -> Store:
    """Much has happened, and snapshots were taken on the way."""
    return much_happens(Workplace(store, clock, snapshot_every=10)).store


def tampered(store: Store, tamper: Tamper) -> Indexes:
    found = store.indexes()
    timers, roster = sorted(found.timers), sorted(found.roster)
    tamper(timers, roster)
    store.replace_indexes(timers, roster)
    return found


def one(findings: Iterable[object]) -> str:
    (said,) = map(str, findings)
    return said


def test_nothing_is_found_where_everything_is_right(busy: Store) -> None:
    assert list(check_indexes(busy)) == []
    assert len(busy.snapshots()) == 2
    assert list(check_snapshots(busy)) == []


def test_an_empty_store_is_right(store: Store) -> None:
    assert list(check_indexes(store)) == []
    assert list(check_snapshots(store)) == []


def test_a_timer_too_many_is_found(busy: Store) -> None:
    odd = Timer(NOON + 99 * DAY, ("hold", "spring", "nobody"))
    tampered(busy, lambda timers, _: timers.append((ACME, odd)))

    assert one(check_indexes(busy)) == (
        "Timer hold spring nobody of workspace acme is set; by the log there is none."
    )


def test_a_missing_timer_is_found_unless_it_is_past(busy: Store, clock: ManualClock) -> None:
    before = tampered(busy, lambda timers, _: timers.clear())

    ahead = [timer for _, timer in before.timers if timer.due_at > clock.time]
    findings = list(check_indexes(busy))
    assert len(findings) == len(ahead) > 0
    assert all("is missing; by the log it is due 2026-" in each for each in findings)

    clock.time = max(timer.due_at for timer in ahead)
    assert list(check_indexes(busy)) == []


@pytest.mark.parametrize(
    "wrong", [{"due_at": NOON + 98 * DAY}, {"set_by": "somebody"}, {"correlation_id": "else"}]
)
def test_a_timer_that_is_not_as_its_event_said_is_found(
    busy: Store, wrong: dict[str, object]
) -> None:
    def change(timers: list[tuple[str, Timer]], _: object) -> None:
        timers[-1] = ACME, timers[-1][1]._replace(**wrong)  # type: ignore[arg-type]

    tampered(busy, change)
    assert "is not as the log has it, due 2026-" in one(check_indexes(busy))


@pytest.mark.rule("C6")
def test_a_timer_that_has_to_wait_for_a_check_is_right(store: Store, clock: ManualClock) -> None:
    workplace = Workplace(store, clock)
    workplace.given(connect(ANN), create(ANN, to=[R1]), start(), hear_from(ANN, R1), fail(ANN))
    workplace.at(NOON + 9 * DAY - MINUTE / 6).given(request_check(ANN, "check-1"))
    before = {timer.key: timer for _, timer in store.indexes().timers}

    workplace.at(NOON + 9 * DAY).tick()

    after = {timer.key: timer for _, timer in store.indexes().timers}
    later = [key for key in after if after[key].due_at > before[key].due_at]
    assert [key[0] for key in later] == ["clock"]
    assert list(check_indexes(store)) == []


def test_a_timer_past_by_the_log_is_past_whatever_the_clock_says(
    store: Store, clock: ManualClock
) -> None:
    workplace = Workplace(store, clock)
    workplace.given(connect(ANN), create(ANN, to=[R1]), start(), hear_from(ANN, R1), fail(ANN))
    workplace.at(NOON + 10 * DAY).tick().given(connect(BOB))
    store.replace_indexes([], store.indexes().roster)

    clock.time = NOON

    assert list(check_indexes(store)) == []


def test_an_entry_of_the_roster_too_many_or_too_few_is_found(busy: Store) -> None:
    def change(_: object, roster: list[tuple[str, str, str]]) -> None:
        roster[0] = (ACME, "an entry", "autumn")

    before = tampered(busy, change)
    _, entry, campaign = min(before.roster)

    assert {*check_indexes(busy)} == {
        "The roster of workspace acme has an entry too many: an entry, campaign autumn.",
        f"The roster of workspace acme lacks an entry: {entry}, campaign {campaign}.",
    }


def test_a_snapshot_that_is_not_its_events_is_found(busy: Store) -> None:
    for snapshot, state in zip(busy.snapshots(), [b"{}", b""], strict=True):
        wrong = dataclasses.replace(thaw(CAMPAIGN_SNAPSHOT, snapshot), sender="eve@acme.test")
        stream, version = str(snapshot.originator_id), snapshot.originator_version
        busy.save_snapshot(StoredEvent(stream, version, "Campaign.snapshot/0", b""))
        written = state or freeze(CAMPAIGN_SNAPSHOT, stream, version, wrong).state
        busy.save_snapshot(StoredEvent(stream, version, snapshot.topic, written))

    assert list(check_snapshots(busy)) == [
        f"The snapshot of acme:campaign:{name} is not what its events come to."
        for name in ("solo", "spring")
    ]


def test_a_snapshot_ahead_of_its_stream_is_found_and_one_of_another_format_ignored(
    busy: Store,
) -> None:
    first, second = busy.snapshots()
    ahead = StoredEvent(first.originator_id, 999, first.topic, first.state)
    busy.save_snapshot(ahead)
    busy.save_snapshot(StoredEvent(second.originator_id, 999, "Campaign.snapshot/0", b"?"))

    assert one(check_snapshots(busy)).startswith(
        "The snapshot of acme:campaign:solo is of version 999; the stream ends at "
    )


def test_a_view_ahead_of_the_log_is_found(clock: ManualClock) -> None:
    store, views = MemoryStore(clock), MemoryViews()
    much_happens(Workplace(store, clock))
    end = ProjectionRunner(store, views, SHIPPED).catch_up()
    assert list(check_views(store, views, SHIPPED)) == []

    views.save({ACCOUNTS: {}}, {ACCOUNTS: end}, end + 1)

    assert one(check_views(store, views, SHIPPED)) == (
        f"View accounts stands at {end + 1}, ahead of the log, which ends at {end}."
    )


def test_what_is_recorded_meanwhile_is_not_compared(busy: Store, clock: ManualClock) -> None:
    before = derive_indexes(busy)
    end = busy.indexes().position

    Workplace(busy, clock, name="meanwhile").given(fail(ANN))

    assert derive_indexes(busy, end) == before
    assert derive_indexes(busy) != before
    assert list(check_indexes(busy)) == []
