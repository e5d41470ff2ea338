"""The port ``Schedule``: when something falls due, and where."""

from engine.ports.store import Store
from processors.timers import Timer
from tests.law.story import HOUR, MICROSECOND, MINUTE, NOON
from tests.stores.contract.words import (
    BETA,
    ODD,
    OTHER_WAKE,
    WAKE,
    YEAR_2999,
    append,
    due,
    set_timers,
)
from tests.workplace import ACME


class ScheduleContract:
    """Timers are set by transactions and asked for by whoever lets time run."""

    def test_a_timer_is_set_moved_and_cleared(self, store: Store) -> None:
        set_timers(store, "c1", {WAKE: NOON, OTHER_WAKE: NOON + HOUR})
        assert due(store, NOON + HOUR) == [Timer(NOON, WAKE), Timer(NOON + HOUR, OTHER_WAKE)]

        set_timers(store, "c2", {WAKE: NOON + MINUTE})
        assert due(store, NOON + HOUR) == [
            Timer(NOON + MINUTE, WAKE),
            Timer(NOON + HOUR, OTHER_WAKE),
        ]

        set_timers(store, "c3", {WAKE: None, ("hold", "never", "set"): None})
        assert due(store, NOON + HOUR) == [Timer(NOON + HOUR, OTHER_WAKE)]

    def test_a_timer_knows_what_set_it(self, store: Store) -> None:
        for command_id, timer in (
            ("c1", Timer(NOON, WAKE, "acme:c1.0", "the-import")),
            ("c2", Timer(NOON, WAKE, ODD, ODD)),
        ):
            with store.transaction(ACME) as transaction:
                append(transaction, command_id, timers={WAKE: timer})
            assert due(store, NOON) == [timer]

    def test_a_timer_is_due_at_its_very_instant_and_not_before(self, store: Store) -> None:
        set_timers(store, "c1", {WAKE: YEAR_2999})

        assert due(store, YEAR_2999 - MICROSECOND) == []
        assert due(store, YEAR_2999) == [Timer(YEAR_2999, WAKE)]
        assert list(store.due_workspaces(YEAR_2999 - MICROSECOND)) == []
        assert list(store.due_workspaces(YEAR_2999)) == [ACME]
        assert store.next_due() == YEAR_2999

    def test_timers_belong_to_their_workspace(self, store: Store) -> None:
        set_timers(store, "c1", {WAKE: NOON + HOUR, OTHER_WAKE: NOON + HOUR})
        set_timers(store, "c2", {WAKE: NOON}, BETA)

        assert due(store, NOON + HOUR, BETA) == [Timer(NOON, WAKE)]
        assert list(store.due_workspaces(NOON)) == [BETA]
        assert list(store.due_workspaces(NOON + HOUR)) == [ACME, BETA]
        assert store.next_due() == NOON

        set_timers(store, "c3", {WAKE: None}, BETA)
        assert len(due(store, NOON + HOUR)) == 2
        assert store.next_due() == NOON + HOUR
