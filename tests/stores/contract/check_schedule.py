"""What background checks ask of a schedule: one holder of a check at a time, and nothing lost.

Heirs give ``clock``, the store's, and ``schedule``.
"""

from datetime import timedelta
from threading import Barrier, Thread

import pytest

from engine.ports.check_schedule import CheckSchedule, Overdue, ScheduledCheck
from engine.ports.clock import ManualClock
from engine.work.background_checks import ask_for_check
from tests.law.story import HOUR, MINUTE, NOON, SECOND

ANN = ScheduledCheck("acme", "ann@acme.example", NOON, "vault:1", "imap.acme.example")
BOB = ScheduledCheck("acme", "bob@acme.example", NOON + SECOND, "vault:2", "imap.acme.example")
CLEO = ScheduledCheck("other", "cleo@b.example", NOON + 2 * SECOND, None, "mail.b.example")
LEASE = 90 * SECOND


def leased(
    schedule: CheckSchedule, name: str, *without: str, most: int = 10, untried: bool = False
) -> list[ScheduledCheck]:
    return list(schedule.lease(most, name, LEASE, without=without, untried=untried))


class CheckScheduleContract:
    @pytest.fixture
    def clock(self) -> ManualClock:
        return ManualClock(NOON + MINUTE)

    def test_a_new_schedule_is_empty(self, schedule: CheckSchedule) -> None:
        assert schedule.rows() == []
        assert schedule.row(*ANN.key) is None
        assert leased(schedule, "a") == []
        assert schedule.overdue() == Overdue(0, None)

    def test_rows_come_as_they_were_added_by_workspace_and_account(
        self, schedule: CheckSchedule
    ) -> None:
        schedule.add([CLEO, BOB, ANN])
        assert schedule.rows() == [ANN, BOB, CLEO]
        assert schedule.rows("other") == [CLEO]
        assert schedule.row(*BOB.key) == BOB

    def test_a_row_that_is_there_stays_as_it_is(self, schedule: CheckSchedule) -> None:
        schedule.add([ANN])
        schedule.add([ANN._replace(due_at=NOON + HOUR, server="elsewhere"), BOB])
        assert schedule.rows() == [ANN, BOB]

    def test_what_is_due_is_leased_once_the_longest_due_first(
        self, schedule: CheckSchedule, clock: ManualClock
    ) -> None:
        schedule.add([CLEO, BOB, ANN, ANN._replace(account_id="dan@x.example", due_at=NOON + HOUR)])
        assert schedule.overdue() == Overdue(3, NOON)

        assert leased(schedule, "a", most=2) == [
            ANN._replace(lease="a"),
            BOB._replace(lease="a"),
        ]
        assert leased(schedule, "b") == [CLEO._replace(lease="b")]
        assert leased(schedule, "c") == []
        assert schedule.overdue() == Overdue(0, None)
        row = schedule.row(*ANN.key)
        assert row is not None
        assert row.due_at == clock() + LEASE

    def test_who_asks_for_a_check_has_it_next_unless_somebody_does_just_now(
        self, schedule: CheckSchedule, clock: ManualClock
    ) -> None:
        schedule.add([ANN, CLEO._replace(due_at=NOON + HOUR)])
        (held,) = leased(schedule, "a")
        for each in (ANN, BOB, CLEO):
            ask_for_check(schedule, *each.key, clock())
        assert schedule.rows()[0] == held._replace(due_at=clock() + LEASE)
        assert {each.key for each in leased(schedule, "b")} == {BOB.key, CLEO.key}

    def test_a_lease_that_ran_out_is_given_to_another_and_its_holder_writes_nothing(
        self, schedule: CheckSchedule, clock: ManualClock
    ) -> None:
        schedule.add([ANN])
        (lost,) = leased(schedule, "a")
        clock.time += LEASE - SECOND
        assert leased(schedule, "b") == []
        clock.time += SECOND
        (taken,) = leased(schedule, "b")

        schedule.settle([lost._replace(due_at=NOON + HOUR, tries=9)])
        row = schedule.row(*ANN.key)
        assert row is not None
        assert (row.tries, row.lease) == (0, "b")

        schedule.settle([taken._replace(due_at=NOON + 2 * HOUR)])
        assert schedule.row(*ANN.key) == ANN._replace(due_at=NOON + 2 * HOUR)

    def test_what_is_settled_is_kept_whole(
        self, schedule: CheckSchedule, clock: ManualClock
    ) -> None:
        schedule.add([ANN])
        (taken,) = leased(schedule, "a")
        moment = clock() + timedelta(microseconds=123_457)
        after = taken._replace(
            due_at=moment + HOUR,
            credentials="vault:9",
            server="a.example b.example",
            tries=3,
            found="throttled",
            checked_at=moment,
        )
        schedule.settle([after])
        assert schedule.row(*ANN.key) == after._replace(lease="")

    def test_servers_and_doubtful_accounts_can_be_left_out(self, schedule: CheckSchedule) -> None:
        schedule.add([ANN, BOB, CLEO])
        (cleo,) = leased(schedule, "a", "imap.acme.example", "nobody.example")
        assert cleo.key == CLEO.key
        schedule.settle([cleo._replace(tries=1)])

        assert [each.key for each in leased(schedule, "b", untried=True)] == [ANN.key, BOB.key]
        assert [each.key for each in leased(schedule, "c")] == [CLEO.key]

    def test_what_was_removed_is_leased_no_more_nor_written(self, schedule: CheckSchedule) -> None:
        schedule.add([ANN, BOB])
        taken = leased(schedule, "a")
        schedule.remove([ANN])
        schedule.settle(taken)
        assert schedule.rows() == [BOB]

    def test_many_at_once_get_each_check_once(self, schedule: CheckSchedule) -> None:
        names = [f"a{number:03}@acme.example" for number in range(200)]
        schedule.add([ANN._replace(account_id=name) for name in names])
        together, found = Barrier(4), list[ScheduledCheck]()

        def take(worker: str) -> None:
            together.wait()
            for turn in range(100):
                found.extend(leased(schedule, f"{worker}-{turn}", most=7))

        threads = [Thread(target=take, args=(name,)) for name in "abcd"]
        for each in threads:
            each.start()
        for each in threads:
            each.join()
        assert sorted(each.account_id for each in found) == names
