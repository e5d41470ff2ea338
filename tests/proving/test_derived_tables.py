# ruff: noqa: S608 the names of tables and columns are ours
"""Whoever changes what a store derives from its log is found by ``store check``."""

import random
import re
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from functools import cached_property
from itertools import product
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.types.json import Jsonb

from adapters.cli.stores import findings, notes_of
from adapters.stores.opening import Opened
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.streams import BY_SNAPSHOT
from projections.shipped import SHIPPED
from tests.law.story import BOB, DAY, HOUR, NOON, disconnect, import_recipients
from tests.workplace import Workplace, much_happens, opened_at

ROOT = Path(__file__).parents[2]
TAMPERINGS = 150
SOAK = (pytest.mark.soak, pytest.mark.timeout(14_400))
LATER = NOON + 2 * DAY + 2 * HOUR
"""No reminder is due then: one that is past may be gone."""
VIEWS = tuple(f"view_{each.name}" for each in SHIPPED)
DERIVED = (*VIEWS, "tracking", "timers", "roster", "snapshots", "workspaces")
"""What ``store check`` compares with the log."""
COMMITTED = {
    *("stored_events", "envelopes", "envelopes_without_events", "workspace_secrets"),
    *("store_identity", "generations", "directory"),
}
"""What the signed tree commits to, its name and the rows of the directory included."""

TOPIC = 2
"""Column of snapshots; one of another topic is not read."""

Row = tuple[Any, ...]
Rows = list[Row]
Tamper = Callable[["Scene"], None]


class Database:
    """Whole tables, read and written behind the program's back."""

    def __init__(self, opened: Opened, url: str) -> None:
        self.opened = opened
        self._is_server = url.startswith("postgresql")
        self._connection: Any = psycopg.connect(url) if self._is_server else sqlite3.connect(url)
        self.earlier: dict[str, Rows] = {}

    def keep_earlier(self) -> None:
        self.earlier = {table: self.read(table) for table in DERIVED}

    @cached_property
    def now(self) -> dict[str, Rows]:
        return {table: self.read(table) for table in DERIVED}

    def told(self, table: str) -> str:
        """By check. A position may be told as one of a view that is behind, or of a version; a time
        as one that the clock was set back from."""
        found = [*findings(self.opened)]
        with_notes = table in {"", "tracking", "workspaces"}
        return " ".join([*found, *(notes_of(self.opened) if with_notes else ())])

    def tables(self) -> set[str]:
        schema = "pg_tables WHERE schemaname = 'public'"
        product = "sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        name, of = ("tablename", schema) if self._is_server else ("name", product)
        return {name for (name,) in self._select(f"SELECT {name} FROM {of}")}

    def read(self, table: str) -> Rows:
        return self._select(f"SELECT * FROM {table}")

    def write(self, table: str, rows: Rows) -> bool:
        """False where the database does not let it happen."""
        mark = "%s" if self._is_server else "?"
        try:
            with closing(self._connection.cursor()) as c:
                c.execute(f"DELETE FROM {table}")
                for row in rows:
                    marks = ", ".join(mark for _ in row)
                    values = tuple(Jsonb(each) if isinstance(each, dict) else each for each in row)
                    c.execute(f"INSERT INTO {table} VALUES ({marks})", values)
            self._connection.commit()
        except (sqlite3.IntegrityError, psycopg.IntegrityError, psycopg.DataError):
            self._connection.rollback()
            return False
        return True

    def close(self) -> None:
        self._connection.close()
        self.opened.close()

    def _select(self, statement: str) -> Rows:
        with closing(self._connection.cursor()) as c:
            rows = [tuple(row) for row in c.execute(statement).fetchall()]
            self._connection.rollback()
        return rows


class Scene:
    """A table and the dice."""

    def __init__(self, table: str, database: Database, chance: random.Random) -> None:
        self.table, self.chance = table, chance
        self.rows, self.earlier = [*database.now[table]], database.earlier[table]

    def any_row(self) -> int:
        return self.chance.randrange(len(self.rows))

    def any_column(self) -> int:
        return self.chance.randrange(len(self.rows[0]))

    def put(self, row: int, column: int, value: Any) -> None:
        self.rows[row] = (*self.rows[row][:column], value, *self.rows[row][column + 1 :])


def edit(scene: Scene) -> None:
    """One value of one row becomes another one."""
    row, column = scene.any_row(), scene.any_column()
    scene.put(row, column, _other(scene.rows[row][column], scene.chance))


def erase(scene: Scene) -> None:
    """One value of one row is gone."""
    scene.put(scene.any_row(), scene.any_column(), None)


def delete(scene: Scene) -> None:
    del scene.rows[scene.any_row()]


def delete_all(scene: Scene) -> None:
    scene.rows.clear()


