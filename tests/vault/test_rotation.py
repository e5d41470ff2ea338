"""A rotation may end at any step: all secrets can be read, and running it again finishes it."""

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from adapters.settings.loading import load_settings
from adapters.stores.clocks import system_clock
from adapters.stores.opening import open_store
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.key_file import key_source, make_key_file, read_key_file
from adapters.vault.keys import Key
from adapters.vault.rotation import check, rotate_file, rotate_given
from adapters.vault.vault import SealedVault
from engine.work.secret import (
    Secret,
    SecretCutShort,
    SecretRef,
    UnknownKey,
    UnusableKey,
    WrongKey,
)
from engine.work.vault import SealedRows
from tests.cli.keyboard import Keyboard
from tests.tables_in_memory import TablesInMemory

REFS = [SecretRef("main", f"{name}@acme.example", "password") for name in ("ann", "bob", "eve")]
K1, K2 = Key("k1", bytes(range(32))), Key("k2", bytes(32))


class Killed(BaseException):
    """Nothing of the program runs after this."""


class Mortal:
    """Rows of a process that dies right after its n-th call of the store."""

    def __init__(self, rows: SealedRows, calls: int) -> None:
        self._rows = rows
        self._left = calls

    def __getattr__(self, name: str) -> Any:
        def call(*given: Any, **named: Any) -> Any:
            done = getattr(self._rows, name)(*given, **named)
            self._left -= 1
            if not self._left:
                raise Killed
            return done

        return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    make_key_file(tmp_path / "vault.key")
    return tmp_path / "vault.key"


@pytest.fixture
def rows(file: Path) -> SealedRows:
    rows = StoredSealedRows(TablesInMemory(system_clock))
    fill(rows, file)
    return rows


def fill(rows: SealedRows, file: Path) -> None:
    for ref in REFS:
        SealedVault(rows, key_source(file, None)).put(ref, secret_of(ref))


def secret_of(ref: SecretRef) -> Secret:
    return Secret(f"the {ref}")


def readable(rows: SealedRows, file: Path) -> bool:
    vault = SealedVault(rows, key_source(file, None))
    return all(vault.get(ref) == secret_of(ref) for ref in REFS)


def test_all_is_sealed_anew_and_the_old_key_is_gone(rows: SealedRows, file: Path) -> None:
    (old,) = read_key_file(file)
    done = rotate_file(rows, file)
    (new,) = read_key_file(file)
    assert (done.key_id, done.resealed, done.removed) == (new.id, 3, (old.id,))
    assert new.octets != old.octets
    assert list(rows.keys_in_use()) == [new.id]
    assert readable(rows, file)


def test_an_empty_vault_rotates(file: Path) -> None:
    rows = StoredSealedRows(TablesInMemory(system_clock))
    assert rotate_file(rows, file).resealed == 0
    fill(rows, file)
    assert readable(rows, file)


def test_ended_after_any_step_everything_can_be_read_and_it_goes_on(tmp_path: Path) -> None:
    ended = 0
    for number in range(1, 40):
        file = tmp_path / f"{number}.key"
        first = make_key_file(file)
        rows = StoredSealedRows(TablesInMemory(system_clock))
        fill(rows, file)
        try:
            rotate_file(Mortal(rows, number), file)
        except Killed:
            ended += 1
        assert readable(rows, file)
        SealedVault(rows, key_source(file, None)).put(REFS[0], secret_of(REFS[0]))
        if len(read_key_file(file)) > 1:
            assert any(
                "not finished" in each for each in check(rows, key_source(file, None)).problems
            )
            rotate_file(rows, file)
        keys = read_key_file(file)
        assert list(rows.keys_in_use()) == [keys[0].id]
        assert len(keys) == 1
        assert readable(rows, file)
        assert not check(rows, key_source(file, None)).problems
        rotated = keys[0].id != first.id
    assert 10 < ended < 39, "some rotations ended early, and the last did not"
    assert rotated


