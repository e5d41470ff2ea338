# ruff: noqa: S608 the names of tables and columns are ours
"""Whoever has store and tiles, but neither key nor note, changes nothing without being found.

Tried at random, with care where care is possible: rows are renumbered so that nothing is missing,
and tiles are made anew for the changed log.
"""

import random
import shutil
import sqlite3
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.composition.programs import running
from adapters.proof.signing import make_keys
from tests.law.story import ANN, connect, import_recipients
from tests.proving.committed_people import crowd, forget_people, import_people
from tests.proving.signed_log import LATER, SignedLog, signed_log

TAMPERINGS = 300
SOAK = (pytest.mark.soak, pytest.mark.timeout(14_400))
EVENTS, ENVELOPES, NUMBERS = "stored_events", "envelopes", "envelopes_without_events"
SECRETS = "workspace_secrets"
LOG = (EVENTS, EVENTS, ENVELOPES, ENVELOPES, NUMBERS, SECRETS)
Tamper = Callable[["Scene"], None]


class Scene:
    """A copy of everything an attacker has, and the dice."""

    def __init__(self, log: SignedLog, earlier: Path, chance: random.Random) -> None:
        self.log, self.earlier, self.chance = log, earlier, chance
        self.file = sqlite3.connect(log.url)
        self.sql = self.file.execute

    def row(self, table: str) -> int:
        rows = [row for (row,) in self.sql(f"SELECT rowid FROM {table}")]
        return int(self.chance.choice(rows))

    def tile(self) -> Path:
        tiles = [each for each in (self.log.folder / "tile").rglob("*") if each.is_file()]
        return self.chance.choice(sorted(tiles))

    def move(self, after: int, by: int) -> None:
        """What follows that event takes other positions, without a gap or a clash."""
        numbered = f"SELECT command_id FROM {ENVELOPES} WHERE first_position > {after}"
        for table, column, chosen in (
            (NUMBERS, "entry", f"command_id IN ({numbered})"),
            (EVENTS, "rowid", f"rowid > {after}"),
            (ENVELOPES, "first_position", f"first_position > {after}"),
        ):
            self.sql(f"UPDATE {table} SET {column} = -{column} WHERE {chosen}")
            self.sql(f"UPDATE {table} SET {column} = {by} - {column} WHERE {column} < 0")

    def grow_envelope(self, position: int, by: int) -> None:
        self.sql(
            f"UPDATE {ENVELOPES} SET event_count = event_count + ? WHERE event_count > 0"
            " AND ? >= first_position AND ? < first_position + event_count",
            (by, position, position),
        )


def edit(scene: Scene) -> None:
    """One value of one row becomes another one."""
    table = scene.chance.choice(LOG)
    row = scene.row(table)
    columns = [name for _, name, *_ in scene.sql(f"PRAGMA table_info({table})")]
    column = scene.chance.choice(columns)
    (value,) = scene.sql(f"SELECT {column} FROM {table} WHERE rowid = ?", (row,)).fetchone()
    other = _other(value, scene.chance)
    scene.sql(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (other, row))


def delete(scene: Scene) -> None:
    table = scene.chance.choice(LOG)
    scene.sql(f"DELETE FROM {table} WHERE rowid = ?", (scene.row(table),))


def delete_with_care(scene: Scene) -> None:
    """Of an event nothing is missing afterwards: the later ones move up."""
    row = scene.row(EVENTS)
    scene.grow_envelope(row, -1)
    scene.sql(f"DELETE FROM {EVENTS} WHERE rowid = ?", (row,))
    scene.move(row, -1)


def insert_with_care(scene: Scene) -> None:
    """An event comes between others, in the envelope that was there."""
    row = scene.row(EVENTS)
    scene.move(row, 1)
    scene.grow_envelope(row, 1)
    scene.sql(
        f"INSERT INTO {EVENTS} (rowid, originator_id, originator_version, topic, state)"
        f" SELECT rowid + 1, originator_id, originator_version + 1000, topic, state FROM {EVENTS}"
        " WHERE rowid = ?",
        (row,),
    )


