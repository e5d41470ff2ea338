"""What survives a process: the store and all that is kept beside it, its backup, its witness."""

from collections.abc import Callable, Iterator, Mapping, Sequence, Sized
from contextlib import contextmanager
from copy import copy
from datetime import datetime
from typing import NamedTuple, Protocol, cast

from adapters.stores.memory import MemoryStore, MemoryViews
from adapters.stores.small_tables.small_table import TableStore
from engine.batch import KEEPS_FACTS
from engine.entries import Numbered
from engine.ports.clock import Clock
from engine.ports.coordination import Alarm
from engine.ports.errors import StillHeld, StoreRefused
from engine.ports.log import Entry, Page
from engine.ports.store import Store
from engine.ports.transactions import Append, WorkspaceReading
from engine.ports.views import Views
from engine.ports.witness import Noted
from engine.stream.log_sink import Relayed
from engine.work.mailing.inboxes import Cursor
from engine.work.webhooks.endpoint import Endpoint
from events.recorded import Envelope
from events.vocabulary import AccountId
from tests.proof.fragile import CrashPoint, FragileStore, Lost, _FragileTransaction
from tests.simulation.machine import Machine, Process
from tests.simulation.plan import Item
from tests.tables_in_memory import TablesInMemory

KEY, WITH_REQUEST = 37, 70
"""Characters of a command id that are its key's, and with the digest of its request."""
USED = """SELECT 1 FROM envelopes
WHERE workspace = ? AND substr(command_id, 1, 37) = ? AND command_id <> ?"""


class Recorder(Protocol):
    """All envelopes; those that hold events, and those that hold none, in the order of the log."""

    @property
    def envelopes(self) -> Sized: ...

    @property
    def filled(self) -> Sequence[Envelope]: ...

    @property
    def without_events(self) -> Sequence[Numbered]: ...


class Opening(NamedTuple):
    """A reconciliation that opened the store."""

    began: float
    """Seconds."""
    since: datetime
    """When the last event of the restored log was recorded."""
    at: datetime
    confirmed: Mapping[AccountId, int]
    """Numbers at stake, by a person."""
    read: frozenset[tuple[str, AccountId]]
    """Accounts, by workspace, whose inboxes were read."""


