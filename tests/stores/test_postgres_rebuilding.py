"""A rebuild beside the views in use, on a real server and in real processes."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event as Signal
from threading import Thread
from typing import Any

import psycopg
import pytest

from adapters.stores.memory import MemoryViews
from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.rebuild.partition import beside
from adapters.stores.postgres.rebuild.rebuilding import rebuild
from adapters.stores.postgres.rebuild.refusals import ProcessLost
from adapters.stores.postgres.rebuild.swapping import take_the_place
from engine.decoding import GapInLog, MissingEnvelope
from engine.folding import CannotTake
from engine.ports.clock import ManualClock
from engine.ports.errors import StaleView, StoreError
from engine.projecting import ProjectionRunner
from events.catalogue import CorruptEvent, UnknownTopic, UnreadableEvent
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import ANN, NOON, connect, create, import_recipients, start
from tests.stores.rebuilder import CHOKING, COUNTED, MISSHARED, SHARED
from tests.workplace import Workplace, much_happens

Rows = dict[str, Sequence[Any]]
KEY_OF_ACCOUNTS = "CONSTRAINT view_accounts_rebuilt_pkey PRIMARY KEY (workspace, account_id)"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOON)


@pytest.fixture
def store(postgres_url: str, clock: ManualClock) -> Iterator[PostgresStore]:
    opened = PostgresStore(postgres_url, clock)
    yield opened
    opened.close()


@pytest.fixture
def busy(store: PostgresStore, clock: ManualClock) -> PostgresStore:
    """A store in which much has happened, its views kept."""
    much_happens(Workplace(store, clock))
    ProjectionRunner(store, PostgresViews(store), SHIPPED).catch_up()
    return store


def rows_of(views: Any, projections: Sequence[Projection] = SHIPPED) -> Rows:
    return {each.name: list(views.rows(each)) for each in projections}


def folded(store: PostgresStore, projections: Sequence[Projection] = SHIPPED) -> Rows:
    views = MemoryViews()
    ProjectionRunner(store, views, projections).catch_up()
    return rows_of(views, projections)


def spoil(store: PostgresStore) -> None:
    """Views in use that a rebuild has to correct."""
    change(store, "UPDATE view_recipient_status SET sender = 'nobody'")
    change(store, "DELETE FROM view_campaigns")


def change(store: PostgresStore, statement: str, position: int | None = None) -> None:
    where = "" if position is None else f" WHERE notification_id = {position}"
    with store.writing() as cursor:
        cursor.execute((statement + where).encode())


def seen(store: PostgresStore, question: str) -> list[Any]:
    with store.reading() as cursor:
        return [row[0] for row in cursor.execute(question.encode())]


def assert_nothing_is_left_behind(store: PostgresStore) -> None:
    assert multiprocessing.active_children() == []
    assert seen(store, "SELECT relname FROM pg_class WHERE relname LIKE '%rebuilt%'") == []
    names = seen(store, "SELECT application_name FROM tracking")
    assert sorted(names) == sorted(each.tracking_name for each in SHIPPED)
    assert seen(store, "SELECT objid FROM pg_locks WHERE locktype = 'advisory'") == []


@pytest.mark.rule("F3")
@pytest.mark.parametrize(("processes", "in_hand"), [(1, 1_000), (2, 1_000), (3, 1_000), (2, 2)])
def test_rebuilt_rows_are_those_of_the_history(
    busy: PostgresStore, processes: int, in_hand: int
) -> None:
    spoil(busy)

    reached = rebuild(busy, SHIPPED, processes=processes, in_hand=in_hand)

    assert reached == busy.last_position()
    views = PostgresViews(busy)
    assert rows_of(views) == folded(busy)
    assert {views.position(each) for each in SHIPPED} == {reached}
    assert_nothing_is_left_behind(busy)


def test_a_rebuilt_view_is_kept_on_and_rebuilt_again(
    busy: PostgresStore, clock: ManualClock
) -> None:
    views = PostgresViews(busy)
    workplace = Workplace(busy, clock, name="later")
    for number in range(3):
        rebuild(busy, SHIPPED)
        workplace.given(create(ANN, to=[f"s{number}"], campaign=f"summer-{number}"))
        ProjectionRunner(busy, views, SHIPPED).catch_up()

    assert rows_of(views) == folded(busy)
    keys = seen(busy, "SELECT conname FROM pg_constraint WHERE conname LIKE 'view%'")
    assert sorted(keys) == sorted(f"view_{each.name}_pkey" for each in SHIPPED)


def test_an_empty_log_makes_empty_views(store: PostgresStore) -> None:
    views = PostgresViews(store)

    assert rebuild(store, SHIPPED) == 0
    assert {each.name: views.count(each) for each in SHIPPED} == dict.fromkeys(rows_of(views), 0)
    assert seen(store, "SELECT application_name FROM tracking") == []


def test_only_the_views_asked_for_are_rebuilt(busy: PostgresStore) -> None:
    before = rows_of(PostgresViews(busy), [RECIPIENT_STATUS])
    spoil(busy)

    rebuild(busy, [CAMPAIGNS])

    assert rows_of(PostgresViews(busy), [CAMPAIGNS]) == folded(busy, [CAMPAIGNS])
    assert rows_of(PostgresViews(busy), [RECIPIENT_STATUS]) != before


def test_another_version_takes_the_place_of_the_one_before(busy: PostgresStore) -> None:
    newer = CAMPAIGNS._replace(version=2)

    reached = rebuild(busy, [newer])

    assert PostgresViews(busy).position(newer) == reached
    assert PostgresViews(busy).position(CAMPAIGNS) == 0


def test_both_processes_fold_rows_of_a_view_that_is_shared_out(
    busy: PostgresStore, clock: ManualClock
) -> None:
    Workplace(busy, clock, name="more").given(
        create(ANN, to=[f"p{number}" for number in range(100)], campaign="summer")
    )

    rebuild(busy, [SHARED])

    rows = PostgresViews(busy).rows(SHARED)
    assert len({row.process for row in rows}) == 2
    assert [row[:3] for row in rows] == [row[:3] for row in folded(busy, [COUNTED])["counted"]]


def test_a_view_that_is_shared_out_by_another_field_than_its_keys_is_refused(
    busy: PostgresStore,
    clock: ManualClock,
) -> None:
    Workplace(busy, clock, name="more").given(
        create(ANN, to=[f"p{number}" for number in range(100)], campaign="summer")
    )

    with pytest.raises(StoreError, match="share_by"):
        rebuild(busy, [MISSHARED])


def test_progress_goes_forward_to_the_end(busy: PostgresStore) -> None:
    told: list[int] = []

    end = rebuild(busy, SHIPPED, told.append, in_hand=2)

    assert told == sorted(told)
    assert told[-1] == end


def refused(store: PostgresStore, projections: Sequence[Projection] = SHIPPED) -> Exception:
    """What a rebuild raises, after which nothing has changed."""
    before, positions = rows_of(PostgresViews(store)), seen(store, "SELECT tracking FROM tracking")
    with pytest.raises((StoreError, UnreadableEvent)) as caught:
        rebuild(store, projections)
    assert rows_of(PostgresViews(store)) == before
    assert seen(store, "SELECT tracking FROM tracking") == positions
    assert_nothing_is_left_behind(store)
    return caught.value


@pytest.mark.parametrize("position", [1, 30])
def test_an_event_that_cannot_be_read_stops_the_rebuild_at_its_position(
    busy: PostgresStore, position: int
) -> None:
    """Also where nobody who is rebuilt watches it."""
    change(busy, "UPDATE stored_events SET state = 'no json'", position)
    error = refused(busy, [ACCOUNTS])
    assert isinstance(error, CorruptEvent)
    assert f"position {position} " in str(error)

    change(busy, "UPDATE stored_events SET topic = 'NeverHeardOf'", position)
    error = refused(busy)
    assert isinstance(error, UnknownTopic)
    assert f"position {position} " in str(error)


@pytest.mark.parametrize("position", [1, 20])
def test_a_gap_in_the_log_stops_the_rebuild(busy: PostgresStore, position: int) -> None:
    change(busy, "DELETE FROM stored_events", position)

    error = refused(busy)

    assert isinstance(error, GapInLog)
    assert f"position {position};" in str(error)


def test_an_event_without_an_envelope_stops_the_rebuild(busy: PostgresStore) -> None:
    change(busy, "DELETE FROM envelopes WHERE first_position = 1")

    assert isinstance(refused(busy), MissingEnvelope)


def test_an_event_that_a_view_cannot_take_stops_the_rebuild_at_its_position(
    busy: PostgresStore,
) -> None:
    error = refused(busy, [CHOKING])

    assert isinstance(error, CannotTake)
    first = seen(
        busy, "SELECT min(notification_id) FROM stored_events WHERE topic = 'RecipientAdded'"
    )
    assert [error.position] == first


@pytest.mark.parametrize("spoilt", ["SET state = 'no json'", "SET state = state"])
def test_what_a_view_was_told_to_skip_is_passed_over(busy: PostgresStore, spoilt: str) -> None:
    """Whether the event can be read or not."""
    views, position = PostgresViews(busy), 3
    change(busy, f"UPDATE stored_events {spoilt}", position)
    skip_everywhere(busy, SHIPPED, position)
    expected = rows_of(views)

    reached = rebuild(busy, SHIPPED)

    assert rows_of(views) == expected
    assert {views.statuses([each])[each].position for each in SHIPPED} == {reached}


def skip_everywhere(store: PostgresStore, projections: Sequence[Projection], position: int) -> None:
    """As an operator's skip leaves it, and the views folded so."""
    for each in projections:
        with store.writing() as cursor:
            cursor.execute(
                "INSERT INTO skips VALUES (%s, %s, 'never happened', 'user:test', now())",
                (each.tracking_name, position),
            )
    views = PostgresViews(store)
    for each in projections:
        views.reset(each)
    ProjectionRunner(store, views, projections).catch_up()


