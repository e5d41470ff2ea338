"""N2: every attempt to tell the owner is an event, and a repeated one repeats nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from aggregates.email_account.commands import ConnectAccount, RecordCheck
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from engine.work.deliver_notices import Courier, wait_after
from engine.work.ports import PartlyDelivered
from events.email_account import NoticeAttempted
from events.vocabulary import Asker, FailureClass
from projections.notices import NOTICES, NoticeRow
from projections.shipped import SHIPPED

ANN = "ann@acme.example"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Doorbell:
    """A channel that remembers who rang, and can be out of order."""

    name = "doorbell"

    def __init__(self) -> None:
        self.heard: list[tuple[str, str | None]] = []
        self.broken = False
        self.nobody_home: list[str] = []

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        if self.broken:
            raise OSError(28, "No space left on device")
        if self.nobody_home:
            self.heard.append((",".join(notice.taken_by), reason))
            raise PartlyDelivered(OSError(5, "Lee is out"), [self.nobody_home.pop()])
        self.heard.append((notice.number, reason))
        return "front door"


class SlowDisk(MemoryStore):
    """Has on its disk what was waited for, and nothing else."""

    def __init__(self, clock: ManualClock) -> None:
        super().__init__(clock)
        self.on_disk = 0

    def reach_disk(self) -> None:
        self.on_disk = self.last_position()


class House:
    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.store = SlowDisk(self.clock)
        self.engine = Engine(self.store)
        self.views = MemoryViews()
        self.runner = ProjectionRunner(self.store, self.views, SHIPPED)
        self.doorbell = Doorbell()
        self.courier = Courier(self.engine, self.views, self.doorbell)
        connect = ConnectAccount(
            account_id=ANN, slot_id="s1", provider="simulated", report=simulated_report(None)
        )
        failed = RecordCheck(
            account_id=ANN,
            asked_by=Asker.USER,
            report=simulated_report(FailureClass.AUTH_REVOKED),
        )
        self.engine.execute("main", connect, command_id="1", actor="user:x")
        self.engine.execute("main", failed, command_id="2", actor="user:x")
        self.runner.catch_up()

    def restart(self) -> Courier:
        """Another process, which remembers nothing."""
        self.courier = Courier(self.engine, self.views, self.doorbell)
        return self.courier

    def round(self) -> int:
        delivered = self.courier.deliver("main")
        self.runner.catch_up()
        return delivered

    def attempts(self) -> list[tuple[bool, str, str]]:
        log = decode_page(self.store.read(0, 1_000), 0)
        return [
            (each.event.delivered, each.event.detail, each.envelope.actor)
            for each in log
            if isinstance(each.event, NoticeAttempted)
        ]


@pytest.fixture
def house() -> House:
    return House()


def test_a_notice_is_delivered_once_with_the_reason_and_the_attempt_recorded(house: House) -> None:
    assert [house.round(), house.round()] == [1, 0]
    ((number, reason),) = house.doorbell.heard
    assert number == "1"
    assert reason is not None
    assert "revoked" in reason
    assert house.attempts() == [(True, "front door", "courier")]


def test_no_owner_is_told_what_is_not_on_the_disk(house: House) -> None:
    known = house.store.last_position()
    assert house.store.on_disk < known
    at_the_door = list[int]()

    class Watching(Doorbell):
        def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
            at_the_door.append(house.store.on_disk)
            return super().deliver(notice, reason)

    assert Courier(house.engine, house.views, Watching()).deliver("main") == 1
    assert at_the_door == [known]


def test_with_a_view_that_lags_the_record_is_made_once(house: House) -> None:
    house.courier.deliver("main")
    house.courier.deliver("main")
    assert len(house.doorbell.heard) == 1
    house.restart().deliver("main")
    assert house.attempts() == [(True, "front door", "courier")]


def test_after_a_crash_between_delivery_and_record_both_are_repeated(house: House) -> None:
    (notice,) = house.views.rows(NOTICES)
    house.doorbell.deliver(notice)
    assert house.round() == 1
    assert len(house.attempts()) == 1


def test_a_failed_attempt_is_recorded_and_repeated_later_and_later(house: House) -> None:
    house.doorbell.broken = True
    for _ in range(5 * 60):
        house.round()
        house.clock.advance(MINUTE)
    assert len(house.attempts()) == 10  # at 0, 1, 3, 7, 15, 31, 63, 123, 183 and 243 minutes
    assert {detail for _, detail, _ in house.attempts()} == {"No space left on device"}
    house.doorbell.broken = False
    house.clock.advance(60 * MINUTE)
    assert house.round() == 1
    assert house.attempts()[-1] == (True, "front door", "courier")
    assert house.round() == 0


@pytest.mark.rule("N2")
def test_a_restart_tries_no_sooner_and_floods_no_log(house: House) -> None:
    house.doorbell.broken = True
    for _ in range(5 * 60):
        house.restart()
        house.round()
        house.clock.advance(MINUTE)
    assert len(house.attempts()) == 10


def test_the_wait_grows_to_an_hour() -> None:
    waits = [wait_after(attempts) // MINUTE for attempts in (0, 1, 2, 3, 6, 7, 8, 10_000)]
    assert waits == [1, 1, 2, 4, 32, 60, 60, 60]


@pytest.mark.rule("N2")
def test_who_has_taken_it_while_others_did_not_is_recorded(house: House) -> None:
    house.doorbell.nobody_home = ["second", "first"]
    for _ in range(2):
        assert house.round() == 0
        house.restart()
        house.clock.advance(60 * MINUTE)
    (notice,) = house.views.rows(NOTICES)
    assert (notice.taken_by, notice.attempts, notice.detail) == (
        ("first", "second"),
        2,
        "Lee is out",
    )
    assert [taken for taken, _ in house.doorbell.heard] == ["", "first"]
    assert house.round() == 1