def insert_a_command(scene: Scene) -> None:
    """One that was never given, without events, somewhere in the middle."""
    columns = "command, workspace, recorded_at, actor, correlation_id, causation_id"
    last = scene.sql(f"SELECT max(first_position) FROM {ENVELOPES}").fetchone()[0]
    scene.sql(
        f"INSERT INTO {ENVELOPES} (command_id, {columns}, first_position, event_count)"
        f" SELECT 'made up', {columns}, first_position, 0 FROM {ENVELOPES}"
        " WHERE event_count > 0 AND first_position < ? ORDER BY random() LIMIT 1",
        (last - 1,),
    )


def insert_an_envelope(scene: Scene) -> None:
    """A second one of the same events, which no entry leads to."""
    columns = "command, workspace, recorded_at, correlation_id, causation_id, first_position"
    scene.sql(
        f"INSERT INTO {ENVELOPES} (command_id, actor, {columns}, event_count)"
        f" SELECT 'made up', 'user:somebody', {columns}, event_count FROM {ENVELOPES}"
        " WHERE event_count > 0 ORDER BY random() LIMIT 1",
    )


def hide_an_event(scene: Scene) -> None:
    """In a stream, but before all that is read in order of position."""
    scene.sql(
        f"INSERT INTO {EVENTS} (rowid, originator_id, originator_version, topic, state)"
        f" SELECT ?, originator_id, originator_version + 1000, topic, state FROM {EVENTS}"
        " WHERE rowid = ?",
        (-scene.chance.randrange(100), scene.row(EVENTS)),
    )


def truncate(scene: Scene) -> None:
    table = scene.chance.choice(LOG)
    scene.sql(f"DELETE FROM {table} WHERE rowid >= ?", (scene.row(table),))


def truncate_with_care(scene: Scene) -> None:
    """The log ends earlier, with a whole command."""
    query = f"SELECT first_position FROM {ENVELOPES} WHERE event_count > 0"
    first = scene.chance.choice([first for (first,) in scene.sql(query)])
    scene.sql(f"DELETE FROM {EVENTS} WHERE rowid >= ?", (first,))
    scene.sql(f"DELETE FROM {ENVELOPES} WHERE first_position >= ?", (first,))
    scene.sql(f"DELETE FROM {NUMBERS} WHERE command_id NOT IN (SELECT command_id FROM {ENVELOPES})")


def swap(scene: Scene) -> None:
    """What two rows say."""
    table, column = scene.chance.choice(
        ((EVENTS, "state"), (ENVELOPES, "actor"), (ENVELOPES, "recorded_at"), (NUMBERS, "entry"))
    )
    rows = dict(scene.sql(f"SELECT rowid, {column} FROM {table}").fetchall())
    one = scene.chance.choice(sorted(rows))
    others = [row for row in sorted(rows) if rows[row] != rows[one]]
    if not others or table == NUMBERS:
        edit(scene)
        return
    other = scene.chance.choice(others)
    for row, value in ((one, rows[other]), (other, rows[one])):
        scene.sql(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, row))


def reorder(scene: Scene) -> None:
    """Two neighbouring events change their places."""
    first = scene.row(EVENTS)
    second = first + 1 if scene.sql(f"SELECT max(rowid) FROM {EVENTS}").fetchone()[0] > first else 1
    for row, place in ((first, -1), (second, first), (-1, second)):
        scene.sql(f"UPDATE {EVENTS} SET rowid = ? WHERE rowid = ?", (place, row))


def another_secret(scene: Scene) -> None:
    scene.sql(f"UPDATE {SECRETS} SET value = ?", (scene.chance.randbytes(32).hex(),))


def another_identity(scene: Scene) -> None:
    one = "UPDATE store_identity SET store_id = 'another'"
    two = "INSERT INTO generations SELECT generation + 1, 1, 1, began_at FROM generations"
    scene.sql(scene.chance.choice((one, two)))


