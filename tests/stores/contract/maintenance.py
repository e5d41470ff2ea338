"""The port ``Maintenance``: what a store derives from its log."""

from eventsourcing.persistence import StoredEvent

from engine.indexes import entries_of, rebuild_indexes
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from processors.timers import Timer
from tests.law.story import HOUR, NOON
from tests.stores.contract.words import (
    BETA,
    ODD,
    OTHER_WAKE,
    SPRING,
    SUMMER,
    WAKE,
    YEAR_2999,
    due,
    enrolled,
    set_timers,
)
from tests.workplace import ACME, Workplace, log_of, much_happens


class MaintenanceContract:
    """Told as a whole, thrown away, and derived anew."""

    def test_timers_and_roster_are_rebuilt_from_the_log(
        self, store: Store, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        entries = {
            (recorded.workspace, *each)
            for recorded in log_of(store)
            for each in entries_of(recorded.event)
        }
        ahead = [timer for timer in due(store, YEAR_2999) if timer.due_at > clock()]
        before = ahead, {each: enrolled(store, each) for _, each, _ in entries}
        assert all(before)

        wake = Timer(NOON, WAKE)
        store.replace_indexes([(ACME, wake), (BETA, wake)], [(BETA, ODD, "spring")])
        assert due(store, YEAR_2999) == [Timer(NOON, WAKE)]
        assert list(store.due_workspaces(NOON)) == [ACME, BETA]
        assert enrolled(store, ODD, BETA) == ["spring"]

        rebuild_indexes(store)
        ahead = [timer for timer in due(store, YEAR_2999) if timer.due_at > clock()]
        after = ahead, {each: enrolled(store, each) for _, each, _ in entries}
        assert after == before
        assert list(store.due_workspaces(YEAR_2999)) == [ACME]
        assert enrolled(store, ODD, BETA) == []

    def test_all_snapshots_are_listed_each_stream_s_newest(self, store: Store) -> None:
        assert list(store.snapshots()) == []
        newest = [
            StoredEvent(SPRING, 2, "Campaign.snapshot/1", b"\x00state"),
            StoredEvent(SUMMER, 7, "Campaign.snapshot/0", b"{}"),
        ]
        for snapshot in (StoredEvent(SPRING, 1, "Campaign.snapshot/1", b"old"), *newest):
            store.save_snapshot(snapshot)

        assert list(store.snapshots()) == newest

    def test_an_empty_store_has_empty_indexes(self, store: Store) -> None:
        position, timers, roster, due = store.indexes()
        assert (position, list(timers), list(roster), dict(due)) == (0, [], [], {})

    def test_all_timers_and_the_roster_are_told_with_the_log_s_end(
        self, store: Store, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        set_timers(store, "later", {WAKE: NOON + HOUR, OTHER_WAKE: NOON}, BETA)

        found = store.indexes()

        assert found.position == store.last_position()
        expected = [(ACME, each) for each in due(store, YEAR_2999)]
        expected += [(BETA, each) for each in due(store, YEAR_2999, BETA)]
        assert sorted(found.timers) == expected
        entries = {each for _, each, _ in found.roster}
        assert {(ACME, each, name) for each in entries for name in enrolled(store, each)} == {
            *found.roster
        }
        assert dict(found.due) == {ACME: min(due(store, YEAR_2999)).due_at, BETA: NOON}
