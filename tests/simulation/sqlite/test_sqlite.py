"""Stories hold on the embedded store, whatever a drive beneath it does that keeps its promises."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from itertools import count
from pathlib import Path
from random import Random

import pytest

from adapters.stores.sqlite import SQLiteStore
from engine.ports.errors import StoreRefused
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.planting import hunted, patches
from tests.simulation.run import told
from tests.simulation.sqlite import vfs
from tests.simulation.sqlite.drive import Drive, File
from tests.simulation.sqlite.library import library
from tests.simulation.sqlite.strikes import struck
from tests.simulation.sqlite.system import Strike, System

try:
    library()
except OSError as error:
    pytest.skip(str(error), allow_module_level=True)

SEEDS, STEPS = ("7", "503"), 30
JOURNALS = ("wal", "delete", "truncate", "persist")
ROWS = 6


def _plan(seed: str, steps: int = STEPS) -> Plan:
    return struck(plan_of(seed, steps))


@pytest.mark.rule("F1")
@pytest.mark.parametrize("seed", SEEDS)
def test_a_seed_holds_where_the_power_fails(seed: str) -> None:
    run = told(_plan(seed))

    assert run.violation == ""
    assert run.faults["power cut"] > 0
    assert run.commands > STEPS


def test_a_seed_gives_the_same_hash_again() -> None:
    assert told(_plan("503", 6)).digest == told(_plan("503", 6)).digest


def test_strikes_come_between_the_items_of_a_plan_and_change_none() -> None:
    plain, plan = plan_of("7", STEPS), _plan("7")

    assert [each for each in plan.items if each.kind != "strike"] == plain.items
    assert len(plan.items) > len(plain.items)


def test_a_drive_that_does_not_synchronize_is_noticed() -> None:
    plan = _plan("503")
    run = told(plan._replace(items=[Item(0, "lie", {}), *plan.items]))

    assert run.faults["power cut"] > 0
    assert run.violation != ""


def test_a_planted_bug_of_durability_is_found() -> None:
    patch = next(each for each in patches() if each.stem == "a_commit_does_not_wait_for_the_disk")

    assert "acknowledged and lost" in hunted(patch, minutes=1).violation


# The drive itself.


class Mounted:
    """A system whose drive SQLite can open files of. ``full`` refuses what makes a file longer."""

    def __init__(self) -> None:
        self.full = False
        self.system = System(Drive(Random(1), 512), lambda: self.full)
        self.name = vfs.mounted(self.system)

    def connected(self, program: str) -> sqlite3.Connection:
        path = vfs.address(self.name, program, "any.db")
        return sqlite3.connect(path, uri=True, isolation_level=None, timeout=0)


@pytest.fixture
def mounted() -> Iterator[Mounted]:
    made = Mounted()
    yield made
    vfs.unmount(made.name)


def _committed(mounted: Mounted, journal: str) -> int:
    """How many rows were, until the power failed. A rollback journal that is deleted to commit may
    come back unless its folder is synchronized, too: ``EXTRA``."""
    with closing(mounted.connected("before")) as before:
        for number in range(-1, ROWS):
            try:
                if number < 0:
                    before.execute(f"PRAGMA journal_mode = {journal}")
                    before.execute("PRAGMA wal_autocheckpoint = 4")
                    before.execute("PRAGMA synchronous = EXTRA")
                    before.execute("CREATE TABLE done (number, what)")
                else:
                    before.execute("INSERT INTO done VALUES (?, zeroblob(3000))", (number,))
            except sqlite3.OperationalError:
                return number
    return ROWS


@pytest.mark.parametrize("journal", JOURNALS)
def test_a_power_cut_at_any_change_leaves_what_was_committed(
    mounted: Mounted, journal: str
) -> None:
    system, ends = mounted.system, set()
    for changes in count():
        system.drive.replace({})
        system.strike = Strike(changes, lambda _: system.lose_power())
        committed = _committed(mounted, journal)
        system.lose_power()
        system.ended.clear()
        with closing(mounted.connected("after")) as after:
            assert after.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            found = 0
            with suppress(sqlite3.OperationalError):
                (found,) = after.execute("SELECT count(*) FROM done").fetchone()
        assert found in (max(committed, 0), committed + 1)
        ends.add(found - committed)
        if committed == ROWS:
            break
    assert changes > 50
    assert 0 in ends


@pytest.mark.parametrize("journal", JOURNALS)
def test_who_writes_keeps_others_from_it_until_its_end(mounted: Mounted, journal: str) -> None:
    one, other = mounted.connected("one"), mounted.connected("other")
    with closing(one), closing(other):
        one.execute(f"PRAGMA journal_mode = {journal}")
        one.execute("CREATE TABLE done (number)")
        one.execute("BEGIN IMMEDIATE")
        one.execute("INSERT INTO done VALUES (1)")
        with pytest.raises(sqlite3.OperationalError, match="locked"):
            other.execute("INSERT INTO done VALUES (2)")

        mounted.system.end("one")
        other.execute("INSERT INTO done VALUES (3)")

        assert other.execute("SELECT number FROM done").fetchall() == [(3,)]
        with pytest.raises(sqlite3.OperationalError, match="I/O"):
            one.execute("COMMIT")


def test_a_full_drive_refuses_and_goes_on_when_it_is_not_any_more(mounted: Mounted) -> None:
    store = SQLiteStore(Path(vfs.address(mounted.name, "one", "any.db")))
    with closing(store):
        mounted.full = True
        with pytest.raises(StoreRefused, match="the disk is full"):
            store.raise_generation()
        mounted.full = False

        assert store.raise_generation().generation == 2


def test_only_what_was_synchronized_is_sure_to_outlive_a_power_cut() -> None:
    lengths = set()
    for seed in range(200):
        file = File()
        file.change(0, b"sure")
        file.synchronize()
        file.change(4, bytes(1_000))
        file.lose_power(Random(seed), sector=512)

        assert file.seen[:4] == b"sure"
        lengths.add(len(file.seen))
    assert {4, 512, 1_004} < lengths


def test_a_name_outlives_a_power_cut_for_sure_once_its_folder_was_synchronized() -> None:
    left = set()
    for seed in range(50):
        drive = Drive(Random(seed), sector=512)
        drive.make("sure")
        drive.synchronize_folder()
        drive.make("new")
        drive.remove("sure")
        drive.lose_power()
        left.add(frozenset(drive.files))
    assert left == {frozenset(each) for each in ((), ("sure",), ("new",), ("new", "sure"))}
