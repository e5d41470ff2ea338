"""F1: who a recipient is stands in the directory and nowhere else, whatever the store."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from threading import Thread

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.directory import PostgresDirectory
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.directory import SQLiteDirectory
from engine.ports.store import Store
from engine.work.ports import Directory, Person, TracesRemain
from tests.postgres import NamedServer
from tests.stores.contract.directory import ADA, BEA, DirectoryContract, Octets
from tests.stores.contract.words import BETA, put, rows
from tests.workplace import ACME


class TestSQLiteDirectory(DirectoryContract):
    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SQLiteStore]:
        with closing(SQLiteStore(tmp_path / "store.db", lock_timeout=30)) as store:
            yield store

    @pytest.fixture
    def directory(self, store: SQLiteStore) -> Directory:
        return SQLiteDirectory(store)

    @pytest.fixture
    def address(self, store: SQLiteStore) -> str:
        return str(store.path)

    @pytest.fixture
    def octets(self, store: SQLiteStore) -> Octets:
        return lambda: b"".join(
            path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*")
        )

    @pytest.mark.rule("F1")
    def test_a_reader_that_keeps_the_old_state_is_told_and_forgetting_again_finishes(
        self, tmp_path: Path, octets: Octets
    ) -> None:
        with closing(SQLiteStore(tmp_path / "store.db", lock_timeout=1)) as store:
            directory = SQLiteDirectory(store)
            (ada,) = directory.enrol(ACME, [ADA])
            with closing(sqlite3.connect(store.path, isolation_level=None)) as reader:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM directory").fetchone()
                with pytest.raises(TracesRemain, match="forget again"):
                    directory.forget(ACME, {ada: []}, as_of=0)
            assert directory.person(ACME, ada) is None
            assert directory.forget(ACME, {ada: []}, as_of=0)
        assert b"ada.abara" not in octets()

    @pytest.mark.rule("F1")
    def test_a_library_that_zeroes_nothing_by_itself_leaves_nothing_of_what_was_added(
        self, store: SQLiteStore, directory: Directory, octets: Octets
    ) -> None:
        with store.writing() as c:
            c.execute("PRAGMA secure_delete = OFF").fetchall()

        self.test_what_was_added_is_forgotten_as_all_else(directory, octets)


class TestPostgresDirectory(DirectoryContract):
    processes = 3

    @pytest.fixture
    def store(self, postgres_url: str) -> Iterator[PostgresStore]:
        with closing(PostgresStore(postgres_url)) as store:
            yield store

    @pytest.fixture
    def directory(self, store: PostgresStore) -> Directory:
        return PostgresDirectory(store)

    @pytest.fixture
    def address(self, postgres_url: str) -> str:
        return postgres_url

    @pytest.fixture
    def octets(self, store: PostgresStore, postgres_server: NamedServer) -> Octets:
        """Of all databases, behind a checkpoint, with what the planner has learnt meanwhile."""
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
    def test_an_old_snapshot_keeps_nobody(
        self, directory: Directory, postgres_url: str, octets: Octets
    ) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        with psycopg.connect(postgres_url) as reader:
            reader.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            reader.execute("SELECT count(*) FROM stored_events")
            assert directory.forget(ACME, {ada: []}, as_of=0)
            assert b"ada.abara" not in octets()

    @pytest.mark.rule("F1")
    def test_who_holds_the_table_is_told_of_and_forgetting_again_finishes(
        self, store: PostgresStore, octets: Octets
    ) -> None:
        with closing(PostgresStore(store.url, lock_timeout=1)) as hasty:
            directory = PostgresDirectory(hasty)
            (ada,) = directory.enrol(ACME, [ADA])
            with psycopg.connect(store.url) as reader:
                reader.execute("SELECT count(*) FROM directory")
                with pytest.raises(TracesRemain, match="forget again"):
                    directory.forget(ACME, {ada: []}, as_of=0)
                assert directory.person(ACME, ada) is None
            assert directory.forget(ACME, {ada: []}, as_of=0)
        assert b"ada.abara" not in octets()

    def test_another_workspace_that_goes_on_hinders_nobody(
        self, directory: Directory, store: Store
    ) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)

        assert directory.forget(ACME, {ada: []}, as_of=0)

    @pytest.mark.rule("S4")
    def test_who_enrols_waits_until_a_person_is_forgotten(
        self, directory: Directory, store: PostgresStore
    ) -> None:
        (ada,) = directory.enrol(ACME, [ADA])
        enrolled: list[str] = []
        enrolling = Thread(target=lambda: enrolled.extend(directory.enrol(ACME, [ADA], "spring")))
        with store.transaction(ACME):
            forgetting = Thread(target=directory.forget, args=(ACME, {ada: ["spring"]}, 0))
            forgetting.start()
            while not waiting(store, "advisory"):
                pass
            enrolling.start()
            while not waiting(store, "relation"):
                pass
        forgetting.join()
        enrolling.join()

        assert enrolled == [ada]
        assert directory.person(ACME, ada) is None

    def test_a_name_loses_what_the_server_cannot_keep(self, directory: Directory) -> None:
        (bea,) = directory.enrol(ACME, [Person(BEA.address, "B\0ea", BEA.variables)])

        assert directory.person(ACME, bea) == BEA


def waiting(store: PostgresStore, event: str) -> bool:
    """Somebody waits for a lock of that kind in this database."""
    question = (
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = %s"
    )
    with store.reading() as cursor:
        return bool((cursor.execute(question, (event,)).fetchone() or (0,))[0])


def octets_of(path: Path) -> bytes:
    """None of a file that the server removes meanwhile."""
    with suppress(FileNotFoundError, IsADirectoryError):
        return path.read_bytes()
    return b""
