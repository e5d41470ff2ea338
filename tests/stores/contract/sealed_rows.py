"""What the vault asks of a store: rows whose key is known, and keys that are needed stay.

Heirs give ``sealed_rows``.
"""

from datetime import UTC, datetime

import pytest

from engine.work.ports import SealedRows
from engine.work.secret import SecretRef

ANN = SecretRef("acme", "ann@acme.example", "password")
BOB = SecretRef("acme", "bob@acme.example", "password")
OTHERS = SecretRef("other", "ann@acme.example", "password")


def with_key(rows: SealedRows, key_id: str = "k1") -> SealedRows:
    assert rows.use_key(key_id, key_id.encode(), instead_of=None)
    return rows


class SealedRowsContract:
    def test_a_new_vault_has_neither_keys_nor_rows(self, sealed_rows: SealedRows) -> None:
        assert (sealed_rows.keys_in_use(), sealed_rows.rows()) == ({}, [])
        assert sealed_rows.row(ANN) is None

    def test_a_row_is_kept_with_its_key_and_time(self, sealed_rows: SealedRows) -> None:
        before = datetime.now(UTC)
        assert with_key(sealed_rows).write(ANN, "k1", b"\x00sealed\xff")
        row = sealed_rows.row(ANN)
        assert row is not None
        assert row[:3] == (ANN, "k1", b"\x00sealed\xff")
        assert abs((row.stored_at - before).total_seconds()) < 60

    def test_rows_come_by_workspace_account_and_name(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows)
        for ref in (OTHERS, BOB, ANN._replace(name="oauth"), ANN):
            assert sealed_rows.write(ref, "k1", str(ref).encode())
        assert [row.ref for row in sealed_rows.rows()] == [
            *(ANN._replace(name="oauth"), ANN, BOB, OTHERS)
        ]
        assert [row.ref for row in sealed_rows.rows("other")] == [OTHERS]

    def test_a_row_written_again_takes_the_place_of_the_older(
        self, sealed_rows: SealedRows
    ) -> None:
        with_key(sealed_rows).write(ANN, "k1", b"old")
        assert sealed_rows.write(ANN, "k1", b"new")
        assert [row.sealed for row in sealed_rows.rows()] == [b"new"]

    @pytest.mark.parametrize("key_id", ["k1", "k3"])
    def test_only_the_key_in_use_writes(self, sealed_rows: SealedRows, key_id: str) -> None:
        with_key(sealed_rows).use_key("k2", b"2", instead_of="k1")
        assert not sealed_rows.write(ANN, key_id, b"sealed")
        assert sealed_rows.rows() == []

    def test_a_key_is_used_instead_of_the_one_that_was(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows)
        assert not sealed_rows.use_key("k2", b"2", instead_of=None)
        assert not sealed_rows.use_key("k2", b"2", instead_of="k0")
        assert sealed_rows.use_key("k2", b"2", instead_of="k1")
        assert list(sealed_rows.keys_in_use().items()) == [("k1", b"k1"), ("k2", b"2")]

    def test_an_older_key_can_be_used_again_with_its_old_fingerprint(
        self, sealed_rows: SealedRows
    ) -> None:
        with_key(sealed_rows).use_key("k2", b"2", instead_of="k1")
        assert sealed_rows.use_key("k1", b"other", instead_of="k2")
        assert list(sealed_rows.keys_in_use().items()) == [("k2", b"2"), ("k1", b"k1")]

    def test_a_key_that_is_needed_stays(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows).write(ANN, "k1", b"sealed")
        assert not sealed_rows.remove_key("k1")
        sealed_rows.use_key("k2", b"2", instead_of="k1")
        assert not sealed_rows.remove_key("k1")
        row = sealed_rows.row(ANN)
        assert row is not None
        assert sealed_rows.replace(row, "k2", b"sealed anew")
        assert sealed_rows.remove_key("k1")
        assert sealed_rows.remove_key("k1"), "it is gone already"
        assert list(sealed_rows.keys_in_use()) == ["k2"]

    def test_a_row_that_changed_meanwhile_is_not_replaced(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows).write(ANN, "k1", b"sealed")
        row = sealed_rows.row(ANN)
        assert row is not None
        sealed_rows.write(ANN, "k1", b"a newer password")
        assert not sealed_rows.replace(row, "k1", b"the older one, sealed anew")
        assert [each.sealed for each in sealed_rows.rows()] == [b"a newer password"]
        sealed_rows.delete(ANN)
        assert not sealed_rows.replace(row, "k1", b"the older one, sealed anew")
        assert sealed_rows.rows() == []

    def test_a_row_sealed_anew_keeps_its_time(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows).write(ANN, "k1", b"sealed")
        row = sealed_rows.row(ANN)
        assert row is not None
        assert sealed_rows.replace(row, "k1", b"anew")
        assert sealed_rows.row(ANN) == row._replace(sealed=b"anew")

    def test_deleting_says_whether_there_was_one(self, sealed_rows: SealedRows) -> None:
        with_key(sealed_rows).write(ANN, "k1", b"sealed")
        assert [sealed_rows.delete(each) for each in (OTHERS, ANN, ANN)] == [False, True, False]
