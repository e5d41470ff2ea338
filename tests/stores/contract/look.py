"""The port ``Transactions``: a workspace looked at, which nobody waits for."""

from threading import Thread

from eventsourcing.persistence import StoredEvent

from engine.ports.clock import ManualClock
from engine.ports.store import Store
from processors.timers import Timer
from tests.law.story import HOUR, MICROSECOND, NOON
from tests.stores.contract.words import (
    BETA,
    OTHER_WAKE,
    SPRING,
    SUMMER,
    WAKE,
    WAKING,
    YEAR_2999,
    append,
    put,
    rows,
    set_timers,
    stored,
)
from tests.workplace import ACME


class LookContract:
    """One moment of a workspace, without its lock."""

    def test_a_look_finds_what_a_transaction_finds(self, store: Store, clock: ManualClock) -> None:
        with store.transaction(ACME) as transaction:
            append(transaction, "c1", rows(SPRING, 1, 2, 3), WAKING, [("slot:s1", "spring")])
        store.save_snapshot(StoredEvent(SPRING, 2, "Campaign.snapshot/1", b"state"))
        clock.time = NOON - HOUR

        with store.look(ACME) as seen:
            assert (seen.now, seen.last_position) == (NOON, 3)
            assert [row[:3] for row in seen.stream(SPRING, 1)] == [(2, SPRING, 2), (3, SPRING, 3)]
            assert list(seen.stream(SUMMER, 0)) == []
            assert seen.envelope("c1") == store.envelope(ACME, "c1") != None  # noqa: E711
            assert seen.envelope("c2") is None
            assert list(seen.timers(NOON)) == [WAKING[WAKE]]
            assert list(seen.timers(NOON - MICROSECOND)) == []
            assert list(seen.roster("slot:s1")) == ["spring"]
            assert list(seen.roster("slot:s2")) == []
            assert seen.snapshot(SPRING, "Campaign.snapshot/1") == StoredEvent(
                SPRING, 2, "Campaign.snapshot/1", b"state"
            )
            assert seen.snapshot(SPRING, "Campaign.snapshot/2") is None

    def test_a_workspace_in_which_nothing_happened_is_empty(
        self, store: Store, clock: ManualClock
    ) -> None:
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)

        with store.look(ACME) as seen:
            assert seen.now == clock.time
            assert list(seen.stream(SPRING, 0)) == []
            assert list(seen.timers(YEAR_2999)) == []
            assert seen.envelope("c1") is None
        assert list(store.workspaces()) == [BETA]

    def test_all_of_a_look_is_of_one_moment(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        set_timers(store, "c2", {WAKE: NOON})

        with store.look(ACME) as seen:
            with store.transaction(ACME) as transaction:
                timers = {WAKE: None, OTHER_WAKE: Timer(NOON, OTHER_WAKE)}
                append(transaction, "c3", rows(SPRING, 2), timers, [("slot:s1", "spring")])
            assert [row[2] for row in seen.stream(SPRING, 0)] == [1]
            assert list(seen.timers(NOON)) == [Timer(NOON, WAKE)]
            assert list(seen.roster("slot:s1")) == []
            assert seen.envelope("c3") is None

        with store.look(ACME) as seen:
            assert [row[2] for row in seen.stream(SPRING, 0)] == [1, 2]
            assert list(seen.timers(NOON)) == [Timer(NOON, OTHER_WAKE)]

    def test_nobody_waits_for_a_look_nor_a_look_for_anybody(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        seen = list[int]()

        def look() -> None:
            with store.look(ACME) as looked:
                seen.extend(row[2] for row in looked.stream(SPRING, 0))

        with store.transaction(ACME) as transaction:
            append(transaction, "c2", rows(SPRING, 2))
            second = Thread(target=look)
            second.start()
            second.join(10)
            assert seen == [1]

        assert stored(store) == [(1, SPRING, 1), (2, SPRING, 2)]
