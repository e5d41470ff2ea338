"""The port ``Transactions``: a workspace under its lock, all or nothing."""

from threading import Event as Signal
from threading import Thread

import pytest
from eventsourcing.persistence import StoredEvent

from engine.decoding import decode_page
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError
from engine.ports.store import Store
from engine.ports.transactions import Append, NewRow
from events.campaign import RecipientAdded
from tests.law.story import HOUR, MICROSECOND, NOON
from tests.stores.contract.words import (
    BETA,
    ODD,
    SPRING,
    SUMMER,
    WAKING,
    YEAR_2999,
    append,
    enrolled,
    envelope,
    in_runs,
    put,
    rows,
    stored,
)
from tests.workplace import ACME


class TransactionsContract:
    """What is written, what is found again, and who waits for whom."""

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

    @pytest.mark.parametrize("between", [0, 1, 60])
    def test_facts_that_are_alike_are_stored_octet_for_octet_as_each_by_itself(
        self, store: Store, between: int
    ) -> None:
        others = [
            RecipientAdded(campaign_id="spring", recipient_id=f"a{n}", occurred_at=NOON)
            for n in range(between)
        ]
        put(store, "before", *rows(SUMMER, 1))
        with store.transaction(ACME) as transaction:
            told = in_runs(transaction, *others)
            append(transaction, "c1", told)
        put(store, "after", *rows(SUMMER, 2))

        numbered = [(position, *row) for position, row in enumerate(told, 2)]
        assert list(store.read(1, len(told)).rows) == numbered
        assert stored(store, len(told) + 1) == [(len(told) + 2, SUMMER, 2)]

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

        after = {workspace: each.appended_after for workspace, each in opened.items()}
        told = list(decode_page(store.read(0, 10), 0))
        assert {each.workspace: each.position - each.version for each in told[1:]} in (
            {BETA: 1, ACME: 2},
            {BETA: 2, ACME: 0},
        )
        for workspace, first in after.items():
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

    def test_a_stream_is_read_after_a_version_in_order(self, store: Store) -> None:
        put(store, "c1", *rows(SPRING, 1), *rows(SUMMER, 1), *rows(SPRING, 2, 3))

        with store.transaction(ACME) as transaction:
            assert [row[2] for row in transaction.stream(SPRING, 0)] == [1, 2, 3]
            assert [row[2] for row in transaction.stream(SPRING, 1)] == [2, 3]
            assert list(transaction.stream(SPRING, 3)) == []
            assert list(transaction.stream("acme:campaign:never", 0)) == []

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

    def test_the_roster_names_each_campaign_once_in_its_workspace(self, store: Store) -> None:
        with store.transaction(ACME) as transaction:
            entries = [(ODD, "spring"), (ODD, "spring"), (ODD, "summer"), ("slot:s1", "spring")]
            append(transaction, "c1", roster=entries)
        with store.transaction(ACME) as transaction:
            append(transaction, "c2", roster=[(ODD, "spring")])

        assert enrolled(store, ODD) == ["spring", "summer"]
        assert enrolled(store, "slot:s1") == ["spring"]
        assert enrolled(store, ODD, BETA) == []

    def test_the_newest_snapshot_of_a_topic_is_found(self, store: Store) -> None:
        for version in (1, 2):
            store.save_snapshot(StoredEvent(SPRING, version, "Campaign.snapshot/1", b"\x00state"))

        with store.transaction(ACME) as transaction:
            found = transaction.snapshot(SPRING, "Campaign.snapshot/1")
            assert found == StoredEvent(SPRING, 2, "Campaign.snapshot/1", b"\x00state")
            assert transaction.snapshot(SPRING, "Campaign.snapshot/2") is None
            assert transaction.snapshot(SUMMER, "Campaign.snapshot/1") is None
        assert store.last_position() == 0

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
