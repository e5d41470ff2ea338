"""A log is signed as it grows, and never as another one than it was."""

import sqlite3
from pathlib import Path

import psycopg
import pytest

from adapters.proof.signing import make_keys
from engine.proof.errors import AnotherHistory, AnotherOrigin, TileMissing, TilesDiffer
from engine.proof.notes import NotSigned
from engine.proof.tiles import Tile
from tests.law.story import import_recipients
from tests.proving.signed_log import SignedLog, signed_log

MORE = [f"new-{each}" for each in range(700)]


@pytest.fixture
def log(url: str, tmp_path: Path) -> SignedLog:
    return signed_log(url, tmp_path)


def change(log: SignedLog, statement: str) -> None:
    if log.url.startswith("postgresql"):
        with psycopg.connect(log.url) as connection:
            connection.execute(statement)
        return
    with sqlite3.connect(log.url) as file:
        file.execute(statement)
    file.close()


def test_what_came_is_added_and_the_old_tree_is_the_beginning_of_the_new_one(
    log: SignedLog,
) -> None:
    before = log.sign()
    log.given(import_recipients(*MORE))
    after = log.sign()
    again = log.sign()

    assert after.size == before.size + 700
    assert again == after
    assert log.held_against_the_note()[0] == 0
    assert log.verify(log.folder)[0] == 0
    log.note()
    assert log.held_against_the_note()[0] == 0


def test_a_crash_before_the_checkpoint_costs_nothing(log: SignedLog) -> None:
    """Tiles that nobody signed for are written anew."""
    before = (log.folder / "checkpoint").read_bytes()
    log.given(import_recipients(*MORE))
    after = log.sign()
    (log.folder / "checkpoint").write_bytes(before)

    assert log.sign() == after
    assert log.verify(log.folder)[0] == 0


def test_a_log_that_became_another_one_is_not_signed(log: SignedLog) -> None:
    change(log, "UPDATE envelopes SET actor = 'user:nobody' WHERE workspace = 'acme'")
    with pytest.raises(AnotherHistory, match="is another one"):
        log.sign()


def test_a_log_that_became_shorter_is_not_signed(tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    before = (tmp_path / "s.db").read_bytes()
    log.given(import_recipients(*MORE))
    log.sign()
    for each in tmp_path.glob("s.db-*"):
        each.unlink()
    (tmp_path / "s.db").write_bytes(before)
    with pytest.raises(AnotherHistory, match="entries, of"):
        log.sign()


def test_the_folder_of_another_store_is_refused(log: SignedLog, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = signed_log(str(tmp_path / "other" / "s.db"), tmp_path / "other")
    with pytest.raises(AnotherOrigin):
        other._replace(folder=log.folder).sign()


def test_a_folder_that_another_key_signed_is_refused(log: SignedLog, tmp_path: Path) -> None:
    make_keys(tmp_path / "another.key")
    with pytest.raises(NotSigned):
        log._replace(key=tmp_path / "another.key").sign()


def test_a_tile_that_is_missing_or_changed_signs_nothing(log: SignedLog) -> None:
    size = log.sign().size
    tile = log.folder / Tile(0, size // 256, size % 256).path
    kept = tile.read_bytes()
    tile.write_bytes(b"x" * len(kept))
    log.given(import_recipients("one-more"))
    with pytest.raises(TilesDiffer):
        log.sign()
    tile.unlink()
    with pytest.raises(TileMissing):
        log.sign()
    tile.write_bytes(kept)
    assert log.sign().size > size


def fill_up(log: SignedLog) -> int:
    """Until the last tile is full; answers the entries."""
    size = log.sign().size
    log.given(import_recipients(*(f"fill-{each}" for each in range(-size % 256))))
    return log.sign().size


def test_a_change_in_a_bundle_that_is_full_is_refused_too(log: SignedLog) -> None:
    assert fill_up(log) % 256 == 0
    log.given(import_recipients("one-more"))
    change(log, "UPDATE envelopes SET actor = 'user:nobody' WHERE command_id LIKE 'later-%'")
    with pytest.raises(AnotherHistory, match="is another one"):
        log.sign()


def test_narrower_tiles_go_when_the_full_one_is_there_and_old_checkpoints_stay_good(
    log: SignedLog,
) -> None:
    log.given(import_recipients("one"))
    log.sign()
    partial = log.folder / "tile" / "0" / "000.p"
    assert len([*partial.iterdir()]) == 2
    fill_up(log)
    assert [*log.folder.rglob("000.p")] == [log.folder / "tile" / "1" / "000.p"]
    assert log.verify(log.folder)[0] == 0
    assert log.held_against_the_note()[0] == 0


def test_a_long_log_is_signed_step_by_step_to_the_same_root(log: SignedLog, tmp_path: Path) -> None:
    log.given(import_recipients(*MORE))
    at_once = log.sign()
    slow = log._replace(folder=tmp_path / "slow")
    with slow.sequencer() as sequencer:
        sizes = [sequencer.advance(most=250).size for _ in range(4)]
        assert sizes == [250, 500, 750, at_once.size]
        assert sequencer.advance(most=250) == at_once
    assert log.verify(slow.folder)[0] == 0
