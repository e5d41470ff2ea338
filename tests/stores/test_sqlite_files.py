"""What may happen to the embedded store's file, and what a person is told then."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Barrier, Thread

import pytest

from adapters.stores.memory import MemoryViews
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.connections import WritingConnections
from adapters.stores.sqlite.store import STORE_VERSION
from engine.ports.errors import StoreError
from engine.projecting import ProjectionRunner
from events.vocabulary import RecipientStatus
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    HOUR,
    NOON,
    R1,
    R2,
    R3,
    SPRING,
    connect,
    create,
    disconnect,
    hear_from,
    import_recipients,
    start,
)
from tests.workplace import ACME, Workplace, log_of, much_happens, on_file

NOBODY = 65534


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sendledger.db"


def refusal_of(path: Path) -> str:
    """What a person is told who opens this store."""
    with pytest.raises(StoreError) as refused:
        SQLiteStore(path, lock_timeout=1)
    assert str(path) in str(refused.value)
    return str(refused.value)


def execute(path: Path, statement: str) -> list[tuple[object, ...]]:
    """By hand, as another program would."""
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(statement).fetchall()
        connection.commit()
    return found


@pytest.fixture
def workplace(path: Path) -> Iterator[Workplace]:
    opened = on_file(path)
    opened.given(connect(ANN), connect(BOB), create(ANN, BOB, to=[R1, R2, R3]), start())
    yield opened
    opened.store.close()


# The file itself.


def test_the_file_says_which_version_of_the_store_it_is(path: Path) -> None:
    for _ in range(2):
        SQLiteStore(path).close()

    assert execute(path, "SELECT version FROM store_info") == [(STORE_VERSION,)]


def test_an_empty_file_becomes_a_store(path: Path) -> None:
    path.touch()

    SQLiteStore(path).close()

    assert execute(path, "SELECT version FROM store_info") == [(STORE_VERSION,)]


def test_a_store_of_a_newer_version_is_refused_and_left_as_it_is(path: Path) -> None:
    SQLiteStore(path).close()
    execute(path, "UPDATE store_info SET version = version + 1")
    before = path.read_bytes()

    assert f"has store version {STORE_VERSION + 1}" in refusal_of(path)
    assert "Upgrade Sendledger" in refusal_of(path)
    assert path.read_bytes() == before


def test_a_database_of_another_program_is_refused_and_left_as_it_is(path: Path) -> None:
    execute(path, "CREATE TABLE invoices (number INTEGER)")
    before = path.read_bytes()

    assert "belongs to another program. Name another file" in refusal_of(path)
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_a_file_that_is_no_database_is_refused_and_left_as_it_is(path: Path) -> None:
    path.write_text("Dear diary, " * 1_000)
    before = path.read_bytes()

    assert "it is no SQLite database. Name another file" in refusal_of(path)
    assert path.read_bytes() == before


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert "Check that its folder exists" in refusal_of(tmp_path / "nowhere" / "sendledger.db")


def test_a_folder_is_no_store(tmp_path: Path) -> None:
    assert "cannot be opened" in refusal_of(tmp_path)


def test_a_damaged_file_is_told_from_a_healthy_one(path: Path) -> None:
    workplace = on_file(path)
    much_happens(workplace)
    workplace.store.close()
    pages = bytearray(path.read_bytes())
    pages[4096:] = b"\xff" * len(pages[4096:])
    path.write_bytes(pages)

    with (
        pytest.raises(StoreError, match=r"it is damaged\. Restore it from a backup"),
        closing(SQLiteStore(path)) as store,
    ):
        log_of(store)


@contextmanager
def anybody() -> Iterator[None]:
    """Without the administrator's right to write everywhere."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


