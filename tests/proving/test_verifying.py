"""Whoever changed what was signed is found, and what was changed first is named."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.law.story import import_recipients
from tests.proving.signed_log import SignedLog, signed_log


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> SignedLog:
    folder = tmp_path_factory.mktemp("signed")
    return signed_log(str(folder / "s.db"), folder)


@pytest.fixture
def log(original: SignedLog, tmp_path: Path) -> SignedLog:
    """A copy that may be changed; the auditor's note is out of reach."""
    shutil.copytree(original.folder.parent, tmp_path, dirs_exist_ok=True)
    return SignedLog(str(tmp_path / "s.db"), tmp_path / "tree", tmp_path / "proof.key")


def test_the_first_entry_that_differs_is_named(log: SignedLog) -> None:
    with closing(sqlite3.connect(log.url)) as file:
        file.execute("UPDATE envelopes SET actor = 'user:x' WHERE first_position >= 20")
        file.commit()
    code, told = log.held_against_the_note()
    assert (code, "Not verified: entry " in told) == (1, True), told


def test_tiles_that_were_made_anew_without_the_key_prove_nothing(
    log: SignedLog, tmp_path: Path
) -> None:
    """Whoever has the store and the tiles rebuilds both; the note gives it away."""
    with closing(sqlite3.connect(log.url)) as file:
        file.execute("UPDATE envelopes SET actor = 'user:x' WHERE first_position = 5")
        file.commit()
    forged = log._replace(folder=tmp_path / "forged", key=tmp_path / "forged.key")
    forged.key.write_bytes(log.key.read_bytes())
    forged.key.chmod(0o600)
    forged.sign()
    assert log.verify(forged.folder)[0] == 0, "the forged tree is a whole one"
    code, told = log.verify(forged.folder, "--checkpoint", log.noted)
    assert (code, "some entry is not the one" in told) == (1, True), told


def test_every_tile_that_was_changed_is_found_offline(log: SignedLog) -> None:
    for each in [path for path in (log.folder / "tile").rglob("*") if path.is_file()]:
        kept = each.read_bytes()
        each.write_bytes(bytes([kept[0] ^ 1]) + kept[1:])
        assert log.verify(log.folder)[0] == 1, each
        each.write_bytes(kept[:-1])
        assert log.verify(log.folder)[0] == 1, each
        each.write_bytes(kept)
    assert log.verify(log.folder)[0] == 0


def test_a_folder_that_lost_what_was_noted_is_told_though_the_store_is_right(
    log: SignedLog,
) -> None:
    """The folder was brought back as it was before."""
    before = log.folder.with_name("before")
    shutil.copytree(log.folder, before)
    log.given(import_recipients("later"))
    log.sign()
    log.note()
    assert log.held_against_the_note()[0] == 0
    shutil.rmtree(log.folder)
    before.rename(log.folder)
    code, told = log.held_against_the_note()
    assert (code, "but the folder's tiles are not" in told) == (1, True), told
    assert log.verify("--checkpoint", log.noted)[0] == 0
