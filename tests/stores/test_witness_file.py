"""A witness in a file goes forward only, whoever writes it and whatever breaks off (M6)."""

import json
import multiprocessing
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zlib import crc32

import pytest

from adapters.stores.memory import MemoryStore
from adapters.stores.witness_file import PLACE, FileWitness
from engine.fence import StoreFence
from engine.ports.clock import ManualClock
from engine.ports.witness import Noted
from tests.law.story import NOON
from tests.workplace import Workplace, much_happens

STORE = "5ca1ab1e" * 4


def noted(position: int) -> Noted:
    return Noted(position, f"acme:command-{position}.0")


def test_a_new_folder_holds_nothing_and_is_made_by_the_first_note(tmp_path: Path) -> None:
    witness = FileWitness(tmp_path / "a" / "b", STORE)

    assert witness.read() is None
    assert not (tmp_path / "a").exists()
    assert witness.note(noted(7)) == noted(7)
    assert witness.read() == noted(7)
    (file,) = (tmp_path / "a" / "b").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.rule("M6")
def test_a_witness_never_goes_back_unless_the_store_was_reconciled(tmp_path: Path) -> None:
    witness, other = FileWitness(tmp_path, STORE), FileWitness(tmp_path, STORE)
    witness.note(noted(7))

    assert other.note(noted(6)) == noted(7)
    assert other.note(Noted(7, "another")) == noted(7)
    assert other.note(noted(8)) == noted(8)
    assert witness.read() == noted(8)
    witness.begin_anew(noted(3))
    assert other.read() == noted(3)


@pytest.mark.rule("M6")
@pytest.mark.parametrize("torn", [0, PLACE], ids=["first", "second"])
def test_a_write_that_broke_off_leaves_the_note_before_it(tmp_path: Path, torn: int) -> None:
    witness = FileWitness(tmp_path, STORE)
    for position in (1, 2, 3):
        witness.note(noted(position))
    (file,) = tmp_path.iterdir()
    octets = bytearray(file.read_bytes())
    octets[torn + 20 : torn + 30] = b"\0" * 10
    file.write_bytes(octets)

    assert witness.read() == noted(2 if torn == 0 else 3)
    assert witness.note(noted(4)) == noted(4)
    assert witness.read() == noted(4)


@pytest.mark.rule("M6")
def test_no_number_of_a_generation_is_drawn_twice(tmp_path: Path) -> None:
    witness, other = FileWitness(tmp_path, STORE), FileWitness(tmp_path, STORE)

    assert witness.draw_generation(above=1) == 2
    assert other.read() is None
    assert other.draw_generation(above=1) == 3
    witness.note(noted(7))
    witness.note(noted(8))
    assert other.draw_generation(above=1) == 4
    assert other.read() == noted(8)
    witness.begin_anew(noted(3))
    assert other.draw_generation(above=1) == 5
    assert other.draw_generation(above=9) == 10


@pytest.mark.rule("M6")
def test_a_note_of_before_numbers_were_drawn_is_read(tmp_path: Path) -> None:
    record = json.dumps([STORE, 0, *noted(7)]).encode()
    written = b"%08x %s" % (crc32(record), record)
    (tmp_path / f"{STORE}.witness").write_bytes(written.ljust(PLACE))
    witness = FileWitness(tmp_path, STORE)

    assert witness.read() == noted(7)
    assert witness.draw_generation(above=1) == 2
    assert witness.read() == noted(7)


@pytest.mark.rule("M6")
@pytest.mark.parametrize("octets", [b"x", b"\0" * 2 * PLACE, b"0" * 100])
def test_what_is_damaged_is_told(tmp_path: Path, octets: bytes) -> None:
    witness = FileWitness(tmp_path, STORE)
    (tmp_path / f"{STORE}.witness").write_bytes(octets)

    with pytest.raises(OSError, match="damaged"):
        witness.read()
    with pytest.raises(OSError, match="damaged"):
        witness.note(noted(1))
    witness.begin_anew(noted(1))
    assert witness.read() == noted(1)


def test_the_witness_of_another_store_is_told(tmp_path: Path) -> None:
    FileWitness(tmp_path, STORE).note(noted(1))
    (file,) = tmp_path.iterdir()
    file.rename(tmp_path / "other.witness")

    with pytest.raises(OSError, match="another store"):
        FileWitness(tmp_path, "other").read()


def write_every_second(folder: Path, first: int) -> None:
    witness = FileWitness(folder, STORE)
    for position in range(first, 201, 2):
        witness.note(noted(position))


@pytest.mark.rule("M6")
def test_two_processes_keep_the_later_note(tmp_path: Path) -> None:
    forking = multiprocessing.get_context("spawn")
    others = [
        forking.Process(target=write_every_second, args=(tmp_path, first)) for first in (1, 2)
    ]
    for each in others:
        each.start()
    for each in others:
        each.join(30)

    assert [each.exitcode for each in others] == [0, 0]
    assert FileWitness(tmp_path, STORE).read() == noted(200)


class Counting(FileWitness):
    """Counts its writes, and takes as long as a slow disk for each."""

    writes = 0

    def note(self, noted: Noted) -> Noted:
        self.writes += 1
        time.sleep(0.01)
        return super().note(noted)


@pytest.mark.rule("M6")
def test_who_notes_at_the_same_time_shares_a_write(tmp_path: Path) -> None:
    clock = ManualClock(NOON)
    workplace = much_happens(Workplace(MemoryStore(clock), clock))
    witness = Counting(tmp_path, STORE)
    fence = StoreFence(workplace.store, witness)
    some = workplace.log[:40]

    with ThreadPoolExecutor(len(some)) as pool:
        list(pool.map(lambda each: fence.note(each.position, each.event_id), some))

    assert 1 < witness.writes < 20
    assert witness.read() == Noted(some[-1].position, some[-1].event_id)
    assert fence.closed() is None
