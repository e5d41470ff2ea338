"""What survives a process, in the embedded store on a drive in memory."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from itertools import count
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, cast

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.ports.store import Store
from engine.ports.views import Views
from tests.proof.fragile import Crash, CrashPoint, _FragileTransaction
from tests.simulation.disk import Connection, Disk
from tests.simulation.machine import Machine, Process
from tests.simulation.plan import Item
from tests.simulation.sqlite import vfs
from tests.simulation.sqlite.drive import Drive
from tests.simulation.sqlite.durability import Durability, Group
from tests.simulation.sqlite.library import seed_of_randomness
from tests.simulation.sqlite.system import Strike, System

FILE, OBSERVER = "sim.db", "observer"


class Opened(NamedTuple):
    """The store as one program has it open."""

    program: str
    store: SQLiteStore
    views: SQLiteViews


class SQLiteDisk(Disk):
    """Each process has the file open by itself; an observer, at whom nothing strikes, reads it."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        random = Random(f"{machine.seed} drive")
        seed_of_randomness(random.randrange(1, 2**31))
        self.drive = Drive(random, sector=random.choice((512, 4096)))
        self.system = System(self.drive)
        self.system.is_full = self._is_full
        self.durability = Durability()
        self._mounted = vfs.mounted(self.system)
        self._processes: dict[str, Process] = {}
        self._open: dict[str, Opened] = {}
        self._numbers = count(1)
        self._look_anew()

    def connect(self, process: Process) -> Connection:
        self._processes[process.name] = process
        return SQLiteConnection(self, process)

    def views_of(self, process: Process) -> Views:
        return cast("Views", AsOpened(process, lambda: self.opened(process.name).views))

    def envelopes(self) -> int:
        with self._observer.reading() as c:
            return int(c.execute("SELECT count(*) FROM envelopes").fetchone()[0])

    def refuses(self) -> bool:
        return False  # the drive does

    def fault(self, kind: str) -> Callable[[Item], object] | None:
        return self._strike if kind == "strike" else None

    def close(self) -> None:
        vfs.unmount(self._mounted)
        self._forget_what_ended()
        seed_of_randomness(0)

    def opened(self, name: str) -> Opened:
        known = self._open.get(name)
        if known is None or known.program in self.system.ended:
            self._forget_what_ended()
            known = self._open[name] = self._opened(name)
        return known

    def begin(self, process: Process) -> None:
        """It has nothing open of what it had in the life before."""
        if process.name in self._open:
            self.system.end(self._open[process.name].program)

    def _opened(self, name: str) -> Opened:
        program = f"{name}.{next(self._numbers)}"
        if name == OBSERVER:
            self.system.observers.add(program)
        path = Path(vfs.address(self._mounted, program, FILE))
        store = SQLiteStore(path, self.machine.now)
        return Opened(program, store, SQLiteViews(store))

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
                c.execute(SQLiteStore.ENTRIES["renew_store_id"], {"store_id": "sim"})

    # Faults.

    def _is_full(self) -> bool:
        full = self.machine.seconds < self.full_until
        self.machine.faults["full disk"] += full
        return full

    def _strike(self, item: Item) -> None:
        struck = {"power cut": self._cut, "killed": self._kill, "I/O error": self._err}
        happens = struck[item.told["what"]]
        self.system.strike = Strike(item.told["changes"], happens)

    def _cut(self, _: str) -> None:
        self.machine.faults["power cut"] += 1
        self.system.lose_power()
        self.machine.at(self.machine.seconds, self._check)
        for each in self._processes.values():
            each.fall()

    def _kill(self, program: str) -> None:
        self.machine.faults["killed at a write"] += 1
        self.system.end(program)
        self._processes[program.rpartition(".")[0]].fall()
        self.machine.at(self.machine.seconds, self._check)

    def _err(self, _: str) -> None:
        self.machine.faults["I/O error"] += 1

    def _check(self) -> None:
        self._look_anew()
        self.durability.check(self._observer)

    # Backups.

    def _copied(self) -> Mapping[str, object]:
        known = {name: vars(self)[name] for name in ("alarms", "cursors", "relayed")}
        return {
            **{
                name: dict(each) if isinstance(each, dict) else each for name, each in known.items()
            },
            "durability": self.durability.copied(),
            "files": self.drive.copied(),
        }

    def _put_back(self, backup: Mapping[str, object]) -> None:
        super()._put_back(backup)
        self.system.end_all()
        self.drive.replace(cast("dict[str, bytes]", backup["files"]))
        self._look_anew()


@contextmanager
def _living(process: Process) -> Iterator[None]:
    """Where it died meanwhile, it ends here, whatever it was told."""
    try:
        yield
    finally:
        if process.is_dead:
            raise Crash


class AsOpened:
    """Whatever is asked of it, is asked of what the process has open."""

    def __init__(self, process: Process, found: Callable[[], object]) -> None:
        self._process, self._found = process, found

    def __getattr__(self, name: str) -> Any:
        with _living(self._process):
            known = getattr(self._found(), name)
        return self._called(known) if callable(known) else known

    def _called(self, known: Callable[..., Any]) -> Callable[..., Any]:
        def call(*told: Any, **named: Any) -> Any:
            with _living(self._process):
                answer = known(*told, **named)
            return self._within(answer) if isinstance(answer, AbstractContextManager) else answer

        return call

    @contextmanager
    def _within(self, block: AbstractContextManager[object]) -> Iterator[object]:
        with _living(self._process), block as opened:
            yield opened


class SQLiteConnection(Connection):
    """Notes what was handed in together, and whether it was acknowledged."""

    _disk: SQLiteDisk

    def __init__(self, disk: SQLiteDisk, process: Process) -> None:
        super().__init__(disk, process)
        disk.begin(process)
        self._store = cast("Store", AsOpened(process, lambda: disk.opened(process.name).store))
        self._group: Group | None = None

    @property
    def inner(self) -> Store:
        return self._store

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
