"""The vault answers what was put, or says exactly why it cannot; and then nothing has changed."""

from collections.abc import Callable

import pytest

from adapters.stores.clocks import system_clock
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.keys import Key, Keyring
from adapters.vault.rotation import rotate_given
from adapters.vault.vault import SealedVault
from engine.ports.errors import StoreError
from engine.work.secret import (
    NoSuchSecret,
    Secret,
    SecretAltered,
    SecretCutShort,
    SecretMisplaced,
    SecretRef,
    UnknownKey,
    VaultError,
    WrongKey,
)
from engine.work.vault import SealedRow, Vault
from tests.tables_in_memory import TablesInMemory

K1, K2 = Key("k1", bytes(range(32))), Key("k2", bytes(32))
ANN = SecretRef("main", "ann@acme.example", "password")
BOB = SecretRef("main", "bob@acme.example", "password")
PASSWORD, OTHER = Secret("correct-horse"), Secret("battery-staple")


class Cellar:
    """A vault whose keys and rows a test can change under it."""

    def __init__(self) -> None:
        self.keys: Keyring = (K1,)
        self.rows = StoredSealedRows(TablesInMemory(system_clock))
        self.vault: Vault = SealedVault(self.rows, lambda: self.keys)
        self.vault.put(ANN, PASSWORD)
        self.vault.put(BOB, OTHER)

    def alter(self, ref: SecretRef, change: Callable[[bytes], bytes]) -> None:
        row = self.rows.row(ref)
        assert row is not None
        assert self.rows.replace(row, row.key_id, change(row.sealed))

    def sealed(self, ref: SecretRef) -> bytes:
        row = self.rows.row(ref)
        assert row is not None
        return row.sealed

    def restarted(self) -> SealedVault:
        return SealedVault(self.rows, lambda: self.keys)


@pytest.fixture
def cellar() -> Cellar:
    return Cellar()


class Hurried(StoredSealedRows):
    """Somebody acts after the next row was read, and before it is written."""

    then: Callable[[], object] | None = None

    def row(self, ref: SecretRef) -> SealedRow | None:
        found = super().row(ref)
        act, self.then = self.then, None
        if act is not None:
            act()
        return found


def test_a_secret_that_is_deleted_while_it_is_replaced_stays_deleted() -> None:
    rows = Hurried(TablesInMemory(system_clock))
    vault = SealedVault(rows, lambda: (K1,))
    vault.put(ANN, PASSWORD)
    rows.then = lambda: vault.delete(ANN)

    with pytest.raises(NoSuchSecret):
        vault.replace(ANN, OTHER)
    assert not vault.list()


def test_a_secret_that_is_sealed_anew_while_it_is_replaced_is_replaced() -> None:
    rows = Hurried(TablesInMemory(system_clock))
    keys: Keyring = (K1,)
    vault = SealedVault(rows, lambda: keys)
    vault.put(ANN, PASSWORD)
    vault = SealedVault(rows, lambda: keys)

    def rotate() -> None:
        nonlocal keys
        rotate_given(rows, lambda: (K2, K1))
        keys = (K2,)

    rows.then = rotate

    vault.replace(ANN, OTHER)

    assert vault.get(ANN) == OTHER
    assert [each.key_id for each in vault.list()] == ["k2"]


def test_what_was_put_is_had_again(cellar: Cellar) -> None:
    assert (cellar.vault.get(ANN), cellar.vault.get(BOB)) == (PASSWORD, OTHER)
    assert cellar.restarted().get(ANN) == PASSWORD


def test_a_newer_secret_takes_the_place_of_the_older(cellar: Cellar) -> None:
    cellar.vault.put(ANN, OTHER)
    assert cellar.vault.get(ANN) == OTHER


def test_the_list_tells_whose_secrets_there_are_and_none_of_them(cellar: Cellar) -> None:
    cellar.vault.put(ANN._replace(workspace="other"), PASSWORD)
    assert [(each.ref, each.key_id) for each in cellar.vault.list("main")] == [
        (ANN, "k1"),
        (BOB, "k1"),
    ]
    assert len(cellar.vault.list()) == 3
    assert "horse" not in repr(cellar.vault.list())


def test_what_was_deleted_is_gone(cellar: Cellar) -> None:
    assert [cellar.vault.delete(ANN), cellar.vault.delete(ANN)] == [True, False]
    with pytest.raises(NoSuchSecret, match=r"no password of ann@acme\.example in workspace main"):
        cellar.vault.get(ANN)


