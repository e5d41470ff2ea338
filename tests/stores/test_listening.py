"""Whoever waits is woken by what is written, and looks in time when nobody could wake it."""

import time
from collections.abc import Iterator
from contextlib import closing
from threading import Thread, Timer

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews, listening
from adapters.stores.postgres.listening import LONGEST_WAIT, VIEWS, Listener
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreUnavailable
from engine.ports.view_status import Skip, Stop
from engine.projecting import ProjectionRunner
from engine.waiting import wait_for
from projections.campaigns import CAMPAIGNS
from projections.shipped import SHIPPED
from tests.law.story import ANN, NOON, connect
from tests.postgres import PostgresServer
from tests.stores.contract.words import SPRING, put, rows
from tests.workplace import Workplace

SOON, PATIENCE = 10.0, 30.0
"""Seconds, on a machine that has much to do; and how long somebody waits by himself here."""


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody looks by himself for a while."""
    monkeypatch.setattr(listening, "LONGEST_WAIT", PATIENCE)


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres_url, ManualClock(NOON))) as store:
        yield store


@pytest.fixture
def listener(store: PostgresStore) -> Iterator[Listener]:
    with closing(Listener(store)) as listener:
        yield listener


def cut(store: PostgresStore) -> None:
    """The server ends the connection of whoever listens."""
    with psycopg.connect(store.url, autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity "
            "WHERE application_name LIKE 'sendledger listener%' AND datname = current_database()"
        )


def listeners(store: PostgresStore) -> int:
    with psycopg.connect(store.url, autocommit=True) as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_stat_activity "
            "WHERE application_name LIKE 'sendledger listener%' AND datname = current_database()"
        ).fetchone()
    assert found is not None
    return int(found[0])


def test_what_was_written_since_the_first_look_is_heard(
    store: PostgresStore, listener: Listener
) -> None:
    put(store, "c1", *rows(SPRING, 1))

    assert listener.wait()


@pytest.mark.usefixtures("patient")
def test_what_is_written_during_the_wait_is_heard_at_once(
    store: PostgresStore, listener: Listener
) -> None:
    begun = time.monotonic()
    writing = Timer(0.1, put, (store, "c1", *rows(SPRING, 1)))
    writing.start()

    assert listener.wait(PATIENCE)
    assert time.monotonic() - begun < SOON
    writing.join()


def test_much_that_is_written_wakes_once(store: PostgresStore, listener: Listener) -> None:
    for number in range(1, 6):
        put(store, f"c{number}", *rows(SPRING, number))
    time.sleep(0.1)

    assert listener.wait()
    assert not listener.wait(0.05)


@pytest.mark.usefixtures("patient")
def test_where_nothing_is_written_nobody_waits_longer_than_asked(listener: Listener) -> None:
    begun = time.monotonic()
    assert not listener.wait(0.05)
    assert time.monotonic() - begun < SOON


def test_where_nothing_is_written_nobody_waits_long(listener: Listener) -> None:
    begun = time.monotonic()
    assert not listener.wait(60)
    assert time.monotonic() - begun < LONGEST_WAIT + SOON


def test_a_view_that_came_further_is_heard_by_whoever_listens_for_that(
    store: PostgresStore, listener: Listener
) -> None:
    with closing(Listener(store, VIEWS)) as other:
        PostgresViews(store).save({CAMPAIGNS: {}}, {CAMPAIGNS: 0}, 1)

        assert other.wait()
        assert not listener.wait(0.05)


def test_an_operator_who_lets_a_view_go_on_wakes_its_worker(
    store: PostgresStore, listener: Listener
) -> None:
    views = PostgresViews(store)
    views.stop(CAMPAIGNS, Stop(1, "an error", NOON))
    assert not listener.wait(0.05)

    views.retry(CAMPAIGNS)
    assert listener.wait()

    views.stop(CAMPAIGNS, Stop(1, "an error", NOON))
    views.skip(CAMPAIGNS, Skip(1, "never happened", "user:test", NOON))
    assert listener.wait()


def test_a_lost_connection_is_made_anew_and_everything_looked_at(
    store: PostgresStore, listener: Listener
) -> None:
    cut(store)
    put(store, "c1", *rows(SPRING, 1))

    assert [listener.wait(), listener.wait()] == [True, True]
    assert not listener.wait(0.05)
    put(store, "c2", *rows(SPRING, 2))
    assert listener.wait()
    assert listeners(store) == 1


@pytest.mark.kills
def test_a_server_that_comes_back_is_listened_to_again(own_postgres: PostgresServer) -> None:
    store = PostgresStore(own_postgres.create_database(), ManualClock(NOON))
    with closing(store), closing(Listener(store)) as listener:
        own_postgres.crash()
        assert listener.wait()
        begun = time.monotonic()
        assert not listener.wait()
        assert time.monotonic() - begun < LONGEST_WAIT + SOON

        own_postgres.start()
        assert any(listener.wait() for _ in range(10))
        while listener.wait(0.05):
            """Until all that was missed has been looked at."""
        _put_again(store)
        assert listener.wait()


def _put_again(store: PostgresStore) -> None:
    try:
        put(store, "c1", *rows(SPRING, 1))
    except StoreUnavailable:
        put(store, "c1", *rows(SPRING, 1))


def test_a_listener_without_a_server_waits_for_one(own_postgres: PostgresServer) -> None:
    store = PostgresStore(own_postgres.create_database(), ManualClock(NOON))
    own_postgres.stop()
    with closing(store), closing(Listener(store)) as listener:
        assert not listener.wait(0.05)
        own_postgres.start()
        assert listener.wait()


@pytest.mark.usefixtures("patient")
def test_whoever_waits_is_let_go_when_the_listener_is_closed(
    store: PostgresStore, listener: Listener
) -> None:
    heard = list[bool]()
    waiting = Thread(target=lambda: heard.append(listener.wait(PATIENCE)))
    waiting.start()
    time.sleep(0.1)

    begun = time.monotonic()
    listener.close()
    waiting.join()

    assert time.monotonic() - begun < SOON
    assert heard == [False]
    assert listeners(store) == 0


def test_a_closed_listener_hears_nothing_and_can_be_closed_again(
    store: PostgresStore, listener: Listener
) -> None:
    listener.close()
    put(store, "c1", *rows(SPRING, 1))
    listener.close()

    assert not listener.wait()
    assert listeners(store) == 0


# Reading one's own write.


@pytest.mark.usefixtures("patient")
def test_a_reader_is_woken_when_the_view_has_come_to_its_write(store: PostgresStore) -> None:
    views = PostgresViews(store)
    runner = ProjectionRunner(store, views, SHIPPED)
    runner.catch_up()
    with closing(Listener(store, VIEWS)) as listener:
        position = Workplace(store, ManualClock(NOON)).tell(connect(ANN)).position
        assert not wait_for(views, SHIPPED, position, 0.05, listener)

        worker = Timer(0.2, runner.keep_up)
        worker.start()
        begun = time.monotonic()
        assert wait_for(views, SHIPPED, position, PATIENCE, listener)
        assert time.monotonic() - begun < SOON
        worker.join()
    assert [row.account_id for row in views.rows(SHIPPED[3])] == [ANN]