class Disk:
    """One database. ``epoch`` grows when a backup takes its place: connections are lost then."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        store = MemoryStore(machine.now)
        store._store_id = "sim"
        self.store: Store = store
        self.views: Views = MemoryViews()
        self.cursors: dict[tuple[str, AccountId], Cursor] = {}
        self.alarms: dict[str, Alarm] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self.relayed: Relayed | None = None
        self.beside = Beside(machine.now)
        self.busy: set[str] = set()
        """What is held by name."""
        self.witness: Noted | None = None
        """Elsewhere: no backup brings it back."""
        self.drawn = 0
        """The highest number that the witness has given a generation."""
        self.epoch = 0
        self.lacks_sends_since: float | None = None
        """When a backup came that the witness is ahead of, until somebody reconciles it."""
        self.full_until = 0.0
        self.on_commit: list[Callable[[str], None]] = []
        """Called with the name of the process that committed."""
        self.on_open: list[Callable[[Opening], object]] = []
        """Called when somebody has reconciled it."""
        self._backup: Mapping[str, object] | None = None

    @property
    def has_backup(self) -> bool:
        return self._backup is not None

    def back_up(self) -> None:
        self._backup = self._copied()

    def restore(self) -> None:
        """The backup takes the place of the database."""
        assert self._backup is not None
        self._put_back(self._backup)
        self._backup = self._copied()
        self.epoch += 1
        if self.witness is not None and self.witness.position > self.store.last_position():
            self.lacks_sends_since = self.machine.seconds

    def _copied(self) -> Mapping[str, object]:
        return {
            "store": _copy_of_store(cast("MemoryStore", self.store)),
            "views": _copy_of_views(cast("MemoryViews", self.views)),
            **self._copied_beside(),
        }

    def _copied_beside(self) -> Mapping[str, object]:
        return {
            "cursors": dict(self.cursors),
            "alarms": dict(self.alarms),
            "endpoints": dict(self.endpoints),
            "relayed": self.relayed,
            "beside": self.beside.copied(),
        }

    def _put_back(self, backup: Mapping[str, object]) -> None:
        vars(self).update(backup)

    @property
    def recorder(self) -> Recorder:
        return cast("MemoryStore", self.store).recorder

    def connect(self, process: Process) -> "Connection":
        return Connection(self, process)

    def tables_of(self, process: Process | None) -> TableStore:  # noqa: ARG002 all see the same
        """The small tables, for a process or whoever looks on."""
        return self.beside

    def views_of(self, process: Process) -> Views:  # noqa: ARG002 all see the same
        return self.views

    def refuses(self) -> bool:
        """Is a write that is about to be committed refused?"""
        full = self.machine.seconds < self.full_until
        self.machine.faults["full disk"] += full
        return full

    def fault(self, kind: str) -> Callable[[Item], object] | None:  # noqa: ARG002 it has none
        """One that only some disks know."""
        return None

    def close(self) -> None: ...

    # Coordination, as far as the fence asks for it.

    def coordination(self) -> "Alarms":
        return Alarms(self)


class Beside(TablesInMemory):
    """The small tables beside a log in memory, with the index of the log that one of them needs."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        with self.writing() as c:
            c.execute("CREATE TABLE envelopes (workspace TEXT, command_id TEXT)")

    def copied(self) -> "Beside":
        fresh = Beside(self.now)
        fresh._connection.deserialize(self._connection.serialize())
        return fresh

    def require_free(self, append: Append) -> None:
        """One request a key. Raises ``StoreRefused``."""
        with self.reading() as c:
            for workspace, command_id in _by_key(append):
                about = workspace, command_id[:KEY], command_id
                if c.execute(USED, about).fetchone():
                    raise StoreRefused(store="sim", advice="take another key", said="not unique")

    def note(self, append: Append) -> None:
        if told := list(_by_key(append)):
            with self.writing() as c:
                c.executemany("INSERT INTO envelopes VALUES (?, ?)", told)


def _by_key(append: Append) -> Iterator[tuple[str, str]]:
    for each in append.envelopes:
        if len(each.command_id) == WITH_REQUEST and each.command_id.startswith(KEEPS_FACTS):
            yield each.workspace, each.command_id


class Alarms:
    """``Coordination``, as far as a fence and requests need one."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def workers(self) -> Sequence[object]:
        return ()

    def alarms(self) -> Sequence[Alarm]:
        return list(self._disk.alarms.values())

    @contextmanager
    def exclusively(self, name: str, patience: float) -> Iterator[None]:
        if name in self._disk.busy:
            raise StillHeld(name=name, patience=patience)
        self._disk.busy.add(name)
        try:
            yield
        finally:
            self._disk.busy.discard(name)

    def alarm(self, about: str, text: str) -> bool:
        known = about in self._disk.alarms
        self._disk.alarms.setdefault(about, Alarm(about, text, self._disk.store.now()))
        return not known

    def calm(self, about: str) -> None:
        self._disk.alarms.pop(about, None)


class Elsewhere:
    """``Witness``."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk

    def read(self) -> Noted | None:
        return self._disk.witness

    def note(self, noted: Noted) -> Noted:
        known = self._disk.witness
        if known is None or known.position < noted.position:
            self._disk.witness = known = noted
        return known

    def begin_anew(self, noted: Noted) -> None:
        self._disk.witness = noted

    def draw_generation(self, above: int) -> int:
        self._disk.drawn = max(self._disk.drawn, above) + 1
        return self._disk.drawn