def insert(scene: Scene) -> None:
    """A row like one that is there, under another key."""
    row = scene.rows[scene.any_row()]
    scene.rows.append(row)
    column = scene.chance.randrange(min(3, len(row)))
    scene.put(len(scene.rows) - 1, column, _other(row[column], scene.chance))


def swap(scene: Scene) -> None:
    """Two rows change what they say."""
    one, other = scene.any_row(), scene.any_row()
    column = scene.any_column()
    values = scene.rows[other][column], scene.rows[one][column]
    for row, value in zip((one, other), values, strict=True):
        scene.put(row, column, value)


def roll_back(scene: Scene) -> None:
    """The table is as it was, and the others go on."""
    scene.rows[:] = scene.earlier


TAMPERS: tuple[Tamper, ...] = (edit, edit, erase, delete, delete_all, insert, swap, roll_back)


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Views in step with a log in which much happened; ``earlier`` has them as they were before."""
    clock = ManualClock(NOON)
    with closing(opened_at(url, clock)) as writing:
        runner = ProjectionRunner(writing.store, writing.views, SHIPPED)
        much_happens(Workplace(writing.store, clock, snapshot_every=10))
        runner.catch_up()
        with closing(Database(opened_at(url, ManualClock(LATER), read_only=True), url)) as found:
            found.keep_earlier()
            Workplace(writing.store, clock, name="later", snapshot_every=10).at(LATER).given(
                import_recipients("n1", "n2"), disconnect(BOB)
            )
            runner.catch_up()
            yield found


@pytest.mark.parametrize("count", [TAMPERINGS, pytest.param(10_000, marks=SOAK)])
def test_every_change_of_a_derived_table_is_found(database: Database, count: int) -> None:
    chance, missed, tried = random.Random(13), list[tuple[str, str, Any]](), Counter[str]()
    assert database.told("") == ""
    while sum(tried.values()) < 2 * count:
        table, tamper = chance.choice(DERIVED), chance.choice(TAMPERS)
        scene = Scene(table, database, chance)
        tamper(scene)
        before, after = database.now[table], scene.rows
        change = Counter(map(repr, after)), Counter(map(repr, before))
        if change[0] == change[1] or _is_harmless(table, before, after, scene.earlier):
            continue
        if database.write(table, after):
            tried.update([table, tamper.__name__])
            if not database.told(table):
                missed.append((table, tamper.__name__, change[0] - change[1]))
            assert database.write(table, before)
    assert missed == []
    assert {*tried} == {*DERIVED, *(each.__name__ for each in TAMPERS)}


@pytest.mark.parametrize("url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("table", DERIVED)
def test_a_value_of_a_type_that_nobody_wrote_is_found(database: Database, table: str) -> None:
    """The embedded store's columns take any."""
    *others, last = database.now[table]
    for column, value in product(range(len(last)), (b"\0", 1.5, "\x1b[2J", "", "[1]", 10**18)):
        changed = (*last[:column], value, *last[column + 1 :])
        if changed != last and (table, column) != ("snapshots", TOPIC):
            assert database.write(table, [*others, changed])
            assert database.told(table), (column, value)


def _is_harmless(table: str, before: Rows, after: Rows, earlier: Rows) -> bool:
    """Snapshots only spare time: one may be gone, or older. One row of tracking is no view's."""
    if table == "snapshots":
        return {row for row in after if row[2] in BY_SNAPSHOT} <= {*before, *earlier}
    return table == "tracking" and _of_views(before) == _of_views(after)


def _of_views(tracked: Rows) -> set[Row]:
    return {row for row in tracked if row[0] is not None and "/" in row[0]}


def test_every_table_is_compared_or_committed_to_or_named_as_outside(
    database: Database,
) -> None:
    """So that nobody forgets one that is new. Some are made when they are first written."""
    beyond = (ROOT / "docs" / "proof.md").read_text().partition("Not committed to")[2]
    named = {*re.findall(r"`(\w+)`", beyond.partition("\n## ")[0])}
    in_files = {
        table
        for file in (ROOT / "adapters" / "stores").rglob("*.sql")
        for table in re.findall(r"CREATE TABLE (?:IF NOT EXISTS )?(\w+)", file.read_text())
    }
    known = {*database.tables(), *in_files}
    assert {*DERIVED, *COMMITTED} <= known
    assert known - {*DERIVED, *COMMITTED} <= named


def _other(value: Any, chance: random.Random) -> Any:
    match value:
        case bool():
            return not value
        case int():
            return value + chance.choice((-1, 1, 1_000_000))
        case str() if value:
            return value[:-1] + ("x" if value[-1] != "x" else "y")
        case bytes():
            place = chance.randrange(len(value))
            return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        case datetime():
            return value + timedelta(seconds=1)
        case dict():
            return {**value, "one more": 1}
        case list():
            return [*value, "one more"]
    return "x"
