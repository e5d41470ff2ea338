"""One run: a plan told to an office of processes, held to the law after every item."""

from collections.abc import Callable
from datetime import timedelta
from time import process_time
from typing import NamedTuple

from engine.work.inbound import Kind
from events.vocabulary import FailureClass
from tests.proof.fragile import CrashPoint
from tests.simulation.browsing import Browsing
from tests.simulation.consumers import Consuming
from tests.simulation.disk import Disk
from tests.simulation.front import Asked, Desk, Front
from tests.simulation.machine import SOON, Machine, Process
from tests.simulation.mail import MailWorld, People
from tests.simulation.oracles import Oracles, Violated
from tests.simulation.plan import Item, Plan
from tests.simulation.sqlite.disk import SQLiteDisk
from tests.simulation.topic import Outbox, TilesInMemory, TopicInMemory
from tests.simulation.vocabulary import ACCOUNTS, DEADLINE, DUE, WORKSPACES
from tests.simulation.webhooks import ENDPOINTS, Receiver, resumed
from tests.simulation.workers import Teller, Worker, World

NOW_OR_LATER = (0.3, 1.5, 60.0, 300.0)
"""Seconds until a teller tells what was committed, while anything may go wrong."""
LONGEST_LEAP = 12 * 86_400.0
"""Seconds to what falls due next, at most."""
QUIET_ROUNDS, ROUNDS = 2, 10
"""Of coming to rest: so many without an alarm, of so many at most."""
TOLD_WITHIN = 20.0
"""Seconds after which the topic and the views have what was recorded."""
DISKS: dict[str, type[Disk]] = {"memory": Disk, "sqlite": SQLiteDisk}
AFTERWARDS = 1_800.0
"""Seconds in which everything comes to rest, once nothing is wrong any more."""


class Told(NamedTuple):
    """What became of a run. ``violation`` is empty where everything held."""

    plan: Plan
    violation: str
    place: int
    """The item after which it showed."""
    commands: int
    events: int
    account_days: float
    """Of all accounts that there were."""
    seconds: float
    """Of processor time."""
    digest: str
    pairs: dict[tuple[str, str], int]
    faults: dict[str, int]