def test_a_key_that_is_lost_or_wrong_changes_nothing(rows: SealedRows, file: Path) -> None:
    (old,) = read_key_file(file)
    before = [rows.rows(), rows.keys_in_use()]
    for lost, error in ((K1, UnknownKey), (Key(old.id, bytes(32)), WrongKey)):
        with pytest.raises(error):
            rotate_given(rows, lambda lost=lost: (K2, lost))  # type: ignore[misc]
        assert [rows.rows(), rows.keys_in_use()] == before


def test_a_damaged_secret_ends_it_before_it_begins_unless_it_may_be_dropped(
    rows: SealedRows, file: Path
) -> None:
    row = rows.rows()[1]
    rows.replace(row, row.key_id, row.sealed[:-3])
    before = [rows.rows(), rows.keys_in_use(), read_key_file(file)]
    with pytest.raises(SecretCutShort, match=row.ref.account_id):
        rotate_file(rows, file)
    assert [rows.rows(), rows.keys_in_use(), read_key_file(file)] == before
    assert rotate_file(rows, file, drop_damaged=True).resealed == 2
    assert [each.ref for each in rows.rows()] == [REFS[0], REFS[2]]


def test_keys_that_somebody_else_keeps_are_rotated_to_the_first() -> None:
    rows = StoredSealedRows(TablesInMemory(system_clock))
    SealedVault(rows, lambda: (K1,)).put(REFS[0], secret_of(REFS[0]))
    with pytest.raises(UnusableKey, match="no new key beside k1"):
        rotate_given(rows, lambda: (K1,))
    assert rotate_given(rows, lambda: (K2, K1)) == ("k2", 1, ("k1",))
    assert rotate_given(rows, lambda: (K2, K1)).resealed == 0
    assert SealedVault(rows, lambda: (K2,)).get(REFS[0]) == secret_of(REFS[0])


def test_back_to_an_older_key_is_a_rotation_too() -> None:
    rows = StoredSealedRows(TablesInMemory(system_clock))
    SealedVault(rows, lambda: (K1,)).put(REFS[0], secret_of(REFS[0]))
    rows.use_key("k2", K2.fingerprint, instead_of="k1")
    assert rotate_given(rows, lambda: (K1, K2)).key_id == "k1"
    assert list(rows.keys_in_use()) == ["k1"]


def test_a_check_opens_everything_and_tells_each_trouble_once(rows: SealedRows, file: Path) -> None:
    source = key_source(file, None)
    assert check(rows, source).problems == []
    assert check(rows, source).secrets == 3
    row = rows.rows()[0]
    rows.replace(row, row.key_id, b"")
    assert [REFS[0].account_id in each for each in check(rows, source).problems] == [True]
    assert len(check(rows, lambda: (K1,)).problems) == 1


ROTATE = """
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from adapters.settings.loading import load_settings
from adapters.stores.opening import open_store
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.rotation import rotate_file
with closing(open_store(load_settings(store=sys.argv[1]))) as opened:
    print("ready", flush=True)
    while True:
        rotate_file(StoredSealedRows(opened.beside), Path(sys.argv[2]))
"""
KILLS = 25


@contextmanager
def opened_rows(store: str) -> Iterator[SealedRows]:
    with closing(open_store(load_settings(store=store), create=True)) as opened:
        yield StoredSealedRows(opened.beside)


@pytest.mark.kills
def test_killed_again_and_again_in_the_middle_no_secret_is_lost(
    file: Path, keyboard: Keyboard
) -> None:
    with opened_rows(keyboard.store) as rows:
        fill(rows, file)
    interrupted = 0
    for number in range(KILLS):
        program = [sys.executable, "-c", ROTATE, keyboard.store, str(file)]
        with subprocess.Popen(program, stdout=subprocess.PIPE) as rotating:
            assert rotating.stdout is not None
            rotating.stdout.readline()
            time.sleep(0.007 * number)
            rotating.kill()
        interrupted += len(read_key_file(file)) > 1
        with opened_rows(keyboard.store) as rows:
            assert readable(rows, file)
    assert interrupted > KILLS / 5, "a finished rotation proves nothing"
    with opened_rows(keyboard.store) as rows:
        rotate_file(rows, file)
        assert check(rows, key_source(file, None)).problems == []
