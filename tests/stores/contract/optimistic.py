"""Appended without a lock before: only what a transaction would have come to."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from threading import Event, Thread

import pytest

from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.ports.clock import ManualClock
from engine.ports.optimistic import OptimisticAppends, Proposal, WorkspaceEnd
from engine.ports.store import Store
from engine.ports.transactions import Append, NewRow
from events.recorded import Envelope
from processors.timers import Key, Timer
from tests.law.story import NOON, SECOND
from tests.stores.contract.words import (
    BETA,
    OTHER_WAKE,
    SPRING,
    SUMMER,
    WAKE,
    due,
    enrolled,
    put,
    rows,
    set_timers,
    stored,
)
from tests.workplace import ACME

REMINDER = ("reminder", "ann@acme.test", "ann@acme.test#1", "failure", NOON.isoformat())


def proposal(
    end: WorkspaceEnd,
    command_id: str,
    *events: NewRow,
    workspace: str = ACME,
    now: datetime = NOON,
    timers: Mapping[Key, Timer | None] | None = None,
    roster: Sequence[tuple[str, str]] = (),
) -> Proposal:
    envelope = Envelope(
        command_id, "Import", workspace, now, "user:test", command_id, None, 1, len(events)
    )
    append = Append(events, [envelope], timers or {}, roster)
    return Proposal(workspace, end, [command_id], append)


class OptimisticContract:
    """``store`` has one event, and its clock stands still at noon."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(NOON)

    @pytest.fixture
    def there(self, store: Store) -> WorkspaceEnd:
        put(store, "c1", *rows(SPRING, 1))
        return WorkspaceEnd(store.last_position(), NOON)

    def test_a_store_says_that_it_can(self, store: Store) -> None:
        assert isinstance(store, OptimisticAppends)
        assert store.moment() == NOON

    def test_to_a_workspace_that_did_not_move_it_is_appended_as_by_a_transaction(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        assert isinstance(store, OptimisticAppends)
        asked = proposal(there, "c2", *rows(SPRING, 2))

        assert store.append_unmoved(NOON, [asked]) == [1]

        assert stored(store) == [(1, SPRING, 1), (2, SPRING, 2)]
        assert store.envelope(ACME, "c2") == asked.append.envelopes[0].after(1)
        assert [*check_entries(store), *check_indexes(store)] == []
        put(store, "c3", *rows(SPRING, 3))

    def test_timers_roster_and_envelopes_without_events_come_with_it(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        assert isinstance(store, OptimisticAppends)
        timers: dict[Key, Timer | None] = {WAKE: Timer(NOON + SECOND, WAKE, "e", "c")}
        asked = proposal(there, "c2", timers=timers, roster=[("all", "spring")])

        assert store.append_unmoved(NOON, [asked]) == [1]

        assert due(store, NOON + SECOND) == [timers[WAKE]]
        assert store.next_due() == NOON + SECOND
        assert enrolled(store, "all") == ["spring"]
        assert list(check_entries(store)) == []
        assert store.last_entry() == 1

    def test_the_same_proposal_twice_is_appended_once(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        assert isinstance(store, OptimisticAppends)
        asked = proposal(there, "c2", *rows(SPRING, 2))

        assert store.append_unmoved(NOON, [asked]) == [1]
        assert store.append_unmoved(NOON, [asked]) == [None]

        assert store.last_position() == 2

    def test_an_event_that_came_between_keeps_it_out(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        put(store, "between", *rows(SUMMER, 1))

        self._is_kept_out(store, proposal(there, "c2", *rows(SPRING, 2)))

    def test_a_refusal_that_came_between_keeps_it_out(
        self, store: Store, clock: ManualClock, there: WorkspaceEnd
    ) -> None:
        clock.advance(SECOND)
        put(store, "refused")

        self._is_kept_out(store, proposal(there, "c2", *rows(SPRING, 2), now=clock()), clock())

    def test_a_workspace_that_was_never_written_to_keeps_it_out(self, store: Store) -> None:
        self._is_kept_out(store, proposal(WorkspaceEnd(0, NOON), "c1", *rows(SPRING, 1)))

    @pytest.mark.rule("S7")
    @pytest.mark.parametrize("before", [timedelta(0), SECOND], ids=["now", "a second ago"])
    def test_what_is_due_keeps_it_out(
        self, store: Store, clock: ManualClock, before: timedelta
    ) -> None:
        set_timers(store, "c1", {OTHER_WAKE: NOON + SECOND})
        clock.advance(SECOND + before)

        asked = proposal(WorkspaceEnd(0, NOON), "c2", *rows(SPRING, 1), now=clock())
        self._is_kept_out(store, asked, clock())

    @pytest.mark.rule("N1")
    def test_a_reminder_that_waits_for_a_worker_does_not(
        self, store: Store, clock: ManualClock
    ) -> None:
        assert isinstance(store, OptimisticAppends)
        set_timers(store, "c1", {REMINDER: NOON + SECOND})
        clock.advance(2 * SECOND)

        asked = proposal(WorkspaceEnd(0, NOON), "c2", *rows(SPRING, 1), now=clock())
        assert store.append_unmoved(clock(), [asked]) == [0]

    def test_a_command_that_is_recorded_keeps_it_out(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        self._is_kept_out(store, proposal(there, "c1", *rows(SPRING, 2)))

    def test_what_was_decided_ahead_of_the_clock_is_kept_out(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        late = NOON + timedelta(microseconds=1)

        self._is_kept_out(store, proposal(there, "c2", *rows(SPRING, 2), now=late), late)

    def test_what_was_decided_long_ago_is_kept_out(
        self, store: Store, clock: ManualClock, there: WorkspaceEnd
    ) -> None:
        clock.advance(SECOND)

        self._is_kept_out(store, proposal(there, "c2", *rows(SPRING, 2)))

    def test_what_was_decided_before_the_workspace_s_last_moment_is_kept_out(
        self, store: Store, clock: ManualClock, there: WorkspaceEnd
    ) -> None:
        clock.advance(-SECOND)

        before = clock()
        self._is_kept_out(store, proposal(there, "c2", *rows(SPRING, 2), now=before), before)

    def test_of_several_only_those_that_moved_are_kept_out(
        self, store: Store, there: WorkspaceEnd
    ) -> None:
        assert isinstance(store, OptimisticAppends)
        put(store, "b1", *rows("beta:campaign:a", 1), workspace=BETA)
        elsewhere = WorkspaceEnd(2, NOON)
        put(store, "g1", *rows("gamma:campaign:a", 1), workspace="gamma")

        asked = [
            proposal(there._replace(last_position=99), "c2", *rows(SPRING, 2)),
            proposal(elsewhere, "b1", *rows("beta:campaign:a", 2), workspace=BETA),
            proposal(WorkspaceEnd(3, NOON), "g2", *rows("gamma:campaign:a", 2), workspace="gamma"),
        ]

        assert store.append_unmoved(NOON, asked) == [None, None, 3]
        assert store.last_position() == 4
        assert list(check_entries(store)) == []

    def _is_kept_out(self, store: Store, asked: Proposal, now: datetime = NOON) -> None:
        assert isinstance(store, OptimisticAppends)
        before = stored(store), store.last_entry()

        assert store.append_unmoved(now, [asked]) == [None]

        assert (stored(store), store.last_entry()) == before


def held_by_another(store: Store, release: Event) -> Thread:
    """A thread in a transaction of the workspace; it is in there when this comes back."""
    entered = Event()

    def hold() -> None:
        with store.transaction(ACME):
            entered.set()
            release.wait(30)

    thread = Thread(target=hold)
    thread.start()
    assert entered.wait(30)
    return thread