def test_an_unreadable_event_that_one_of_the_views_does_not_skip_stops_them_all(
    busy: PostgresStore,
) -> None:
    skip_everywhere(busy, [ACCOUNTS], 3)
    change(busy, "UPDATE stored_events SET state = 'no json'", 3)

    assert isinstance(refused(busy, [ACCOUNTS, CAMPAIGNS]), CorruptEvent)
    rebuild(busy, [ACCOUNTS])


def test_a_skip_that_comes_meanwhile_makes_the_rebuild_begin_again(busy: PostgresStore) -> None:
    before = rows_of(PostgresViews(busy))
    done = Signal()

    def skip(_position: int) -> None:
        if not done.is_set():
            done.set()
            name = ACCOUNTS.tracking_name
            change(
                busy,
                f"INSERT INTO skips VALUES ('{name}', 3, 'never happened', 'user:test', now())",  # noqa: S608
            )

    with pytest.raises(StoreError, match="run the rebuild again"):
        rebuild(busy, SHIPPED, skip)
    assert rows_of(PostgresViews(busy)) == before


@contextmanager
def meanwhile(*works: Callable[[Signal], None]) -> Iterator[None]:
    """These go on in threads of their own until the block has ended; they must not fail."""
    stop, errors = Signal(), list[BaseException]()

    def run(work: Callable[[Signal], None]) -> None:
        try:
            work(stop)
        except BaseException as error:
            errors.append(error)
            raise

    threads = [Thread(target=run, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert errors == []


@pytest.mark.kills
@pytest.mark.rule("F3")
def test_writers_keepers_and_readers_go_on_while_views_are_rebuilt(
    busy: PostgresStore, clock: ManualClock, postgres_url: str
) -> None:
    own = PostgresStore(postgres_url)

    def write(stop: Signal) -> None:
        workplace = Workplace(busy, clock, name="writer")
        workplace.given(create(ANN, to=["w"], campaign="summer"), start("summer"))
        number = 0
        while not stop.is_set():
            number += 1
            workplace.given(import_recipients(f"w{number}", campaign="summer"))

    def read(stop: Signal) -> None:
        """The number of rows, and the position, never go back."""
        views, count, position = PostgresViews(busy), 0, 0
        while not stop.is_set():
            found, at = views.count(RECIPIENT_STATUS), views.position(RECIPIENT_STATUS)
            assert (found, at) >= (count, position)
            count, position = found, at

    with keeper(postgres_url) as process, meanwhile(write, read):
        for _ in range(3):
            rebuild(own, SHIPPED)
        assert process.poll() is None
    own.close()
    views = PostgresViews(busy)
    ProjectionRunner(busy, views, SHIPPED).catch_up()
    assert rows_of(views) == folded(busy)
    assert_nothing_is_left_behind(busy)


@contextmanager
def keeper(url: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-m", "tests.stores.view_keeper", url])
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def test_who_folded_from_the_old_rows_cannot_save_over_the_new(
    busy: PostgresStore, clock: ManualClock
) -> None:
    """Stands where the view stood before; the rebuild has come further."""
    views, since = PostgresViews(busy), busy.last_position()
    Workplace(busy, clock, name="later").given(connect("dora@acme.test", slot="slot-9"))
    end = busy.last_position()

    rebuild(busy, [ACCOUNTS])

    with pytest.raises(StaleView):
        views.save({ACCOUNTS: {}}, {ACCOUNTS: since}, end)


def test_nobody_but_readers_gets_between_the_last_event_and_the_new_rows(
    busy: PostgresStore, postgres_url: str, clock: ManualClock
) -> None:
    """Or a keeper would fold the next event from old rows and save them over the new."""
    end = busy.last_position()
    change(busy, "CREATE TABLE view_accounts_rebuilt (LIKE view_accounts)")
    change(busy, f"ALTER TABLE view_accounts_rebuilt ADD {KEY_OF_ACCOUNTS}")
    impatient = PostgresStore(postgres_url, clock, lock_timeout=1)
    views = PostgresViews(impatient)
    found = views.count(ACCOUNTS)

    def last_events() -> int:
        assert views.count(ACCOUNTS) == found
        with pytest.raises(StoreError, match="has held what is needed"):
            Workplace(impatient, clock, name="late").tell(create(ANN, campaign="summer"))
        with pytest.raises(StoreError, match="has held what is needed"):
            views.save({ACCOUNTS: {}}, {ACCOUNTS: end}, end + 1)
        return end

    with busy.writing() as cursor:
        assert take_the_place(cursor, {ACCOUNTS: beside(ACCOUNTS)}, last_events) == end
    assert views.count(ACCOUNTS) == 0
    assert views.position(ACCOUNTS) == end
    impatient.close()


@pytest.mark.kills
def test_who_reads_for_long_is_waited_for(busy: PostgresStore, postgres_url: str) -> None:
    spoil(busy)
    with psycopg.connect(postgres_url) as reader:
        reader.execute("SELECT count(*) FROM view_recipient_status")

        def leave(_stop: Signal) -> None:
            time.sleep(4)
            reader.rollback()

        with meanwhile(leave):
            rebuild(busy, SHIPPED)

    assert rows_of(PostgresViews(busy)) == folded(busy)


def test_a_second_rebuild_waits_for_the_first(busy: PostgresStore, postgres_url: str) -> None:
    lock = "pg_advisory_lock_shared(hashtextextended(current_schema() || '.rebuilding', 0))"
    with psycopg.connect(postgres_url, autocommit=True) as first:
        first.execute(f"SELECT {lock}".encode())

        def end(_stop: Signal) -> None:
            time.sleep(1)
            first.close()

        begun = time.monotonic()
        with meanwhile(end):
            rebuild(busy, [ACCOUNTS])

    assert time.monotonic() - begun > 1


@pytest.mark.kills
def test_a_killed_process_leaves_every_view_as_it_was(busy: PostgresStore) -> None:
    before = rows_of(PostgresViews(busy))

    def kill(_position: int) -> None:
        for process in multiprocessing.active_children():
            process.kill()

    with pytest.raises((ProcessLost, StoreError)):
        rebuild(busy, SHIPPED, kill)
    assert rows_of(PostgresViews(busy)) == before
    assert_nothing_is_left_behind(busy)
    rebuild(busy, SHIPPED)


@pytest.mark.kills
def test_an_interrupted_rebuild_ends_its_processes(busy: PostgresStore) -> None:
    before = rows_of(PostgresViews(busy))

    def interrupt(_position: int) -> None:
        os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        rebuild(busy, SHIPPED, interrupt)
    assert rows_of(PostgresViews(busy)) == before
    assert_nothing_is_left_behind(busy)


@pytest.mark.kills
@pytest.mark.parametrize("delay", [0.5, 0.9, 1.3])
def test_ctrl_c_is_heard_by_the_rebuild_alone(
    busy: PostgresStore, postgres_url: str, delay: float
) -> None:
    """It goes to all processes of a terminal; those that fold say nothing of their own."""
    command = [sys.executable, "-m", "tests.stores.rebuilder", postgres_url, "endlessly"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True) as process:
        time.sleep(delay)
        os.killpg(process.pid, signal.SIGINT)
        try:
            _, said = process.communicate(timeout=60)
        finally:
            process.kill()

    assert b"spawn_main" not in said
    assert rows_of(PostgresViews(busy)) == folded(busy)
    rebuild(busy, SHIPPED)
    assert_nothing_is_left_behind(busy)


@pytest.mark.kills
@pytest.mark.rule("F3")
def test_a_rebuild_killed_at_any_moment_leaves_the_views_and_is_run_again(
    busy: PostgresStore, postgres_url: str
) -> None:
    expected = folded(busy)
    moments = random.Random(4)
    for _ in range(6):
        command = [sys.executable, "-m", "tests.stores.rebuilder", postgres_url]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            if moments.random() < 0.8:
                process.stdout.readline()
            time.sleep(moments.uniform(0, 0.3))
            process.kill()
        assert rows_of(PostgresViews(busy)) == expected
    spoil(busy)
    rebuild(busy, SHIPPED)
    assert rows_of(PostgresViews(busy)) == expected
    assert_nothing_is_left_behind(busy)
