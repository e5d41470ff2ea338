"""What survives a process, in the embedded store on a drive in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

from adapters.stores.small_tables.small_table import TableStore
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.entries import Numbered
from engine.ports.clock import Clock
from engine.ports.log import Log
from engine.ports.store import Store
from engine.ports.views import Views
from events.recorded import Envelope
from tests.proof.fragile import Crash, CrashPoint, _FragileTransaction
from tests.simulation.disk import Connection, Disk, Recorder
from tests.simulation.machine import Machine, Process
from tests.simulation.oracles import PAGE
from tests.simulation.plan import Item
from tests.simulation.sqlite import vfs
from tests.simulation.sqlite.drive import Drive
from tests.simulation.sqlite.durability import Durability, Group
from tests.simulation.sqlite.library import seed_of_randomness
from tests.simulation.sqlite.system import Strike, System

OBSERVER = "observer"
SECTORS = (512, 4096)


class StoreOf(SQLiteStore):
    """As a process has it open: where that died in a call, the call ends it."""

    def __init__(self, path: Path, clock: Clock, process: Process | None) -> None:
        self._process = process
        super().__init__(path, clock)

    @contextmanager
    def explained(self) -> Iterator[None]:
        try:
            with super().explained():
                yield
        finally:
            if self._process is not None and self._process.is_dead:
                raise Crash


class Opened(NamedTuple):
    program: str
    store: StoreOf
    views: SQLiteViews


class Reopened:
    """The store as it is open now."""

    def __init__(self, find: Callable[[], StoreOf]) -> None:
        self._find = find

    def __getattr__(self, name: str) -> Any:
        return getattr(self._find(), name)


class Followed:
    """What the in-memory store's recorder keeps, as the log tells it."""

    def __init__(self) -> None:
        self.envelopes: list[Envelope] = []
        self.filled: list[Envelope] = []
        self.without_events: list[Numbered] = []
        self._last = -1

    def follow(self, log: Log) -> None:
        while found := log.entries(self._last, PAGE):
            for number, envelope, row in found:
                if self.envelopes[-1:] == [envelope]:
                    continue
                self.envelopes.append(envelope)
                if row:
                    self.filled.append(envelope)
                else:
                    self.without_events.append(
                        Numbered(len(self.without_events) + 1, number, envelope)
                    )
            self._last = found[-1].number


class SQLiteDisk(Disk):
    """Each process has the file open by itself; an observer, at which nothing strikes, reads it."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        random = Random(f"{machine.seed} drive")
        seed_of_randomness(random.randrange(1, 2**31))
        self.drive = Drive(random, random.choice(SECTORS))
        self.system = System(self.drive, super().refuses)
        self.durability = Durability()
        self._recorder = Followed()
        self._mounted = vfs.mounted(self.system)
        self._processes: dict[str, Process] = {}
        self._open: dict[str, Opened] = {}
        self._numbers = count(1)
        self._look_anew()

    def connect(self, process: Process) -> Connection:
        self._processes[process.name] = process
        if process.name in self._open:
            self.system.end(self._open[process.name].program)
        return SQLiteConnection(self, process)

    def tables_of(self, process: Process | None) -> TableStore:
        name = process.name if process else OBSERVER
        return cast("TableStore", Reopened(lambda: self.opened(name).store))

    def views_of(self, process: Process) -> Views:
        return self.opened(process.name).views

    @property
    def recorder(self) -> Recorder:
        self._recorder.follow(self.store)
        return self._recorder

    def refuses(self) -> bool:
        return False  # the drive does

    def fault(self, kind: str) -> Callable[[Item], object] | None:
        return {"strike": self._strike, "lie": self._lie}.get(kind)

    def close(self) -> None:
        vfs.unmount(self._mounted)
        self._forget_what_ended()
        seed_of_randomness(0)

    def opened(self, name: str) -> Opened:
        """Opens it where what the process had open has ended."""
        self._forget_what_ended()
        process = self._processes.get(name)
        if process is not None and process.is_dead:
            raise Crash
        if name not in self._open:
            program = f"{name}.{next(self._numbers)}"
            if name == OBSERVER:
                self.system.observers.add(program)
            path = Path(vfs.address(self._mounted, program, "sim.db"))
            store = StoreOf(path, self.machine.now, process)
            self._open[name] = Opened(program, store, SQLiteViews(store))
        return self._open[name]

    def _forget_what_ended(self) -> None:
        for name, known in list(self._open.items()):
            if known.program in self.system.ended:
                del self._open[name]
                known.store.close()

    def _look_anew(self) -> None:
        _, self._observer, self.views = self.opened(OBSERVER)
        self.store = self._observer
        if self.store.identity.store_id != "sim":
            with self._observer.writing() as c:
                c.execute(StoreOf.ENTRIES["renew_store_id"], {"store_id": "sim"})

    # Faults.

    def _strike(self, item: Item) -> None:
        happens = {"power cut": self._cut, "killed": self._kill, "I/O error": self._err}
        self.system.strike = Strike(item.told["changes"], happens[item.told["what"]])

    def _lie(self, _: Item) -> None:
        """The drive says from now on that it has synchronized, and does not: no store can help."""
        self.drive.synchronizes = False

    def _cut(self, _: str) -> None:
        self.machine.faults["power cut"] += 1
        self.system.lose_power()
        self._ends(*self._processes.values())

    def _kill(self, program: str) -> None:
        self.machine.faults["killed at a write"] += 1
        self.system.end(program)
        self._ends(self._processes[program.rpartition(".")[0]])

    def _err(self, _: str) -> None:
        self.machine.faults["I/O error"] += 1

    def _ends(self, *processes: Process) -> None:
        self.machine.at(self.machine.seconds, self._check)
        for each in processes:
            each.fall()

    def _check(self) -> None:
        self._look_anew()
        self.durability.check(self._observer)

    # Backups.

    def _copied(self) -> Mapping[str, object]:
        return {
            **self._copied_beside(),
            "durability": self.durability.copied(),
            "files": self.drive.copied(),
        }

    def _put_back(self, backup: Mapping[str, object]) -> None:
        super()._put_back(backup)
        self.system.end_all()
        self._recorder = Followed()
        self.drive.replace(cast("dict[str, bytes]", backup["files"]))
        self._look_anew()


class SQLiteConnection(Connection):
    """Notes what was handed in together, and whether it was acknowledged."""

    _disk: SQLiteDisk
    _group: Group | None = None

    @property
    def inner(self) -> Store:
        return self._disk.opened(self._process.name).store

    @inner.setter
    def inner(self, _: object) -> None: ...

    @contextmanager
    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> Iterator[Mapping[str, _FragileTransaction]]:
        with super().transactions(asked) as opened:
            yield opened
            held = [each.held for each in opened.values() if each.held is not None]
            self._group = self._disk.durability.handed_in(held)

    def pass_by(self, point: CrashPoint) -> None:
        if point is CrashPoint.AFTER_COMMIT and self._group is not None:
            self._group.acknowledged = True
        super().pass_by(point)
