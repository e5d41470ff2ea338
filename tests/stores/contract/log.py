"""The port ``Log``: what was recorded, by position, stream and time."""

from engine.decoding import decode_page
from engine.ports.clock import ManualClock
from engine.ports.store import Store
from events.recorded import Recorded
from tests.stores.contract.words import (
    BETA,
    SPRING,
    put,
    rows,
)
from tests.workplace import ACME, Workplace, log_of, much_happens


class LogContract:
    """Whoever only reads needs nothing else."""

    def test_pages_of_any_size_tell_the_same_log_with_the_same_envelopes(
        self, store: Store, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        whole = log_of(store)
        assert {each.envelope.event_count for each in whole} >= {1, 2, 9}

        for limit in (1, 2, 3, 7, len(whole) - 1, len(whole), len(whole) + 1):
            told = list[Recorded]()
            while page := store.read(len(told), limit):
                if not page.rows:
                    break
                assert len(page.rows) == min(limit, len(whole) - len(told))
                told += decode_page(page, len(told))
            assert told == whole

    def test_a_stream_is_told_up_to_any_position_with_its_envelopes(
        self, store: Store, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        whole = log_of(store)

        for stream in {each.stream_id for each in whole}:
            for until in range(len(whole) + 2):
                of_it = [e for e in whole if e.stream_id == stream and e.position <= until]
                rows, envelopes = store.stream(stream, until)
                assert [row[:3] for row in rows] == [
                    (each.position, stream, each.version) for each in of_it
                ]
                assert list(envelopes) == [*dict.fromkeys(each.envelope for each in of_it)]
        assert store.stream("acme:campaign:nobody's", len(whole)) == ([], [])

    def test_envelopes_without_events_come_with_no_page(self, store: Store) -> None:
        put(store, "nothing-yet")
        put(store, "c1", *rows(SPRING, 1, 2))
        put(store, "nothing-more")
        put(store, "c2", *rows(SPRING, 3))

        assert [each.command_id for each in store.read(1, 10).envelopes] == ["c1", "c2"]

    def test_a_command_id_belongs_to_its_workspace(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)

        for workspace, position in ((ACME, 1), (BETA, 2)):
            with store.transaction(workspace) as transaction:
                found = transaction.envelope("c1")
            assert found is not None
            assert (found.workspace, found.first_position) == (workspace, position)
            assert store.envelope(workspace, "c1") == found
        assert store.envelope(ACME, "c2") is None
        assert store.envelope("gamma", "c1") is None
        with store.transaction("gamma") as transaction:
            assert transaction.envelope("c1") is None

    def test_the_envelopes_of_a_workspace_come_in_order_without_those_that_hold_nothing(
        self, store: Store
    ) -> None:
        put(store, "nothing-yet")
        put(store, "c1", *rows(SPRING, 1, 2))
        put(store, "other", *rows("beta:campaign:spring", 1), workspace=BETA)
        put(store, "c2", *rows(SPRING, 3))

        own = store.envelopes_of(ACME, 0, 10)
        assert [(each.command_id, each.first_position) for each in own] == [("c1", 1), ("c2", 4)]
        assert list(store.envelopes_of(ACME, 1, 10)) == [own[1]]
        assert list(store.envelopes_of(ACME, 0, 1)) == [own[0]]
        assert list(store.envelopes_of("gamma", 0, 10)) == []

    def test_the_workspaces_are_those_in_which_something_was_recorded(self, store: Store) -> None:
        assert list(store.workspaces()) == []
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)
        put(store, "c2")
        with store.transaction("gamma"):
            pass

        assert list(store.workspaces()) == [ACME, BETA]
