"""A store that cannot be used: one clear line, and nothing half done."""

import os
import sqlite3
from contextlib import closing

import pytest

from tests.cli.keyboard import Keyboard
from tests.law.story import ANN, SPRING


@pytest.fixture
def used(keyboard: Keyboard) -> Keyboard:
    keyboard.campaign()
    return keyboard


def test_a_locked_store_is_told(used: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDLEDGER_LOCK_TIMEOUT", "1")
    with closing(sqlite3.connect(used.store, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = used.refused(1, "campaigns", "pause", SPRING)
    assert "another program is writing to it" in said
    assert len(said.splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_store_is_told(used: Keyboard) -> None:
    used.store.chmod(0o444)
    used.store.parent.chmod(0o555)
    try:
        said = used.refused(1, "campaigns", "pause", SPRING)
    finally:
        used.store.parent.chmod(0o755)
    assert "read-only" in said


def test_a_newer_store_is_told(used: Keyboard) -> None:
    with closing(sqlite3.connect(used.store)) as other:
        other.execute("UPDATE store_info SET version = 99")
        other.commit()
    for words in (("accounts",), ("status",), ("campaigns", "pause", SPRING)):
        assert "Upgrade Sendledger" in used.refused(1, *words)


def test_only_connect_makes_a_store(keyboard: Keyboard) -> None:
    for words in (("accounts", "list"), ("campaigns", "start", SPRING), ("status",), ("reindex",)):
        assert "There is no store" in keyboard.refused(1, *words)
        assert not keyboard.store.exists()
    keyboard.do("accounts", "connect", "s1", ANN)
    assert keyboard.store.exists()