class Office:
    def __init__(self, plan: Plan) -> None:
        machine = self.machine = Machine(plan.seed, plan.beginning)
        disk, mail = DISKS[plan.store](machine), MailWorld(machine)
        disk.endpoints.update((each.id, each) for each in ENDPOINTS)
        mail.troubles.update(plan.troubles)
        mail.position = lambda: disk.store.last_position()  # noqa: PLW0108 it may be another one by then
        mail.epoch = lambda: disk.epoch
        mail.may_send = lambda process: self.world.is_of("mail", process)
        self.world = World(
            machine,
            disk,
            mail,
            People(),
            TopicInMemory(),
            TilesInMemory(),
            Outbox(),
            {},
            Receiver(machine),
            {},
        )
        self.desks = [Desk(), Desk()]
        self.oracles = Oracles(self.world)
        self.consuming = Consuming(machine, self.world.topic)
        self.browsing = Browsing(self.world, self.oracles.digest_too)
        self._asked = 0
        self._bodies: dict[str, Callable[[Process], None]] = {
            **{f"worker-{each}": lambda p: Worker(self.world, p).live() for each in (0, 1)},
            **{f"teller-{each}": lambda p: Teller(self.world, p).live() for each in (0, 1)},
            "front-0": lambda p: Front(self.world, p, self.desks[0]).live(),
            "front-1": lambda p: Front(self.world, p, self.desks[1]).live(),
        }
        self.processes = {name: Process(machine, name, body) for name, body in self._bodies.items()}
        disk.on_commit.append(self._wake)

    def _wake(self, by: str) -> None:
        """Whose business it is hears of a commit; the others look now and then."""
        lag = SOON if self.machine.quiet else NOW_OR_LATER
        for thing, within in (("mail", SOON), ("relay", lag)):
            holder, _ = self.world.leases.get(thing, ("", 0.0))
            if holder and holder != by:
                self.processes[holder].wake(within)

    # Telling.

    def tell(self, item: Item) -> None:
        self.machine.run(self._moment(item))
        act = (
            getattr(self, f"_{item.kind}", None)
            or self.world.disk.fault(item.kind)
            or self.consuming.act(item.kind)
            or self.browsing.act(item.kind)
        )
        if act is not None:
            act(item)
        else:
            self.ask(item.kind, item.told, item.workspace)

    def _moment(self, item: Item) -> float:
        machine = self.machine
        if item.leap == DUE:
            due = self.world.disk.store.next_due()
        elif item.leap == DEADLINE:
            due = self.oracles.next_deadline(item.workspace)
        else:
            return machine.seconds + item.leap
        if due is None:
            return machine.seconds
        away = (due - machine.now()).total_seconds() + item.off
        return machine.seconds + min(max(away, 0.0), LONGEST_LEAP)

    def ask(self, kind: str, told: dict[str, object], workspace: str) -> None:
        self._asked += 1
        front = self._asked % 2
        self.desks[front].waiting.append(Asked(self._asked, kind, told, workspace))
        self.processes[f"front-{front}"].wake()

    def _letter(self, item: Item) -> None:
        ledger, told = self.world.mail.ledger, item.told
        until = None
        if told["days"] is not None:
            until = (self.machine.now() + timedelta(days=told["days"])).date()
        if told["twice"]:
            self.machine.faults["delivered twice"] += 1
        for place in range(told["letters"] if ledger else 0):
            found = ledger[-1 - (told["letter"] + place) % min(len(ledger), 24)]
            self.world.mail.answer(found.key, Kind(told["kind"]), until=until, twice=told["twice"])
        for name in ("worker-0", "worker-1"):
            self.processes[name].wake()

    def _one_click_unsubscribe(self, item: Item) -> None:
        ledger = self.world.mail.ledger
        if ledger:
            found = ledger[-1 - item.told["letter"] % len(ledger)]
            campaign, recipient = self.world.mail.whom[found.key]
            told: dict[str, object] = {"campaign": campaign, "recipient": recipient}
            self.ask(item.kind, told, found.workspace)

    # Servers.

    def _revoke(self, item: Item) -> None:
        server = self.world.mail.server(item.workspace, item.told["account"])
        server.refuses = FailureClass(item.told["class"])
        self.machine.faults[f"refuses: {item.told['class']}"] += 1

    def _change_password(self, item: Item) -> None:
        server = self.world.mail.server(item.workspace, item.told["account"])
        server.password = f"secret:{self._asked}.{int(self.machine.seconds)}"
        self.machine.faults["password changed"] += 1

    def _heal(self, item: Item) -> None:
        server = self.world.mail.server(item.workspace, item.told["account"])
        server.refuses, server.silent_until = None, 0.0

    def _mend(self, item: Item) -> None:
        """Somebody puts everything right, as far as anybody can."""
        self._receive("takes")
        for account in ACCOUNTS:
            server = self.world.mail.server(item.workspace, account)
            server.refuses, server.silent_until, server.limit = None, 0.0, None
            self.ask("reconnect", {"account": account, "refusal": None}, item.workspace)
            told: dict[str, object] = {"account": account, "settings": item.told["settings"]}
            self.ask("connect", told, item.workspace)
        self.machine.run(self.machine.seconds + 5)
        self.ask("mend", {}, item.workspace)

    def _silence(self, item: Item) -> None:
        server = self.world.mail.server(item.workspace, item.told["account"])
        server.silent_until = self.machine.seconds + item.told["seconds"]

    def _greylist(self, item: Item) -> None:
        server = self.world.mail.server(item.workspace, item.told["account"])
        server.greylists_until = self.machine.seconds + item.told["seconds"]

    def _server_limit(self, item: Item) -> None:
        self.world.mail.server(item.workspace, item.told["account"]).limit = item.told["limit"]

    def _receiver(self, item: Item) -> None:
        self._receive(item.told["manner"])

    def _receive(self, manner: str) -> None:
        self.world.receiver.manner = manner
        if manner == "takes":
            resumed(self.world.disk)

    def _notices_fail(self, item: Item) -> None:
        self.world.outbox.refuses += item.told["times"]
        self.machine.faults["notices fail"] += 1

    def _consume(self, item: Item) -> None:
        self.processes.update((each.name, each) for each in self.consuming.consume(item.told))

    def _browse(self, _: Item) -> None:
        self.processes.update((each.name, each) for each in self.browsing.open())

    # Faults.

    def _process(self, item: Item) -> Process:
        """The one named, or whose business the mail is."""
        holder, _ = self.world.leases.get("mail", ("worker-0", 0.0))
        return self.processes[holder if item.told["process"] == "mail" else item.told["process"]]

    def _arm(self, item: Item, strike: Callable[[int], object]) -> None:
        """After so many pauses, of now or of a commit."""
        commits = item.told.get("commits")
        if commits is None:
            strike(item.told["pauses"])
        else:
            self._process(item).at_commit = commits, lambda: strike(item.told["pauses"])

    def _crash(self, item: Item) -> None:
        self._arm(item, self._process(item).crash)

    def _hang(self, item: Item) -> None:
        process, seconds = self._process(item), item.told["seconds"]
        self._arm(item, lambda pauses: process.hang(pauses, seconds))

    def _lose(self, item: Item) -> None:
        point = CrashPoint.AFTER_COMMIT if item.told["after"] else CrashPoint.BEFORE_COMMIT
        self._process(item).loses = point

    def _cut(self, item: Item) -> None:
        until = self.machine.seconds + item.told["seconds"]
        self._process(item).cut_until = until

    def _full_disk(self, item: Item) -> None:
        self.world.disk.full_until = self.machine.seconds + item.told["seconds"]

    def _set_clock(self, item: Item) -> None:
        self.machine.skew += item.told["by"]
        self.machine.faults["clock set"] += 1

    def _back_up(self, _: Item) -> None:
        self.world.disk.back_up()

    def _restore(self, item: Item) -> None:
        disk = self.world.disk
        if not disk.has_backup or disk.alarms:
            return
        self.oracles.look()
        disk.restore()
        self.machine.faults["backup restored"] += 1
        self.oracles.restored()
        told: dict[str, object] = {"confirm": item.told["confirm"]}
        for after in (item.told["after"], item.told["after"] + 4_000.0):
            self.machine.at(
                self.machine.seconds + after, lambda: self.ask("reconcile", told, WORKSPACES[0])
            )

    # Quiet.

    def _calm(self, item: Item) -> None:
        """No process fails for a while: nothing that workers alone do may wait."""
        self.machine.quiet = True
        self.world.disk.full_until, self.world.outbox.refuses = 0.0, 0
        for process in self.processes.values():
            process.mend()
        for _ in range(2):
            self._round(item.told["seconds"])
        self.oracles.stirred()
        self.machine.quiet = False

    def _round(self, seconds: float) -> None:
        """Everybody looks at what there is to do. While an alarm is up, nobody has to do it."""
        for process in self.processes.values():
            process.wake()
        self.machine.run(self.machine.seconds + seconds)
        if not self.world.disk.alarms:
            self.oracles.rested()

    def rest(self) -> None:
        """Nothing is wrong any more: what is under way ends, and everything is told."""
        machine, mail = self.machine, self.world.mail
        machine.quiet = True
        self.world.disk.full_until = 0.0
        self.world.outbox.refuses = 0
        self._receive("takes")
        if self.consuming.group is not None:
            self.consuming.group.sink.fails_until = 0.0
        for server in mail.servers.values():
            server.refuses, server.limit = None, None
            server.silent_until = server.greylists_until = 0.0
        for process in self.processes.values():
            process.mend()
        quiet = 0
        for _ in range(ROUNDS):
            quiet = 0 if self.world.disk.alarms else quiet + 1
            if self.world.disk.alarms:
                self.ask("reconcile", {"confirm": True}, WORKSPACES[0])
            self._round(AFTERWARDS)
            if quiet == QUIET_ROUNDS and not self.world.disk.alarms:
                break
        if self.consuming.group is not None:
            self.consuming.group.redrive()
        self._come_to_an_end()

    def _come_to_an_end(self) -> None:
        """What was recorded last is told, too."""
        for _ in range(ROUNDS):
            last = self.world.disk.store.last_entry()
            for process in self.processes.values():
                process.wake()
            self.machine.run(self.machine.seconds + TOLD_WITHIN)
            if self.world.disk.store.last_entry() == last:
                return

    def require_the_same_elsewhere(self) -> None:
        if self.consuming.group is not None and not self.world.disk.alarms:
            lacks = self.consuming.group.lacks()
            if lacks:
                raise Violated(f"a consumer: {lacks}")
        self.browsing.finish()


def told(plan: Plan, *, on: Callable[[int, Item], object] = lambda *_: None) -> Told:
    """The plan's run, to its end or to the first violation."""
    began = process_time()
    office, place, violation = Office(plan), -1, ""
    try:
        for place, item in enumerate(plan.items):
            on(place, item)
            office.tell(item)
            office.oracles.look()
        office.rest()
        office.oracles.finish()
        office.require_the_same_elsewhere()
    except Violated as error:
        violation = str(error)
    except AssertionError as error:
        violation = f"assertion: {error}"
    except Exception as error:  # noqa: BLE001 whatever production raises unasked is a finding
        violation = f"{type(error).__name__}: {error}"
    machine, oracles = office.machine, office.oracles
    machine.end()
    office.world.disk.close()
    return Told(
        plan,
        violation,
        place,
        oracles.commands,
        oracles.events,
        machine.seconds / 86_400 * len(office.world.mail.servers),
        process_time() - began,
        oracles.digest,
        dict(oracles.pairs),
        dict(machine.faults),
    )
