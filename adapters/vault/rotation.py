"""Gives the whole vault a new key, in steps after each of which it may crash.

1. The new key is in the key file, before the old ones.
2. The store says that new rows are sealed with it.
3. Each row is sealed again; others who write meanwhile use the new key.
4. The store forgets the old keys; it refuses to while a row needs one.
5. The old keys are removed from the key file.

A process that is killed in between leaves a readable vault; running it again continues.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import NamedTuple

from adapters.vault.cipher import seal
from adapters.vault.key_file import key_file_locked, read_key_file, replace_key_file
from adapters.vault.keys import VARIABLE, Keyring, KeySource, new_key
from adapters.vault.vault import SealedVault
from engine.work.secret import SecretDamaged, UnusableKey, VaultError
from engine.work.vault import SealedRows


class Rotated(NamedTuple):
    """``resealed`` counts rows; ``removed`` are ids of keys that are not needed any more."""

    key_id: str
    resealed: int
    removed: tuple[str, ...]


class Findings(NamedTuple):
    """``secrets`` is the number of all secrets; ``problems`` are sentences."""

    secrets: int
    keys: tuple[str, ...]
    problems: Sequence[str]


def rotate_file(rows: SealedRows, path: Path, *, drop_damaged: bool = False) -> Rotated:
    """Rotate to a new key, or continue a rotation that was interrupted.

    A row that cannot be opened raises a ``VaultError`` before anything is changed; ``drop_damaged``
    removes the rows that no key opens.
    """
    with key_file_locked(path):
        keys = read_key_file(path)
        _require_all_open(rows, keys, drop_damaged=drop_damaged)
        if len(keys) == 1:
            keys = (new_key(taken=keys), *keys)
            replace_key_file(path, keys)
        resealed = _reseal(rows, keys)
        replace_key_file(path, keys[:1])
    return _rotated(keys, resealed)


def rotate_given(rows: SealedRows, source: KeySource, *, drop_damaged: bool = False) -> Rotated:
    """Rotate to the first of keys that are kept elsewhere; the others may then be dropped there."""
    keys = source()
    _require_all_open(rows, keys, drop_damaged=drop_damaged)
    if len(keys) == 1 and keys[0].id in rows.keys_in_use():
        raise UnusableKey(
            source=VARIABLE,
            problem=f"there is no new key beside {keys[0].id}. Put one first, and run this again.",
        )
    return _rotated(keys, _reseal(rows, keys))


def check(rows: SealedRows, source: KeySource) -> Findings:
    """Open every row with its key. Raises ``VaultError`` if there is no key at all."""
    keys = source()
    vault = SealedVault(rows, lambda: keys)
    problems = dict.fromkeys(_problems(rows, vault))
    if len(keys) > 1 or len(rows.keys_in_use()) > 1:
        problems["A rotation is not finished. Run it again."] = None
    return Findings(len(rows.rows()), tuple(each.id for each in keys), [*problems])


def _problems(rows: SealedRows, vault: SealedVault) -> Iterator[str]:
    wanted: list[Callable[[], object]] = [partial(vault.key, each) for each in rows.keys_in_use()]
    wanted += [partial(vault.open, row) for row in rows.rows()]
    for open_it in wanted:
        try:
            open_it()
        except VaultError as error:
            yield str(error)


def _require_all_open(rows: SealedRows, keys: Keyring, *, drop_damaged: bool) -> None:
    vault = SealedVault(rows, lambda: keys)
    for key_id in rows.keys_in_use():
        vault.key(key_id)
    damaged = []
    for row in rows.rows():
        try:
            vault.open(row)
        except SecretDamaged:
            if not drop_damaged:
                raise
            damaged.append(row.ref)
    for ref in damaged:
        rows.delete(ref)


def _reseal(rows: SealedRows, keys: Keyring) -> int:
    """Seal rows again until none, old or new, needs an older key. Answers the number of rows."""
    newest, vault, resealed = keys[0], SealedVault(rows, lambda: keys), 0
    in_use = [*rows.keys_in_use()]
    if in_use[-1:] != [newest.id]:
        rows.use_key(newest.id, newest.fingerprint, in_use[-1] if in_use else None)
    old = [each for each in in_use if each != newest.id]
    while old:
        for row in rows.rows():
            if row.key_id != newest.id:
                sealed = seal(newest, row.ref, vault.open(row))
                resealed += rows.replace(row, newest.id, sealed)
        old = [each for each in old if not rows.remove_key(each)]
    return resealed


def _rotated(keys: Keyring, resealed: int) -> Rotated:
    newest, *others = (each.id for each in keys)
    return Rotated(newest, resealed, tuple(others))
