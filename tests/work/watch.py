"""Accounts with servers, their schedule, and probes that find what they are told to."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import count

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from aggregates.email_account.commands import ConnectAccount
from engine.ports.check_schedule import ScheduledCheck
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from engine.work.background_checks import BackgroundChecks, Begun, Ended
from engine.work.check_connection import ConnectionChecks
from engine.work.check_places import Places
from engine.work.check_times import CheckTimes
from engine.work.findings import Findings, Watch, unwatched
from engine.work.ports import Mailbox
from engine.work.secret import NoSuchSecret, SecretRef
from events.vocabulary import FailureClass, Settings
from projections.shipped import SHIPPED
from tests.law.story import MINUTE, NOON, WELL
from tests.tables_in_memory import TablesInMemory
from tests.workplace import ACME, Workplace

PERIOD = 15 * MINUTE


def connect_real(
    account: str,
    slot: str,
    credentials: str | None = "vault:1",
    settings: Settings = Settings(),
) -> ConnectAccount:
    return ConnectAccount(
        account_id=account,
        slot_id=slot,
        provider="imap",
        report=WELL,
        configuration="imap.acme.test:993",
        credentials=credentials,
        settings=settings,
    )


class Told:
    """What a probe finds, by account; None for one that passes."""

    def __init__(self) -> None:
        self.found: dict[str, FailureClass | Exception | None] = {}
        self.back_off: timedelta | None = None
        self.meanwhile: Callable[[], object] = lambda: None
        self.checked: list[str] = []

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        self.checked.append(mailbox.account_id)
        self.meanwhile()
        found = self.found.get(mailbox.account_id)
        if isinstance(found, Exception):
            raise found
        return Findings(simulated_report(found), back_off=self.back_off if found else None)


class Watched:
    """A workspace in memory whose accounts are checked in the background."""

    def __init__(self, *accounts: str, places: Places | None = None) -> None:
        self.clock = ManualClock(NOON)
        self.workplace = Workplace(MemoryStore(self.clock), self.clock)
        self.views = MemoryViews()
        self.schedule = StoredCheckSchedule(TablesInMemory(self.clock))
        self.probe = Told()
        self.servers: dict[str, str] = {}
        self._ids = (f"watch-{number}" for number in count(1))
        self._slots = (f"w{number}" for number in count(1))
        self.connect(*accounts)
        self.checks = self.worker(places or Places())
        self.checks.synchronise()

    def worker(self, places: Places) -> BackgroundChecks:
        checks = ConnectionChecks(self.workplace.engine, self.probe, ACME, self._ids.__next__)
        return BackgroundChecks(
            self.schedule,
            self.views,
            lambda _: checks,
            lambda _: self._server_of,
            now=self.clock,
            new_id=self._ids.__next__,
            times=CheckTimes(PERIOD),
            places=places,
        )

    def connect(self, *accounts: str) -> None:
        self.workplace.given(*(connect_real(each, next(self._slots)) for each in accounts))
        self.catch_up()

    def catch_up(self) -> None:
        ProjectionRunner(self.workplace.store, self.views, SHIPPED).keep_up()

    def row(self, account: str) -> ScheduledCheck:
        row = self.schedule.row(ACME, account)
        assert row is not None
        return row

    def at_its_turn(self, account: str) -> "Watched":
        self.clock.time = self.row(account).due_at
        return self

    def turn(self) -> list[str]:
        """One turn of a worker, everything run at once. Answers who was checked."""
        done = [self.ended(each) for each in self.checks.begin()]
        self.checks.settle(done)
        self.catch_up()
        return [each.begun.account.account_id for each in done]

    def ended(self, begun: Begun) -> Ended:
        ended = self.checks.run(begun)
        self.checks.give_back(ended)
        return ended

    def until(self, account: str, turns: int) -> Sequence[ScheduledCheck]:
        """So many checks of that account, one after the other, as the schedule has it."""
        return [self._after_turn(account) for _ in range(turns)]

    def names(self) -> list[str]:
        return [type(each.event).__name__ for each in self.workplace.log]

    def _after_turn(self, account: str) -> ScheduledCheck:
        self.at_its_turn(account).turn()
        return self.row(account)

    def _server_of(self, mailbox: Mailbox) -> str:
        if mailbox.account_id not in self.servers:
            return mailbox.account_id.rpartition("@")[2]
        if not self.servers[mailbox.account_id]:
            raise NoSuchSecret(ref=SecretRef(ACME, mailbox.account_id, "access"))
        return self.servers[mailbox.account_id]