def roll_back(scene: Scene) -> None:
    """The store, the tiles, or both are as they were before the note."""
    what = scene.chance.choice(("s.db", "tree", "both"))
    if what != "tree":
        scene.file.close()
        Path(scene.log.url).write_bytes((scene.earlier / "s.db").read_bytes())
    if what != "s.db":
        shutil.rmtree(scene.log.folder)
        shutil.copytree(scene.earlier / "tree", scene.log.folder)


def edit_tile(scene: Scene) -> None:
    tile = scene.tile()
    octets = bytearray(tile.read_bytes())
    octets[scene.chance.randrange(len(octets))] ^= 1 << scene.chance.randrange(8)
    tile.write_bytes(octets)


def cut_tile(scene: Scene) -> None:
    tile = scene.tile()
    octets = tile.read_bytes()
    tile.write_bytes(octets[: scene.chance.randrange(len(octets))])


def lengthen_tile(scene: Scene) -> None:
    tile = scene.tile()
    tile.write_bytes(tile.read_bytes() + scene.chance.randbytes(scene.chance.choice((1, 32, 34))))


def delete_tile(scene: Scene) -> None:
    scene.tile().unlink()


def swap_tiles(scene: Scene) -> None:
    one, other = scene.tile(), scene.tile()
    if one.read_bytes() == other.read_bytes():
        delete_tile(scene)
        return
    kept = one.read_bytes()
    one.write_bytes(other.read_bytes())
    other.write_bytes(kept)


def edit_checkpoint(scene: Scene) -> None:
    note = scene.log.folder / "checkpoint"
    octets = bytearray(note.read_bytes())
    octets[scene.chance.randrange(len(octets))] ^= 1 << scene.chance.randrange(8)
    note.write_bytes(octets)


def rebuild(scene: Scene) -> None:
    """The log changes, and the tiles are made anew for it, under a key of the attacker's own."""
    scene.chance.choice((delete_with_care, insert_with_care, reorder))(scene)
    scene.file.commit()
    shutil.rmtree(scene.log.folder)
    forged = scene.log._replace(key=scene.log.folder.with_name("forged.key"))
    make_keys(forged.key)
    forged.sign()


def edit_person(scene: Scene) -> None:
    """Anything that the directory says of somebody, the salt included."""
    column = scene.chance.choice(
        [name for _, name, *_ in scene.sql("PRAGMA table_info(directory)")]
    )
    row, value = scene.chance.choice(_people(scene, column))
    other = _other(value, scene.chance) if scene.chance.random() < 0.8 or column != "salt" else None
    scene.sql(f"UPDATE directory SET {column} = ? WHERE rowid = ?", (other, row))


def swap_people(scene: Scene) -> None:
    """Two persons' names, variables or addresses, with their salts or without."""
    column = scene.chance.choice(("address", "name", "variables", "recipient_id"))
    salts = dict(_people(scene, "salt"))
    (one, its), (other, others) = scene.chance.sample(_people(scene, column), 2)
    for row, value in ((one, "-"), (other, its), (one, others)):
        scene.sql(f"UPDATE directory SET {column} = ? WHERE rowid = ?", (value, row))
    if scene.chance.random() < 0.5:
        for row, salt in ((one, salts[other]), (other, salts[one])):
            scene.sql("UPDATE directory SET salt = ? WHERE rowid = ?", (salt, row))


def delete_person(scene: Scene) -> None:
    scene.sql("DELETE FROM directory WHERE rowid = ?", (scene.chance.choice(_people(scene))[0],))


def insert_person(scene: Scene) -> None:
    """With a salt of the attacker's, somebody else's, or none, as older rows have none."""
    salt = scene.chance.choice(("salt", "NULL", "randomblob(32)"))
    scene.sql(
        "INSERT INTO directory SELECT workspace, ?, ?, name, variables,"
        f" {salt} FROM directory WHERE rowid = ?",
        ("made up", "x@x.test", scene.chance.choice(_people(scene))[0]),
    )


def roll_back_people(scene: Scene) -> None:
    """The directory alone is as it was in an older backup."""
    scene.sql("ATTACH ? AS earlier", (str(scene.earlier / "people.db"),))
    scene.sql("DELETE FROM directory")
    scene.sql("INSERT INTO directory SELECT * FROM earlier.directory")


