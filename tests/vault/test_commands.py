"""``sendledger vault`` at the keyboard, in front of either store."""

import os
from collections.abc import Iterator
from contextlib import chdir
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.composition.programs import running
from adapters.composition.vaults import vault_over
from adapters.program import app
from adapters.settings.loading import load_settings
from adapters.vault.key_file import read_key_file
from adapters.vault.keys import Key, written
from engine.work.secret import Secret, SecretRef
from tests.cli.keyboard import Keyboard

ANN = SecretRef("main", "ann@acme.example", "password")
PASSWORD = Secret("correct-horse")
K1, K2 = Key("k1", bytes(range(32))), Key("k2", bytes(32))


@pytest.fixture(autouse=True)
def alone(tmp_path: Path) -> Iterator[None]:
    """A folder and an environment of its own."""
    before = dict(os.environ)
    with chdir(tmp_path):
        yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "vault.key"
    made = CliRunner().invoke(app, ["vault", "init", str(path)])
    assert made.exit_code == 0, made
    os.environ["SENDLEDGER_VAULT_KEY_FILE"] = str(path)
    return path


def put(keyboard: Keyboard) -> None:
    settings = load_settings(store=keyboard.store)
    with running(settings, create=True) as program:
        vault_over(program.opened, settings).put(ANN, PASSWORD)


def got(keyboard: Keyboard) -> Secret:
    settings = load_settings(store=keyboard.store)
    with running(settings) as program:
        return vault_over(program.opened, settings).get(ANN)


def test_a_vault_is_made_checked_and_rotated(keyboard: Keyboard, key_file: Path) -> None:
    put(keyboard)
    (old,) = read_key_file(key_file)
    assert keyboard.do("vault", "check") == "Nothing found; 1 secret."
    assert keyboard.json("vault", "check") == {"secrets": 1, "keys": [old.id], "findings": []}
    done = keyboard.json("vault", "rotate")
    (new,) = read_key_file(key_file)
    assert done == {"key": new.id, "resealed": 1, "removed": [old.id]}
    assert new.id != old.id
    assert got(keyboard) == PASSWORD
    assert f"Removed from the file: {new.id}" in keyboard.do("vault", "rotate")


def test_keys_of_a_variable_are_rotated_to_the_first(keyboard: Keyboard) -> None:
    os.environ["SENDLEDGER_VAULT_KEY"] = written((K1,))
    put(keyboard)
    assert "no new key beside k1" in keyboard.refused(1, "vault", "rotate")
    os.environ["SENDLEDGER_VAULT_KEY"] = written((K2, K1)).replace("\n", ",")
    assert "Remove from SENDLEDGER_VAULT_KEY: k1." in keyboard.do("vault", "rotate")
    os.environ["SENDLEDGER_VAULT_KEY"] = written((K2,))
    assert got(keyboard) == PASSWORD


def test_a_file_that_is_there_is_not_written_over(key_file: Path) -> None:
    before = key_file.read_bytes()
    again = CliRunner().invoke(app, ["vault", "init", str(key_file)])
    assert again.exit_code == 1
    assert "there is a file already" in again.stderr
    assert key_file.read_bytes() == before


def test_without_a_key_or_with_two_sources_it_is_told(keyboard: Keyboard, key_file: Path) -> None:
    put(keyboard)
    os.environ["SENDLEDGER_VAULT_KEY"] = written((K1,))
    assert "give one" in keyboard.refused(1, "vault", "rotate")
    del os.environ["SENDLEDGER_VAULT_KEY"], os.environ["SENDLEDGER_VAULT_KEY_FILE"]
    for command in ("check", "rotate"):
        assert "vault init" in keyboard.refused(1, "vault", command)
    os.environ["SENDLEDGER_VAULT_KEY_FILE"] = str(key_file)
    assert got(keyboard) == PASSWORD


def test_a_lost_key_is_found_by_the_check(keyboard: Keyboard, key_file: Path) -> None:
    put(keyboard)
    (old,) = read_key_file(key_file)
    key_file.write_text(written((K1,)), encoding="utf-8")
    ran = keyboard.type("vault", "check")
    assert ran.code == 1
    assert f"needs its key {old.id}" in " ".join(ran.output.split())