@pytest.mark.parametrize(
    ("keys", "error", "said"),
    [
        ((K2,), UnknownKey, "needs its key k1, which is not among those given (k2)"),
        ((Key("k1", bytes(32)),), WrongKey, "The key k1 is not the one of that id"),
    ],
)
def test_a_lost_and_a_wrong_key_are_told_apart_and_nothing_is_written(
    cellar: Cellar, keys: Keyring, error: type[VaultError], said: str
) -> None:
    cellar.keys = keys
    before = [cellar.rows.rows(), cellar.rows.keys_in_use()]
    vault = cellar.restarted()
    for act in (lambda: vault.get(ANN), lambda: vault.put(ANN, OTHER)):
        with pytest.raises(error) as refused:
            act()
        assert said in str(refused.value)
        assert isinstance(refused.value, StoreError)
    assert [cellar.rows.rows(), cellar.rows.keys_in_use()] == before


def test_a_wrong_key_that_is_put_right_is_noticed(cellar: Cellar) -> None:
    cellar.keys = (Key("k1", bytes(32)),)
    vault = cellar.restarted()
    with pytest.raises(WrongKey):
        vault.get(ANN)
    cellar.keys = (K1,)
    assert vault.get(ANN) == PASSWORD


def test_each_damage_has_its_own_error(cellar: Cellar) -> None:
    cellar.alter(ANN, lambda sealed: sealed[:-1])
    with pytest.raises(SecretCutShort):
        cellar.vault.get(ANN)
    cellar.alter(ANN, lambda _: cellar.sealed(BOB))
    with pytest.raises(SecretMisplaced):
        cellar.vault.get(ANN)
    cellar.alter(ANN, lambda sealed: b"SLV2" + sealed[4:])
    with pytest.raises(SecretAltered):
        cellar.vault.get(ANN)
    assert cellar.vault.get(BOB) == OTHER


def test_rows_swapped_between_accounts_are_not_given_out(cellar: Cellar) -> None:
    ann, bob = cellar.sealed(ANN), cellar.sealed(BOB)
    cellar.alter(ANN, lambda _: bob)
    cellar.alter(BOB, lambda _: ann)
    for ref in (ANN, BOB):
        with pytest.raises(SecretMisplaced):
            cellar.vault.get(ref)


def test_a_damaged_secret_is_mended_by_a_new_one(cellar: Cellar) -> None:
    cellar.alter(ANN, lambda sealed: sealed[:-1])
    cellar.vault.put(ANN, OTHER)
    assert cellar.vault.get(ANN) == OTHER


def test_a_vault_that_runs_goes_on_after_another_process_rotated_its_keys(cellar: Cellar) -> None:
    cellar.keys = (K2, K1)
    rotate_given(cellar.rows, lambda: (K2, K1))
    cellar.keys = (K2,)
    assert cellar.vault.get(ANN) == PASSWORD
    cellar.vault.put(ANN, OTHER)
    assert {each.key_id for each in cellar.vault.list()} == {"k2"}


class Overtaken(StoredSealedRows):
    """Whose keys another process rotates right after a row, or the key in use, was read."""

    def __init__(self) -> None:
        super().__init__(TablesInMemory(system_clock))
        self.meanwhile: list[Callable[[], object]] = []

    def row(self, ref: SecretRef):  # type: ignore[no-untyped-def]
        found = super().row(ref)
        self._overtake()
        return found

    def keys_in_use(self):  # type: ignore[no-untyped-def]
        found = super().keys_in_use()
        self._overtake()
        return found

    def _overtake(self) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()


@pytest.mark.parametrize("act", ["get", "put"])
def test_a_rotation_in_the_very_moment_is_no_error(act: str) -> None:
    rows, ring = Overtaken(), [(K1,)]
    SealedVault(rows, lambda: (K1,)).put(ANN, PASSWORD)

    def rotate() -> None:
        rotate_given(rows, lambda: (K2, K1))
        ring[0] = (K2,)

    rows.meanwhile.append(rotate)
    vault = SealedVault(rows, lambda: ring[0])
    if act == "put":
        vault.put(ANN, PASSWORD)
    assert vault.get(ANN) == PASSWORD
    assert [each.key_id for each in rows.rows()] == ["k2"]