class DiskCursors:
    """``InboxCursors``."""

    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk, self._process = disk, process

    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        known = self._disk.cursors.items()
        return {account: each for (place, account), each in known if place == workspace}

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None:
        self._process.give_way()
        self._disk.cursors[workspace, account_id] = cursor
        self._process.give_way()

    def forget(self, workspace: str, account_id: AccountId) -> None:
        self._disk.cursors.pop((workspace, account_id), None)


class Connection(FragileStore):
    """The store as one process reaches it."""

    def __init__(self, disk: Disk, process: Process) -> None:
        self._disk, self._process = disk, process
        self._epochs = [disk.epoch, disk.epoch]
        """As the connections know it with which transactions and looks, and the rest, are made."""
        self._inside = False
        super().__init__(disk.store)

    @property
    def inner(self) -> Store:
        return self._disk.store

    @inner.setter
    def inner(self, _: object) -> None: ...

    @contextmanager
    def look(self, workspace: str) -> Iterator[WorkspaceReading]:
        self.reach(0)
        with self.inner.look(workspace) as reading:
            yield reading

    @contextmanager
    def transactions(
        self, asked: Mapping[str, Sequence[str]]
    ) -> Iterator[Mapping[str, _FragileTransaction]]:
        self.reach(0)
        self._inside = True
        try:
            with super().transactions(asked) as opened:
                yield opened
                for each in opened.values():
                    if each.held is not None:
                        self._disk.beside.require_free(each.held)
        finally:
            self._inside = False
            self.committed.clear()

    def read(self, after: int, limit: int) -> Page:
        self.reach()
        return self.inner.read(after, limit)

    def entries(self, after: int, limit: int) -> Sequence[Entry]:
        self.reach()
        return self.inner.entries(after, limit)

    def reach(self, connection: int = 1) -> None:
        """Others may be quicker; and the connection may be lost by now."""
        if self._inside:
            return
        process, machine = self._process, self._process.machine
        process.give_way()
        if process.cut_until > machine.seconds:
            machine.faults["partition"] += 1
            process.pause(process.cut_until - machine.seconds)
            raise Lost(CrashPoint.BEFORE_APPEND)
        if self._epochs[connection] != self._disk.epoch:
            self._epochs[connection] = self._disk.epoch
            raise Lost(CrashPoint.BEFORE_APPEND)

    def pass_by(self, point: CrashPoint) -> None:
        process, machine = self._process, self._process.machine
        if point is CrashPoint.BEFORE_COMMIT and self._disk.refuses():
            raise StoreRefused(store="sim", advice="the disk is full", said="full")
        if process.loses is point and not machine.quiet:
            process.loses = None
            named = "unknown commit" if point is CrashPoint.AFTER_COMMIT else "lost commit"
            machine.faults[named] += 1
            raise Lost(point)
        if point is CrashPoint.AFTER_COMMIT:
            self._inside = False
            for _, append in self.committed:
                self._disk.beside.note(append)
            for each in self._disk.on_commit:
                each(process.name)
            process.committed()
            process.give_way()


def _copy_of_store(store: MemoryStore) -> MemoryStore:
    fresh = MemoryStore(store._clock)
    fresh._store_id, fresh._generations = store._store_id, list(store._generations)
    fresh._snapshots_of = dict(store._snapshots_of)
    for name, value in vars(store.recorder).items():
        if isinstance(value, dict | list):
            setattr(fresh.recorder, name, _copied(value))
    return fresh


def _copied(value: object) -> object:
    """Two levels: what lies below never changes."""
    if isinstance(value, dict):
        inner = {
            key: copy(each) if isinstance(each, dict | list) else each
            for key, each in value.items()
        }
        fresh = copy(value)
        fresh.update(inner)
        return fresh
    return copy(value)


def _copy_of_views(views: MemoryViews) -> MemoryViews:
    fresh = MemoryViews()
    for name, value in vars(views).items():
        setattr(fresh, name, _copied(value))
    return fresh
