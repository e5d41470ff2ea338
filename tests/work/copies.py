"""A store with a long history, backups of it at any moment, and everything that stands in one.

``python -m tests.work.copies SOURCE STORE PAGE`` recovers STORE from SOURCE, told page by page on
the standard output: a process made to be killed.
"""

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import psycopg

from adapters.stores.sqlite import SQLiteStore
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.stream.cloud_events import CloudEvent
from engine.stream.reading import NOT_TOLD
from engine.stream.source import StoreAsSource
from engine.work.recover_log import recover_log
from tests.postgres import NamedServer
from tests.proof.victim import command_id, moment, opened, plan

WORKSPACES = ("acme", "beta")
Place = Path | str
Rows = list[tuple[Any, ...]]
TABLES = {
    "envelopes": "SELECT * FROM envelopes",
    "without_events": "SELECT * FROM envelopes_without_events",
    "store_identity": "SELECT * FROM store_identity",
}
FILE_TABLES = {
    **TABLES,
    "events": "SELECT rowid, * FROM stored_events",
    "workspaces": "SELECT * FROM workspaces",
}
DATABASE_TABLES = {
    **TABLES,
    "events": "SELECT * FROM stored_events",
    "workspaces": "SELECT workspace, recorded_at, last_position, events FROM workspaces",
}
"""When something is due next is derived from the timers, and compared with them."""


class Copying(Protocol):
    """A product: a place for a new store, a copy of one that nobody has open, and its rows."""

    def new(self) -> Place: ...

    def copy(self, place: Place) -> Place: ...

    def rows(self, place: Place) -> dict[str, Rows]: ...


class Files:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._count = 0

    def new(self) -> Path:
        self._count += 1
        return self._folder / f"store-{self._count}.db"

    def copy(self, place: Place) -> Path:
        new = self.new()
        shutil.copy(place, new)
        return new

    def rows(self, place: Place) -> dict[str, Rows]:
        assert isinstance(place, Path)
        with closing(SQLiteStore(place, read_only=True)) as store, store.reading() as c:
            return _sorted({each: c.execute(sql).fetchall() for each, sql in FILE_TABLES.items()})


class Databases:
    def __init__(self, server: NamedServer) -> None:
        self._server = server
        self._made = list[str]()

    def new(self) -> str:
        self._made.append(self._server.create_database())
        return self._made[-1]

    def copy(self, place: Place) -> str:
        new = self.new()
        name, template = (urlsplit(str(each)).path[1:] for each in (new, place))
        with psycopg.connect(self._server.url(), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}"')
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
        return new

    def rows(self, place: Place) -> dict[str, Rows]:
        with psycopg.connect(str(place)) as connection:
            asked = DATABASE_TABLES.items()
            return _sorted({each: connection.execute(sql).fetchall() for each, sql in asked})

    def close(self) -> None:
        for each in self._made:
            self._server.drop_database(each)


def _sorted(found: dict[str, Rows]) -> dict[str, Rows]:
    """Of a refusal the code alone is told: its sentence is that of a recovered one."""
    found["envelopes"] = [(*row[:9], _untold(row[9])) for row in found["envelopes"]]
    return {table: sorted(rows, key=repr) for table, rows in found.items()}


def _untold(rejection: str | None) -> str | None:
    return rejection and json.dumps({**json.loads(rejection), "message": NOT_TOLD})


def act(place: Place, steps: range) -> None:
    """Go on with the plan of these steps, in two workspaces."""
    clock = ManualClock(moment(steps.start))
    with opened(place, clock) as (store, _):
        engine = Engine(store, snapshot_every=25)
        for number in steps:
            clock.time = moment(number)
            step = plan()[number]
            for workspace in WORKSPACES[: 1 + number % 2]:
                if isinstance(step, Command):
                    told = command_id(number)
                    engine.execute(workspace, step, command_id=told, actor="user:test")
                else:
                    engine.tick(workspace)


class Told:
    """The records of a stream, as they are given."""

    name = "the topic"

    def __init__(self, records: Sequence[CloudEvent]) -> None:
        self.given = list(records)

    def records(self) -> Iterator[CloudEvent]:
        return iter(self.given)


def told_of(place: Place) -> list[CloudEvent]:
    with opened(place, ManualClock(moment(0))) as (store, _):
        return [*StoreAsSource(store).records()]


def _tell(entry: int) -> None:
    sys.stdout.write(f"{entry}\n")
    sys.stdout.flush()


def main(source: str, place: str, page: str) -> None:
    places = [each if "://" in each else Path(each) for each in (source, place)]
    with (
        opened(places[0], ManualClock(moment(0))) as (told, _),
        opened(places[1], ManualClock(moment(0))) as (store, _),
    ):
        recover_log(
            store,
            StoreAsSource(told),
            page=int(page),
            progress=_tell,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
