"""C1: what servers said can be kept, found and erased, whatever the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.small_tables.evidence import StoredEvidence
from adapters.stores.sqlite import SQLiteStore
from engine.ports.errors import ReadOnlyStore
from engine.work.evidence import digest
from engine.work.ports import EvidenceStore, TracesRemain
from tests.law.story import ANN
from tests.postgres import NamedServer
from tests.stores.contract.evidence import SAID, EvidenceContract, Octets
from tests.stores.test_directories import octets_of
from tests.workplace import ACME


class TestSQLiteEvidence(EvidenceContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SQLiteStore]:
        with closing(SQLiteStore(tmp_path / "store.db", lock_timeout=1)) as store:
            yield store

    @pytest.fixture
    def evidence(self, store: SQLiteStore) -> EvidenceStore:
        return StoredEvidence(store)

    @pytest.fixture
    def octets(self, store: SQLiteStore) -> Octets:
        files = f"{store.path.name}*"
        return lambda: b"".join(each.read_bytes() for each in store.path.parent.glob(files))

    @pytest.mark.rule("F1")
    def test_a_reader_that_hinders_it_is_told_and_forgetting_again_finishes(
        self, store: SQLiteStore, evidence: EvidenceStore, octets: Octets
    ) -> None:
        evidence.keep(ACME, ANN, digest(SAID), SAID)
        with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:
            reader.execute("BEGIN")
            reader.execute("SELECT count(*) FROM evidence").fetchone()
            with pytest.raises(TracesRemain, match="forget again"):
                evidence.forget(ACME, ANN)

        evidence.forget(ACME, ANN)

        assert b"zoe.zimmer" not in octets()

    def test_a_store_that_is_only_read_has_evidence_once_another_kept_some(
        self, store: SQLiteStore, evidence: EvidenceStore
    ) -> None:
        with closing(SQLiteStore(store.path, read_only=True)) as opened:
            reader = StoredEvidence(opened)
            assert reader.find(ACME, digest(SAID)) is None
            evidence.keep(ACME, ANN, digest(SAID), SAID)

            assert reader.find(ACME, digest(SAID)) == SAID
            with pytest.raises(ReadOnlyStore):
                reader.keep(ACME, ANN, digest(SAID), SAID)


class TestPostgresEvidence(EvidenceContract):
    @pytest.fixture
    def store(self, postgres_url: str) -> Iterator[PostgresStore]:
        with closing(PostgresStore(postgres_url, lock_timeout=1)) as store:
            yield store

    @pytest.fixture
    def evidence(self, store: PostgresStore) -> EvidenceStore:
        return StoredEvidence(store)

    @pytest.fixture
    def octets(self, store: PostgresStore, postgres_server: NamedServer) -> Octets:
        if not postgres_server.ours:
            pytest.skip("the files of a server that is not ours cannot be read")

        def found() -> bytes:
            with psycopg.connect(store.url, autocommit=True) as connection:
                connection.execute("ANALYZE")
                connection.execute("CHECKPOINT")
                (folder,) = connection.execute("SHOW data_directory").fetchone() or ("",)
            return b"".join(map(octets_of, Path(folder, "base").rglob("*")))

        return found

    @pytest.mark.rule("F1")
    def test_who_holds_the_table_is_told_of_and_forgetting_again_finishes(
        self, store: PostgresStore, evidence: EvidenceStore
    ) -> None:
        evidence.keep(ACME, ANN, digest(SAID), SAID)
        with psycopg.connect(store.url) as reader:
            reader.execute("SELECT count(*) FROM evidence")
            with pytest.raises(TracesRemain, match="forget again"):
                evidence.forget(ACME, ANN)
            assert evidence.find(ACME, digest(SAID)) is None

        evidence.forget(ACME, ANN)
