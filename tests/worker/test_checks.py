"""Background checks in threads, against servers that answer and one that never does."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress
from datetime import timedelta
from uuid import uuid4

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from adapters.worker.checks import Checking
from engine.engine import Engine
from engine.ports.check_schedule import ScheduledCheck
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from engine.work.background_checks import BackgroundChecks
from engine.work.check_connection import ConnectionChecks
from engine.work.check_places import Places
from engine.work.check_times import CheckTimes
from engine.work.findings import Findings, Watch, unwatched
from engine.work.ports import Mailbox
from events.vocabulary import FailureClass
from projections.shipped import SHIPPED
from tests.mail.servers.scripted import NeverAnswering, Scripted, greeting
from tests.tables_in_memory import TablesInMemory
from tests.work.watch import connect_real
from tests.worker.processes import eventually

WORKSPACE = "main"
PATIENCE = 3.0
"""Seconds that a check waits for a server here."""


class GreetingProbe:
    """Connects and waits for the server's greeting. The port stands in the account's name."""

    def __init__(self) -> None:
        self.ended: dict[str, float] = {}
        """By account, when its last check ended, in monotonic time."""
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        found = self._found(int(mailbox.account_id.rpartition("-")[2]))
        with self._lock:
            self.running -= 1
        self.ended[mailbox.account_id] = time.monotonic()
        return Findings(simulated_report(found))

    def _found(self, port: int) -> FailureClass | None:
        try:
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
                return None if connection.recv(100) else FailureClass.TRANSIENT_SERVER
        except OSError:
            return FailureClass.UNREACHABLE


class Shift:
    """A worker's checks of accounts that are due at once."""

    def __init__(self, *accounts: str, most: int = 96, of_a_server: int = 16) -> None:
        store, views = MemoryStore(), MemoryViews()
        self.store, self.probe = store, GreetingProbe()
        engine = Engine(store)
        for number, account in enumerate(accounts):
            connecting = connect_real(account, f"s{number}")
            engine.execute(WORKSPACE, connecting, command_id=f"c{number}", actor="t")
        ProjectionRunner(store, views, SHIPPED).keep_up()
        self.schedule = StoredCheckSchedule(TablesInMemory(store.now))
        checks = ConnectionChecks(engine, self.probe, WORKSPACE, lambda: uuid4().hex)
        self.wanted = False
        self.tidied = 0
        self.checking = Checking(
            BackgroundChecks(
                self.schedule,
                views,
                lambda _: checks,
                lambda _: lambda mailbox: mailbox.account_id.rpartition("-")[2],
                now=store.now,
                new_id=lambda: uuid4().hex,
                times=CheckTimes(),
                places=Places(most, of_a_server),
            ),
            most,
            lambda: self.wanted,
            self._tidy,
        )
        with suppress(LookupError):
            self.checking.turn()
        self.wanted = True

    def _tidy(self) -> None:
        self.tidied += 1
        raise LookupError("no turn ends well in which this is called")

    def close(self) -> None:
        self.wanted = False
        self.checking.close()

    def all_fall_due(self) -> float:
        """Answers when, in monotonic time."""
        now = self.store.now()
        self.schedule.settle(row._replace(due_at=now) for row in self.schedule.rows())
        return time.monotonic()

    def row(self, account: str) -> ScheduledCheck:
        row = self.schedule.row(WORKSPACE, account)
        assert row is not None
        return row

    def turns_until(self, happened: "Happened") -> None:
        def turn() -> bool:
            self.checking.turn()
            return happened()

        eventually(turn)


class Happened:
    """Have all of these accounts been checked?"""

    def __init__(self, probe: GreetingProbe, accounts: list[str]) -> None:
        self._probe, self._accounts = probe, accounts

    def __call__(self) -> bool:
        return all(each in self._probe.ended for each in self._accounts)


@pytest.fixture
def silent() -> Iterator[int]:
    with NeverAnswering() as server:
        yield server.port


@pytest.fixture
def answering() -> Iterator[int]:
    with Scripted(greeting(b"* OK ready\r\n")) as server:
        yield server.port


def test_what_nobody_uses_is_looked_for_at_the_start_and_then_seldom(answering: int) -> None:
    account = f"a-{answering}"
    with closing(Shift(account)) as shift:
        shift.all_fall_due()
        shift.turns_until(Happened(shift.probe, [account]))

        assert shift.tidied == 1


@pytest.mark.rule("C2")
def test_a_server_that_never_answers_a_thousand_accounts_holds_nobody_back(
    silent: int, answering: int
) -> None:
    hung = [f"h{number:04}-{silent}" for number in range(1_000)]
    well = [f"w{number:02}-{answering}" for number in range(50)]
    with closing(Shift(*hung, *well)) as shift:
        began = shift.all_fall_due()
        shift.turns_until(Happened(shift.probe, well))

        assert max(shift.probe.ended[each] for each in well) - began < 1.0
        assert shift.probe.running == 16
        waiting = [row for row in shift.schedule.rows() if row.account_id in hung and not row.lease]
        assert len(waiting) == 1_000 - 16


def test_servers_that_hang_leave_places_even_where_every_one_of_them_is_another(
    answering: int,
) -> None:
    servers = [NeverAnswering() for _ in range(12)]
    for each in servers:
        each.__enter__()
    try:
        hung = [f"h{number:04}-{servers[number % 12].port}" for number in range(240)]
        well = f"well-{answering}"
        with closing(Shift(*hung, well, most=12, of_a_server=2)) as shift:
            for row in shift.schedule.rows():
                if row.account_id in hung:
                    shift.schedule.settle([row._replace(tries=1)])
            began = shift.all_fall_due()
            shift.turns_until(Happened(shift.probe, [well]))
            assert shift.probe.ended[well] - began < 1.0
            assert shift.probe.running == 8
    finally:
        for each in servers:
            each.__exit__()


def test_stopping_waits_for_the_checks_that_run_and_begins_none(silent: int) -> None:
    hung = [f"h{number:04}-{silent}" for number in range(40)]
    shift = Shift(*hung)
    shift.all_fall_due()
    shift.checking.turn()
    eventually(lambda: shift.probe.running == 16)
    began = time.monotonic()
    shift.close()
    assert time.monotonic() - began < PATIENCE + 1
    assert (len(shift.probe.ended), shift.probe.running) == (16, 0)
    for account in shift.probe.ended:
        row = shift.row(account)
        assert (row.lease, row.tries, row.found) == ("", 1, "unreachable")
        assert row.due_at > shift.store.now() + timedelta(minutes=7)