def _people(scene: Scene, column: str = "salt") -> list[tuple[int, Any]]:
    return scene.sql(f"SELECT rowid, {column} FROM directory ORDER BY rowid").fetchall()


TAMPERS: tuple[Tamper, ...] = (
    *(edit, edit, edit, delete, delete_with_care, insert_with_care, insert_a_command),
    *(insert_an_envelope, hide_an_event),
    *(truncate, truncate_with_care, swap, reorder, another_secret, another_identity, roll_back),
    *(edit_person, swap_people, delete_person, insert_person, roll_back_people),
    *(edit_tile, cut_tile, lengthen_tile, delete_tile, swap_tiles, edit_checkpoint, rebuild),
)


@pytest.fixture
def original(tmp_path: Path) -> SignedLog:
    """With commands without events, and more than one tile; ``earlier`` is how it was before."""
    folder = tmp_path / "original"
    folder.mkdir()
    log = signed_log(str(folder / "s.db"), folder)
    shutil.copytree(folder, tmp_path / "earlier")
    import_people(log, [each._replace(variables={}) for each in crowd(12)])
    shutil.copy(log.url, tmp_path / "earlier" / "people.db")
    import_people(log, crowd(14))
    with running(log.settings) as program:
        forget_people(program, import_people(log, crowd(2)))
    for number in range(3):
        log.given(import_recipients(*(f"n{number}-{each}" for each in range(80))))
        with log.workplace(f"none-{number}") as workplace:
            for _ in range(4):
                workplace.at(LATER).tell(connect(ANN))
    with sqlite3.connect(log.url) as file:
        assert file.execute(f"SELECT count(*) FROM {NUMBERS}").fetchone() == (17,)
    file.close()
    log.export(log.folder, "--key-out", log.verifier_key)
    log.note()
    shutil.copy(log.noted, tmp_path / "noted")
    shutil.copy(log.verifier_key, tmp_path / "verifier-key")
    return log


@pytest.mark.parametrize("count", [TAMPERINGS, pytest.param(10_000, marks=SOAK)])
def test_every_tampering_is_found(original: SignedLog, tmp_path: Path, count: int) -> None:
    chance, missed, tried = random.Random(13), list[str](), Counter[str]()
    while tried.total() < count:
        scene = _copied(original, tmp_path, chance)
        tamper = chance.choice(TAMPERS)
        if _does(tamper, scene):
            tried[tamper.__name__] += 1
            if not _found(scene.log, tmp_path):
                missed.append(tamper.__name__)
    assert missed == []
    assert {*tried} == {each.__name__ for each in TAMPERS}


def test_what_nobody_changed_is_verified(original: SignedLog, tmp_path: Path) -> None:
    scene = _copied(original, tmp_path, random.Random(13))
    assert not _found(scene.log, tmp_path)


def _copied(original: SignedLog, folder: Path, chance: random.Random) -> Scene:
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(original.folder.parent, copy)
    log = SignedLog(str(copy / "s.db"), copy / "tree", copy / "proof.key")
    return Scene(log, folder / "earlier", chance)


def _does(tamper: Tamper, scene: Scene) -> bool:
    """False where the file itself does not let it happen."""
    with closing(scene.file):
        try:
            tamper(scene)
            scene.file.commit()
        except sqlite3.IntegrityError:
            return False
        except sqlite3.ProgrammingError:
            assert tamper is roll_back
    return True


def _found(log: SignedLog, folder: Path) -> bool:
    """By somebody who noted the checkpoint and the key."""
    key = ("--key", folder / "verifier-key")
    against = log.verify(log.folder, "--checkpoint", folder / "noted", *key)[0]
    return against != 0 or log.verify(log.folder, *key)[0] != 0


def _other(value: object, chance: random.Random) -> object:
    match value:
        case int():
            return value + chance.choice((-1, 1, 1_000_000))
        case bytes():
            place = chance.randrange(len(value))
            return value[:place] + bytes([value[place] ^ 1]) + value[place + 1 :]
        case str() if value:
            return value[:-1] + ("x" if value[-1] != "x" else "y")
    return "user:somebody"
