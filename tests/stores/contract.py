"""What every store and its views must do, whatever the product.

``test_memory`` and ``test_sqlite`` inherit these tests and say only how a store is opened.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from threading import Event as Signal
from threading import Thread
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest
from eventsourcing.persistence import StoredEvent

from adapters.stores.memory import MemoryStore, MemoryViews
from engine.decoding import decode_page
from engine.indexes import rebuild_indexes
from engine.ports.clock import ManualClock
from engine.ports.errors import NotStoppedThere, StaleView, StoreError
from engine.ports.store import Store
from engine.ports.transactions import Append, NewRow, WorkspaceTransaction
from engine.ports.view_status import Skip, Stop, ViewStatus
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.campaign import RecipientAdded
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from events.vocabulary import RecipientStatus
from processors import roster
from processors.timers import Key, Timer
from projections.accounts import ACCOUNTS, AccountRow
from projections.campaigns import CAMPAIGNS, CampaignRow
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS, RecipientRow
from projections.shipped import SHIPPED
from tests.law.story import HOUR, MICROSECOND, MINUTE, NOON
from tests.workplace import ACME, Workplace, log_of, much_happens

BETA = "beta"
SPRING, SUMMER = "acme:campaign:spring", "acme:campaign:summer"
WAKE, OTHER_WAKE = ("hold", "spring", "r1"), ("clock", "spring", "ann@acme.test", "ann@acme.test#1")
WAKING: Mapping[Key, Timer | None] = {WAKE: Timer(NOON, WAKE)}
YEAR_2999 = datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
STOP = Stop(6, "ValueError: what is this?", NOON)
SKIP = Skip(6, "never happened", "user:test", NOON + MINUTE)
ODD = 'Zoë\'s "spring", 100 % 🌱'


def rows(stream: str, *versions: int) -> list[NewRow]:
    """One event for each of these versions."""
    return [(stream, version, *added(f"r{version}")) for version in versions]


def added(recipient: str) -> tuple[str, bytes]:
    return CATALOGUE.encode(
        RecipientAdded(campaign_id="spring", recipient_id=recipient, occurred_at=NOON)
    )


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
    events: Sequence[NewRow] = (),
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


def stored(store: Store) -> list[tuple[int, str, int]]:
    """Position, stream and version of every event of the log."""
    return [row[:3] for row in store.read(0, 1_000).rows]


class StoreContract:
    """The port ``engine.store.Store``."""

    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(NOON)

    # Appending.

    def test_a_new_store_is_empty(self, store: Store) -> None:
        assert store.last_position() == 0
        assert store.read(0, 10) == ([], [])
        assert store.next_due() is None
        assert list(store.due_workspaces(YEAR_2999)) == []

    def test_events_of_several_streams_take_the_next_positions_in_their_order(
        self, store: Store
    ) -> None:
        put(store, "c1", *rows(SPRING, 1), *rows(SUMMER, 1, 2), *rows(SPRING, 2))

        assert stored(store) == [(1, SPRING, 1), (2, SUMMER, 1), (3, SUMMER, 2), (4, SPRING, 2)]
        assert store.last_position() == 4

    def test_what_was_written_is_read_to_the_last_byte(self, store: Store) -> None:
        state = f'{{"occurred_at":"{ODD}"}}'.encode()
        put(store, "c1", (ODD, 1, "Odd/2", state))

        assert list(store.read(0, 10).rows) == [(1, ODD, 1, "Odd/2", state)]
        with store.transaction(ACME) as transaction:
            (row,) = transaction.stream(ODD, 0)
        assert row[1:] == (ODD, 1, "Odd/2", state)

    @pytest.mark.parametrize(
        "conflicting",
        [rows(SPRING, 2), rows(SUMMER, 1, 2, 2)],
        ids=["with the log", "within itself"],
    )
    def test_a_version_that_is_taken_is_refused_and_nothing_of_the_append_stays(
        self, store: Store, conflicting: list[NewRow]
    ) -> None:
        put(store, "c1", *rows(SPRING, 1, 2))

        with pytest.raises(StoreError), store.transaction(ACME) as transaction:
            append(
                transaction,
                "c2",
                [*rows("acme:campaign:autumn", 1), *conflicting],
                WAKING,
                [("slot:s1", "spring")],
            )

        self.assert_nothing_but_the_first_command_stays(store)

    def test_a_command_that_is_recorded_already_is_refused_and_nothing_of_the_append_stays(
        self, store: Store
    ) -> None:
        put(store, "c1", *rows(SPRING, 1, 2))

        with pytest.raises(StoreError), store.transaction(ACME) as transaction:
            append(transaction, "c1", rows(SUMMER, 1), WAKING, [("slot:s1", "spring")])

        self.assert_nothing_but_the_first_command_stays(store)

    def test_an_exception_rolls_everything_back(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1, 2))

        def fail_late() -> None:
            with store.transaction(ACME) as transaction:
                append(
                    transaction,
                    "c2",
                    rows(SUMMER, 1),
                    WAKING,
                    [("slot:s1", "spring")],
                )
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail_late()

        self.assert_nothing_but_the_first_command_stays(store)

    def assert_nothing_but_the_first_command_stays(self, store: Store) -> None:
        assert stored(store) == [(1, SPRING, 1), (2, SPRING, 2)]
        assert [each.command_id for each in store.read(0, 10).envelopes] == ["c1"]
        assert store.next_due() is None
        assert enrolled(store, "slot:s1") == []
        with store.transaction(ACME) as transaction:
            assert transaction.last_position == 2
            assert transaction.envelope("c2") is None
        put(store, "c3", *rows(SUMMER, 1))
        assert stored(store)[2:] == [(3, SUMMER, 1)]

    def test_workspaces_locked_together_are_committed_together(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        beta = rows("beta:campaign:spring", 1, 2)

        with store.transactions({BETA: ["c1"], ACME: ["c1", "c2"]}) as opened:
            assert {*opened} == {ACME, BETA}
            found = opened[ACME].envelope("c1")
            assert found is not None
            assert opened[BETA].envelope("c1") is None
            append(opened[BETA], "c1", beta, WAKING, [("slot:s1", "spring")], workspace=BETA)
            append(opened[ACME], "c2", rows(SPRING, 2))

        behind = {workspace: each.appended_after for workspace, each in opened.items()}
        told = list(decode_page(store.read(0, 10), 0))
        assert {each.workspace: each.position - each.version for each in told[1:]} in (
            {BETA: 1, ACME: 2},
            {BETA: 2, ACME: 0},
        )
        for workspace, first in behind.items():
            assert next(each for each in told[1:] if each.workspace == workspace).position == (
                first + 1
            )
        assert list(store.due_workspaces(NOON)) == [BETA]
        assert enrolled(store, "slot:s1", BETA) == ["spring"]
        assert enrolled(store, "slot:s1") == []

    def test_of_workspaces_locked_together_all_or_none_are_committed(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1, 2))

        def conflict() -> None:
            with store.transactions({BETA: [], ACME: []}) as opened:
                append(opened[BETA], "c2", rows("beta:campaign:spring", 1), workspace=BETA)
                append(opened[ACME], "c3", rows(SPRING, 2))

        with pytest.raises(StoreError):
            conflict()

        assert store.last_position() == 2
        with store.transaction(BETA) as transaction:
            assert transaction.envelope("c2") is None

    def test_only_somebody_s_own_write_moves_a_workspace(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1, 2))
        with store.transaction(ACME) as first:
            pass
        with store.transaction(ACME) as second:
            append(second, "c2", rows(SPRING, 3))
        with store.transaction(ACME) as third:
            pass

        assert first.last_position == second.last_position
        assert second.appended_after == 2
        assert third.last_position == 3

    def test_a_transaction_that_appends_nothing_leaves_nothing(self, store: Store) -> None:
        with store.transaction(ACME):
            pass

        assert store.last_position() == 0

    def test_workspaces_share_one_order_of_positions(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        put(store, "c2", *rows("beta:campaign:spring", 1), workspace=BETA)
        put(store, "c3", *rows(SPRING, 2))

        assert [position for position, _, _ in stored(store)] == [1, 2, 3]

    # Reading.

    def test_a_stream_is_read_behind_a_version_in_order(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1), *rows(SUMMER, 1), *rows(SPRING, 2, 3))

        with store.transaction(ACME) as transaction:
            assert [row[2] for row in transaction.stream(SPRING, 0)] == [1, 2, 3]
            assert [row[2] for row in transaction.stream(SPRING, 1)] == [2, 3]
            assert list(transaction.stream(SPRING, 3)) == []
            assert list(transaction.stream("acme:campaign:never", 0)) == []

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

    def test_envelopes_without_events_come_with_no_page(self, store: Store) -> None:
        put(store, "nothing-yet")
        put(store, "c1", *rows(SPRING, 1, 2))
        put(store, "nothing-more")
        put(store, "c2", *rows(SPRING, 3))

        assert [each.command_id for each in store.read(1, 10).envelopes] == ["c1", "c2"]

    # Envelopes.

    def test_a_command_is_found_again_with_all_that_is_known_of_it(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1))
        with store.transaction(ACME) as transaction:
            refused = envelope(transaction, "c2", 0)._replace(
                recorded_at=YEAR_2999,
                actor="processor:cure_clocks",
                correlation_id=ODD,
                causation_id="c1.0",
                rejection=f'{{"code": "no_sender", "message": "{ODD}"}}',
            )
            transaction.append(Append([], [refused], {}, ()))

        with store.transaction(ACME) as transaction:
            assert transaction.envelope("c2") == refused.after(1)
            assert transaction.envelope("c3") is None
            found = transaction.envelope("c1")
        assert found is not None
        assert (found.first_position, found.last_position, found.recorded_at) == (1, 1, NOON)

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

    def test_the_workspaces_are_those_in_which_something_was_recorded(self, store: Store) -> None:
        assert list(store.workspaces()) == []
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)
        put(store, "c2")
        with store.transaction("gamma"):
            pass

        assert list(store.workspaces()) == [ACME, BETA]

    # Time.

    def test_now_is_what_the_clock_says(self, store: Store, clock: ManualClock) -> None:
        clock.time = YEAR_2999

        assert store.now() == YEAR_2999
        with store.transaction(ACME) as transaction:
            assert transaction.now == YEAR_2999

    def test_now_never_goes_back_in_a_workspace_though_the_clock_does(
        self, store: Store, clock: ManualClock
    ) -> None:
        put(store, "c1", *rows(SPRING, 1))
        clock.time = NOON - HOUR
        put(store, "c2", *rows(SPRING, 2))

        for workspace, now in ((ACME, NOON), (BETA, NOON - HOUR)):
            with store.transaction(workspace) as transaction:
                assert transaction.now == now
        clock.time = NOON + MICROSECOND
        with store.transaction(ACME) as transaction:
            assert transaction.now == NOON + MICROSECOND

    # Timers and roster.

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

    def test_the_roster_names_each_campaign_once_in_its_workspace(self, store: Store) -> None:
        with store.transaction(ACME) as transaction:
            entries = [(ODD, "spring"), (ODD, "spring"), (ODD, "summer"), ("slot:s1", "spring")]
            append(transaction, "c1", roster=entries)
        with store.transaction(ACME) as transaction:
            append(transaction, "c2", roster=[(ODD, "spring")])

        assert enrolled(store, ODD) == ["spring", "summer"]
        assert enrolled(store, "slot:s1") == ["spring"]
        assert enrolled(store, ODD, BETA) == []

    def test_timers_and_roster_are_rebuilt_from_the_log(
        self, store: Store, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        entries = {
            (recorded.workspace, *each)
            for recorded in log_of(store)
            for each in roster.entries(recorded.event)
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

    # Snapshots.

    def test_the_newest_snapshot_of_a_topic_is_found(self, store: Store) -> None:
        for version in (1, 2):
            store.save_snapshot(StoredEvent(SPRING, version, "Campaign.snapshot/1", b"\x00state"))

        with store.transaction(ACME) as transaction:
            found = transaction.snapshot(SPRING, "Campaign.snapshot/1")
            assert found == StoredEvent(SPRING, 2, "Campaign.snapshot/1", b"\x00state")
            assert transaction.snapshot(SPRING, "Campaign.snapshot/2") is None
            assert transaction.snapshot(SUMMER, "Campaign.snapshot/1") is None
        assert store.last_position() == 0

    def test_all_snapshots_are_listed_each_stream_s_newest(self, store: Store) -> None:
        assert list(store.snapshots()) == []
        newest = [
            StoredEvent(SPRING, 2, "Campaign.snapshot/1", b"\x00state"),
            StoredEvent(SUMMER, 7, "Campaign.snapshot/0", b"{}"),
        ]
        for snapshot in (StoredEvent(SPRING, 1, "Campaign.snapshot/1", b"old"), *newest):
            store.save_snapshot(snapshot)

        assert list(store.snapshots()) == newest

    # Indexes as a whole.

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

    # Threads.

    def test_a_second_thread_waits_until_the_first_has_left_the_workspace(
        self, store: Store
    ) -> None:
        inside, seen = Signal(), list[int]()

        def enter() -> None:
            inside.wait()
            with store.transaction(ACME) as transaction:
                seen.append(transaction.last_position)

        second = Thread(target=enter)
        second.start()
        with store.transaction(ACME) as transaction:
            inside.set()
            second.join(0.2)
            assert second.is_alive()
            append(transaction, "c1", rows(SPRING, 1))
        second.join(10)
        assert seen == [1]

    def test_threads_that_write_to_one_stream_lose_nothing(self, store: Store) -> None:
        failures = list[Exception]()

        def write(name: str) -> None:
            try:
                for number in range(20):
                    with store.transaction(ACME) as transaction:
                        version = sum(1 for _ in transaction.stream(SPRING, 0)) + 1
                        append(transaction, f"{name}-{number}", rows(SPRING, version))
            except Exception as error:  # noqa: BLE001 any failure counts
                failures.append(error)

        threads = [Thread(target=write, args=(f"writer-{n}",)) for n in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert failures == []
        assert stored(store) == [(number, SPRING, number) for number in range(1, 81)]


class ViewsContract:
    """The port ``engine.store.Views``."""

    def test_a_new_view_is_empty_and_stands_at_the_beginning(self, views: Views) -> None:
        for projection in SHIPPED:
            assert views.position(projection) == 0
            assert list(views.rows(projection)) == []
            assert views.count(projection) == 0

    def test_rows_and_positions_of_several_views_are_saved_together(self, views: Views) -> None:
        ann, spring = AccountRow(ACME, "ann"), CampaignRow(ACME, "spring")
        save(views, {ACCOUNTS: [ann], CAMPAIGNS: [spring]}, 7)

        assert (views.position(ACCOUNTS), views.position(CAMPAIGNS)) == (7, 7)
        assert views.position(RECIPIENT_STATUS) == 0
        assert list(views.rows(ACCOUNTS)) == [ann]
        assert list(views.rows(CAMPAIGNS)) == [spring]

    def test_a_row_is_replaced_and_the_others_stay(self, views: Views) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "autumn"), CampaignRow(ACME, "spring")]}, 1)
        changed = CampaignRow(ACME, "spring", pause_causes=("user",))
        save(views, {CAMPAIGNS: [changed]}, 2)

        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "autumn"), changed]

    def test_a_page_without_rows_moves_the_position(self, views: Views) -> None:
        save(views, {CAMPAIGNS: []}, 3)

        assert views.position(CAMPAIGNS) == 3

    def test_only_the_rows_asked_for_are_fetched(self, views: Views) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "autumn"), CampaignRow(ACME, "spring")]}, 1)

        found = views.fetch(CAMPAIGNS, [(ACME, "spring"), (ACME, "never"), (BETA, "autumn")])

        assert found == {(ACME, "spring"): CampaignRow(ACME, "spring")}
        assert views.fetch(ACCOUNTS, []) == {}

    def test_rows_are_chosen_by_key_and_by_columns_and_stand_in_the_order_of_their_keys(
        self, views: Views
    ) -> None:
        stopped = RecipientStatus.CAMPAIGN_STOPPED
        names = ["10", "9", "Z", "a", "z", "Ä", ODD, "\uffee", "🌱"]
        spring = [RecipientRow(ACME, "spring", name) for name in names]
        spring[2] = RecipientRow(ACME, "spring", "Z", stopped, "ann")
        elsewhere = [
            RecipientRow(ACME, "summer", "a", stopped, "ann"),
            RecipientRow(BETA, "spring", "a", stopped, "ann"),
        ]
        save(views, {RECIPIENT_STATUS: [*reversed(spring), *elsewhere]}, 1)

        def found(*prefix: str, **equal: str) -> list[tuple[str, str, str]]:
            told = [row[:3] for row in views.rows(RECIPIENT_STATUS, *prefix, **equal)]
            assert views.count(RECIPIENT_STATUS, *prefix, **equal) == len(told)
            return told

        assert found(ACME, "spring") == [row[:3] for row in sorted(spring)]
        assert found(ACME, status=stopped, sender="ann") == [
            (ACME, "spring", "Z"),
            (ACME, "summer", "a"),
        ]
        assert found(BETA, "spring", "a") == [(BETA, "spring", "a")]
        assert found("nowhere") == []
        assert found(sender="bob") == []
        assert len(found()) == len(names) + 2

    @pytest.mark.parametrize("stale", [5, 4])
    def test_a_position_that_was_reached_before_is_refused(self, views: Views, stale: int) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        changed = keyed({CAMPAIGNS: [CampaignRow(ACME, "spring", slot_id="s1")]})

        with pytest.raises(StoreError):
            views.save(changed, {CAMPAIGNS: 5}, stale)

        assert views.position(CAMPAIGNS) == 5
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]

    @pytest.mark.parametrize("since", [0, 4, 6])
    def test_rows_folded_from_another_position_are_refused_with_all_that_came_along(
        self, views: Views, since: int
    ) -> None:
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        changes = keyed(
            {
                ACCOUNTS: [AccountRow(ACME, "ann")],
                CAMPAIGNS: [CampaignRow(ACME, "spring", slot_id="s1")],
            }
        )

        with pytest.raises(StaleView, match=f"campaigns/1 stands at 5, not at {since}"):
            views.save(changes, {ACCOUNTS: 0, CAMPAIGNS: since}, 9)

        assert (views.position(ACCOUNTS), views.position(CAMPAIGNS)) == (0, 5)
        assert list(views.rows(ACCOUNTS)) == []
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "spring")]

    def test_a_view_is_emptied_and_begins_again_while_the_others_stay(self, views: Views) -> None:
        save(views, {ACCOUNTS: [AccountRow(ACME, "ann")], CAMPAIGNS: [CampaignRow(ACME, "b")]}, 5)
        views.reset(CAMPAIGNS)

        assert (views.position(CAMPAIGNS), list(views.rows(CAMPAIGNS))) == (0, [])
        assert (views.position(ACCOUNTS), len(views.rows(ACCOUNTS))) == (5, 1)
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "c")]}, 1)
        assert list(views.rows(CAMPAIGNS)) == [CampaignRow(ACME, "c")]

    def test_rows_of_another_version_of_a_view_do_not_count(self, views: Views) -> None:
        newer = CAMPAIGNS._replace(version=2)
        save(views, {CAMPAIGNS: [CampaignRow(ACME, "spring")]}, 5)
        assert views.position(newer) == 0

        views.reset(newer)
        save(views, {newer: [CampaignRow(ACME, "summer")]}, 6)

        assert list(views.rows(newer)) == [CampaignRow(ACME, "summer")]
        assert views.position(CAMPAIGNS) == 0

        views.reset(CAMPAIGNS)
        assert views.position(newer) == 0

    # Stops and skips.

    def test_a_new_view_is_not_stopped_and_passes_over_nothing(self, views: Views) -> None:
        save(views, {ACCOUNTS: []}, 5)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5),
            CAMPAIGNS: ViewStatus(0),
        }
        assert views.keepers(SHIPPED) == {}

    def test_a_stop_is_that_of_one_view_and_can_be_recorded_anew(self, views: Views) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP._replace(error="before", since=NOON - MINUTE))
        views.stop(ACCOUNTS, STOP._replace(error=ODD, since=YEAR_2999))

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, STOP._replace(error=ODD, since=YEAR_2999)),
            CAMPAIGNS: ViewStatus(5),
        }

    def test_a_view_can_be_stopped_at_the_first_event(self, views: Views) -> None:
        views.stop(ACCOUNTS, STOP._replace(position=1))

        assert list(views.rows(ACCOUNTS)) == []
        assert views.statuses([ACCOUNTS])[ACCOUNTS].stop == STOP._replace(position=1)

    @pytest.mark.parametrize("position", [4, 5, 7])
    def test_a_view_is_stopped_only_right_behind_where_it_stands(
        self, views: Views, position: int
    ) -> None:
        save(views, {ACCOUNTS: []}, 5)

        with pytest.raises(StaleView):
            views.stop(ACCOUNTS, STOP._replace(position=position))

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(5)}

    def test_a_view_that_is_retried_is_not_stopped(self, views: Views) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        for projection in (ACCOUNTS, CAMPAIGNS):
            views.stop(projection, STOP)

        views.retry(ACCOUNTS)
        views.retry(RECIPIENT_STATUS)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5),
            CAMPAIGNS: ViewStatus(5, STOP),
        }

    def test_the_event_at_which_a_view_is_stopped_is_skipped_for_ever(self, views: Views) -> None:
        later = SKIP._replace(position=8, reason=ODD, actor=ODD, skipped_at=YEAR_2999)
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)
        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, skips=(SKIP,)),
            CAMPAIGNS: ViewStatus(5),
        }

        save(views, {ACCOUNTS: []}, 7)
        views.stop(ACCOUNTS, STOP._replace(position=8))
        views.skip(ACCOUNTS, later)
        views.reset(ACCOUNTS)

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(0, skips=(SKIP, later))}

    def test_no_other_event_than_the_one_at_which_a_view_is_stopped_is_skipped(
        self, views: Views
    ) -> None:
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        views.stop(ACCOUNTS, STOP)

        with pytest.raises(NotStoppedThere, match="accounts is stopped at position 6, so 7 was"):
            views.skip(ACCOUNTS, SKIP._replace(position=7))
        with pytest.raises(NotStoppedThere, match="campaigns is not stopped"):
            views.skip(CAMPAIGNS, SKIP)

        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(5, STOP),
            CAMPAIGNS: ViewStatus(5),
        }

    def test_a_view_is_not_stopped_at_what_it_was_told_to_skip_meanwhile(
        self, views: Views
    ) -> None:
        save(views, {ACCOUNTS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)

        with pytest.raises(StaleView):
            views.stop(ACCOUNTS, STOP)

        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus(5, skips=(SKIP,))}

    def test_a_stop_counts_only_where_the_view_stands(self, views: Views) -> None:
        """It went on, or was emptied: the stop is over."""
        save(views, {ACCOUNTS: [], CAMPAIGNS: []}, 5)
        for projection in (ACCOUNTS, CAMPAIGNS):
            views.stop(projection, STOP)

        save(views, {ACCOUNTS: []}, 6)
        views.reset(CAMPAIGNS)
        assert views.statuses([ACCOUNTS, CAMPAIGNS]) == {
            ACCOUNTS: ViewStatus(6),
            CAMPAIGNS: ViewStatus(0),
        }

        save(views, {CAMPAIGNS: []}, 5)
        assert views.statuses([CAMPAIGNS]) == {CAMPAIGNS: ViewStatus(5)}

    def test_stops_and_skips_of_another_version_do_not_count(self, views: Views) -> None:
        newer = ACCOUNTS._replace(version=2)
        save(views, {ACCOUNTS: []}, 5)
        views.stop(ACCOUNTS, STOP)
        views.skip(ACCOUNTS, SKIP)
        views.reset(newer)
        save(views, {newer: []}, 5)

        assert views.statuses([newer]) == {newer: ViewStatus(5)}

    @pytest.mark.parametrize("projection", SHIPPED, ids=lambda each: each.name)
    def test_every_field_of_a_shipped_row_survives(
        self, views: Views, projection: Projection
    ) -> None:
        empty = projection.row(*(f"key {n}" for n in range(projection.key_length)))
        full = projection.row(*(spoken(hint) for hint in get_type_hints(projection.row).values()))
        save(views, {projection: [empty, full]}, 1)

        for row in (empty, full):
            found = views.fetch(projection, [row[: projection.key_length]])
            (again,) = found.values()
            assert again == row
            assert list(map(type, again)) == list(map(type, row))

    def test_the_views_of_a_history_are_those_of_the_memory_store(
        self, store: Store, views: Views, clock: ManualClock
    ) -> None:
        much_happens(Workplace(store, clock))
        other_clock = ManualClock(NOON)
        other = Workplace(MemoryStore(other_clock), other_clock)
        expected = MemoryViews()
        much_happens(other)

        ProjectionRunner(store, views, SHIPPED, page=7).catch_up()
        ProjectionRunner(other.store, expected, SHIPPED).catch_up()

        for projection in SHIPPED:
            assert list(views.rows(projection)) == list(expected.rows(projection))
            assert views.count(projection) > 0


def save(views: Views, changes: Mapping[Projection, Iterable[Any]], position: int) -> None:
    """Save these rows, folded from where each view stands."""
    since = {projection: views.position(projection) for projection in changes}
    views.save(keyed(changes), since, position)


def keyed(
    changes: Mapping[Projection, Iterable[Any]],
) -> dict[Projection, dict[tuple[str, ...], Any]]:
    return {
        projection: {row[: projection.key_length]: row for row in found}
        for projection, found in changes.items()
    }


def spoken(hint: Any) -> Any:
    """A value of that type that no store can take for another one."""
    if isinstance(hint, UnionType):
        (hint,) = (each for each in get_args(hint) if each is not type(None))
    origin = get_origin(hint) or hint
    if issubclass(origin, StrEnum):
        return list(origin)[-1]
    return {
        str: ODD,
        int: 2**53 + 1,
        bool: True,
        datetime: YEAR_2999,
        dict: {ODD: 3, "b": 0},
        tuple: (ODD, "", "b"),
    }[origin]


def opened_for(store: Store) -> Iterator[Store]:
    """The store, closed behind the test."""
    yield store
    store.close()