def test_a_store_that_may_not_be_written_says_so() -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "sendledger.db"
        on_file(path).given(connect(ANN)).store.close()
        path.chmod(0o444)
        path.parent.chmod(0o555)
        with anybody(), pytest.raises(StoreError, match=r"Check the permissions|may be written"):
            on_file(path, name="again").given(connect(BOB))
        path.parent.chmod(0o755)
        path.chmod(0o644)

        with closing(on_file(path, name="again").given(connect(BOB)).store) as store:
            assert {recorded.stream_id for recorded in log_of(store)} >= {f"acme:account:{BOB}"}


def test_many_who_open_a_new_store_at_once_make_one_store(path: Path) -> None:
    together, failures = Barrier(6), list[Exception]()

    def open_it() -> None:
        together.wait()
        try:
            SQLiteStore(path).close()
        except StoreError as error:
            failures.append(error)

    threads = [Thread(target=open_it) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    assert execute(path, "SELECT version FROM store_info") == [(STORE_VERSION,)]


# Trouble while it is in use.


@contextmanager
def another_program_writes(path: Path) -> Iterator[None]:
    """Another process holds the file's lock."""
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], isolation_level=None); "
        "c.execute('BEGIN IMMEDIATE'); print('locked', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "locked\n"
        yield
        process.communicate()


def test_a_writer_does_not_wait_for_ever_and_a_reader_not_at_all(
    path: Path, workplace: Workplace
) -> None:
    before = workplace.log
    with closing(SQLiteStore(path, workplace.clock, lock_timeout=1)) as store:
        impatient = Workplace(store, workplace.clock, name="impatient")
        with another_program_writes(path):
            with pytest.raises(StoreError, match=r"another program is writing to it\. Try again"):
                impatient.given(import_recipients("r4"))
            assert log_of(store) == before
            with closing(SQLiteStore(path, lock_timeout=1)) as second:
                assert log_of(second) == before

        impatient.given(import_recipients("r4"))
        assert len(log_of(store)) == len(before) + 1


@contextmanager
def a_full_disk(store: SQLiteStore) -> Iterator[None]:
    """The file may grow by one page and no more."""

    def limit_to(pages: int) -> None:
        assert isinstance(store._connections, WritingConnections)
        with store._connections.outside_of_a_transaction() as c:
            c.execute(f"PRAGMA max_page_count = {pages}")

    with store.reading() as c:
        (pages,) = c.execute("PRAGMA page_count").fetchone()
    limit_to(pages + 1)
    yield
    limit_to(1_000_000_000)


def test_on_a_full_disk_nothing_is_half_written_and_work_goes_on_afterwards(
    path: Path, workplace: Workplace
) -> None:
    before = workplace.log
    many = import_recipients(*(f"new-{number}" for number in range(5_000)))
    assert isinstance(workplace.store, SQLiteStore)

    with a_full_disk(workplace.store):
        with pytest.raises(StoreError, match=r"the disk is full\. Free some space and try again"):
            workplace.tell(many, "the-import")
        assert workplace.log == before
        assert execute(path, "SELECT * FROM envelopes WHERE command_id = 'the-import'") == []

    answer = workplace.tell(many, "the-import")
    assert len(answer.recorded) == 5_000
    assert workplace.log == [*before, *answer.recorded]


def test_on_a_full_disk_the_views_stay_where_they_were(workplace: Workplace) -> None:
    store = workplace.store
    assert isinstance(store, SQLiteStore)
    views = SQLiteViews(store)
    ProjectionRunner(store, views, SHIPPED).catch_up()
    before = store.last_position()
    workplace.given(import_recipients(*(f"new-{number}" for number in range(5_000))))

    with a_full_disk(store):
        with pytest.raises(StoreError, match="the disk is full"):
            ProjectionRunner(store, views, SHIPPED).catch_up()
        assert {views.position(each) for each in SHIPPED} == {before}
        assert views.count(RECIPIENT_STATUS) == 3

    ProjectionRunner(store, views, SHIPPED).catch_up()
    assert views.count(RECIPIENT_STATUS) == 5_003


# Several at work on one file.


