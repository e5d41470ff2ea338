"""Every store keeps what the vault has encrypted in the same way."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.stores.sqlite import SQLiteStore
from engine.ports.errors import StoreError
from engine.work.vault import SealedRows
from tests.stores.contract.sealed_rows import ANN, SealedRowsContract, with_key


class TestSQLiteSealedRows(SealedRowsContract):
    @pytest.fixture
    def sealed_rows(self, tmp_path: Path) -> Iterator[SealedRows]:
        with closing(SQLiteStore(tmp_path / "store.db")) as store:
            yield StoredSealedRows(store)

    def test_they_outlive_the_process(self, tmp_path: Path) -> None:
        with closing(SQLiteStore(tmp_path / "store.db")) as store:
            with_key(StoredSealedRows(store)).write(ANN, "k1", b"sealed")
        with closing(SQLiteStore(tmp_path / "store.db")) as store:
            row = StoredSealedRows(store).row(ANN)
        assert row is not None
        assert row.sealed == b"sealed"


class TestPostgresSealedRows(SealedRowsContract):
    @pytest.fixture
    def store(self, postgres_url: str) -> Iterator[PostgresStore]:
        with closing(PostgresStore(postgres_url)) as store:
            yield store

    @pytest.fixture
    def sealed_rows(self, store: PostgresStore) -> SealedRows:
        return StoredSealedRows(store)

    def test_a_key_that_a_row_still_being_written_needs_is_not_removed(
        self, sealed_rows: SealedRows, postgres_url: str
    ) -> None:
        with_key(sealed_rows)
        answers: list[bool] = []

        def rotate() -> None:
            answers.append(sealed_rows.use_key("k2", b"2", instead_of="k1"))
            answers.append(sealed_rows.remove_key("k1"))

        with psycopg.connect(postgres_url) as writer:
            writer.execute("LOCK TABLE vault_keys IN SHARE MODE")
            thread = threading.Thread(target=rotate)
            thread.start()
            thread.join(0.3)
            assert not answers
            writer.execute("INSERT INTO vault_secrets VALUES ('a', 'b', 'c', 'k1', 'd', now())")
        thread.join(30)
        assert answers == [True, False]

    def test_no_row_stands_without_its_key(self, store: PostgresStore) -> None:
        with pytest.raises(StoreError), store.explained(), store.writing() as c:
            c.execute("INSERT INTO vault_secrets VALUES ('a', 'b', 'c', 'k9', 'd', now())")