def test_two_engines_on_one_file_see_what_the_other_did(path: Path, workplace: Workplace) -> None:
    with closing(SQLiteStore(path, workplace.clock)) as store:
        other = Workplace(store, workplace.clock, name="other")
        other.given(hear_from(ANN, R1))
        workplace.given(hear_from(BOB, R2))
        other.given(hear_from(ANN, R3))
        workplace.given(disconnect(ANN))
        other.at(NOON + 2 * HOUR).tick()

        for each in (workplace, other):
            with each.engine.look(ACME) as workspace:
                recipients = workspace.campaign(SPRING).recipients
            assert recipients[R1].status is RecipientStatus.CAMPAIGN_STOPPED
            assert recipients[R2].status is RecipientStatus.ACTIVE
            assert recipients[R3].status is RecipientStatus.CAMPAIGN_STOPPED
        refusal = workplace.tell(hear_from(BOB, R1)[0]).refusal
        assert refusal is not None
        assert refusal.code == "recipient_stopped"


def test_two_processes_on_one_file_take_turns_in_one_workspace(
    path: Path, workplace: Workplace
) -> None:
    everybody = [R1, R2, R3]
    with subprocess.Popen(
        [sys.executable, "-m", "tests.stores.neighbour", str(path)],
        cwd=Path(__file__).parents[2],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as neighbour:
        assert neighbour.stdin is not None
        assert neighbour.stdout is not None
        for number in range(3):
            workplace.given(import_recipients(f"ours-{number}"))
            neighbour.stdin.write(f"theirs-{number}\n")
            neighbour.stdin.flush()
            everybody += [f"ours-{number}", f"theirs-{number}"]
            assert neighbour.stdout.readline().split() == sorted(everybody)
        neighbour.stdin.close()

    with workplace.engine.look(ACME) as workspace:
        assert sorted(workspace.campaign(SPRING).recipients) == sorted(everybody)
    assert [recorded.position for recorded in workplace.log] == [*range(1, len(workplace.log) + 1)]


def fold_all(store: SQLiteStore) -> None:
    ProjectionRunner(store, SQLiteViews(store), SHIPPED).catch_up()


def begin_a_view_anew(store: SQLiteStore) -> None:
    SQLiteViews(store).reset(RECIPIENT_STATUS)


@pytest.mark.parametrize("meanwhile", [fold_all, begin_a_view_anew])
def test_views_lose_no_row_when_another_process_comes_between_two_pages(
    path: Path, workplace: Workplace, meanwhile: Callable[[SQLiteStore], None]
) -> None:
    store = workplace.store
    assert isinstance(store, SQLiteStore)
    views, interrupted = SQLiteViews(store), list[int]()
    with closing(SQLiteStore(path, workplace.clock)) as second:

        def interrupt(position: int) -> None:
            if not interrupted:
                interrupted.append(position)
                meanwhile(second)

        ProjectionRunner(store, views, SHIPPED, page=8).catch_up(interrupt)

    assert interrupted == [8]
    assert [row.recipient_id for row in views.rows(RECIPIENT_STATUS)] == [R1, R2, R3]
    assert {views.position(each) for each in SHIPPED} == {store.last_position()}


def test_many_who_fold_new_views_at_once_lose_no_row(path: Path) -> None:
    much_happens(on_file(path)).store.close()
    together, failures = Barrier(4), list[Exception]()

    def fold() -> None:
        with closing(SQLiteStore(path)) as store:
            together.wait()
            try:
                ProjectionRunner(store, SQLiteViews(store), SHIPPED, page=40).catch_up()
            except StoreError as error:
                failures.append(error)

    threads = [Thread(target=fold) for _ in range(together.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failures == []
    with closing(SQLiteStore(path)) as store:
        views, expected = SQLiteViews(store), MemoryViews()
        assert {views.position(each) for each in SHIPPED} == {store.last_position()}
        ProjectionRunner(store, expected, SHIPPED).catch_up()
        for each in SHIPPED:
            assert list(views.rows(each)) == list(expected.rows(each))
