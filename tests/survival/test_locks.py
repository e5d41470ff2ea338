"""Nobody waits for ever: not for vacuum, not for a client that hangs, not for a connection."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from itertools import islice
from multiprocessing.connection import Connection
from typing import Any

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.datastore import FORBIDDEN
from engine.engine import Engine
from engine.ports.errors import StoreError, StoreUnavailable
from tests.law.story import BOB, disconnect
from tests.survival.aftermath import is_true, verify
from tests.survival.crowd import processes
from tests.survival.office import emails, open_office

pytestmark = pytest.mark.kills

A_SECOND = 1.0
THREADS = 16
BRIEF = 2
"""Seconds of idle timeout, as the URL sets it."""


@pytest.mark.rule("F1")
def test_vacuum_of_the_log_stalls_no_writer_for_a_second(postgres_url: str) -> None:
    with closing(PostgresStore(postgres_url)) as store:
        engine = Engine(store)
        open_office(engine, "acme")
        with _vacuuming(postgres_url) as rounds:
            longest = 0.0
            for number, command in enumerate(islice(emails(), 600)):
                began = time.monotonic()
                engine.execute("acme", command, command_id=f"{number}", actor="user:test")
                longest = max(longest, time.monotonic() - began)

        print(f"longest {longest:.3f} s beside {len(rounds)} vacuums")  # noqa: T201
        assert len(rounds) > 3
        assert longest < A_SECOND
        verify(store)


@pytest.mark.rule("F1")
@pytest.mark.parametrize("deed", ["enters", "has read"])
def test_a_client_that_hangs_in_a_workspace_is_cut_and_the_workspace_is_free(
    postgres_url: str, deed: str
) -> None:
    url = f"{postgres_url}?options=-cidle_in_transaction_session_timeout%3D{BRIEF}s"
    with closing(PostgresStore(url)) as store:
        engine = Engine(store)
        open_office(engine, "acme")
        with _hanging(url, deed):
            began = time.monotonic()
            answer = engine.execute("acme", disconnect(BOB), command_id="behind", actor="user:bob")
            waited = time.monotonic() - began

        is_true(answer)
        assert BRIEF / 2 < waited < 3 * BRIEF
        verify(store, [("acme", "behind")])


@pytest.mark.rule("F1")
def test_a_workspace_that_is_held_too_long_is_told_and_its_connection_is_good_again(
    postgres_url: str,
) -> None:
    with (
        closing(PostgresStore(postgres_url)) as holder,
        closing(PostgresStore(postgres_url, lock_timeout=1, pool_max=1)) as store,
    ):
        engine = Engine(store)
        open_office(engine, "acme")
        with holder.transaction("acme"):
            with pytest.raises(StoreError, match="another program has held what is needed") as told:
                engine.execute("acme", disconnect(BOB), command_id="late", actor="user:bob")
            assert not isinstance(told.value, StoreUnavailable)
            with store.connection() as connection:
                assert connection.info.transaction_status is psycopg.pq.TransactionStatus.IDLE
                assert connection.pgconn.pipeline_status == psycopg.pq.PipelineStatus.OFF
            with store.transactions({"acme": []}) as opened:
                assert not opened, "nobody waits here"

        is_true(engine.execute("acme", disconnect(BOB), command_id="late", actor="user:bob"))
        verify(store, [("acme", "late")])


def test_the_librarys_database_functions_are_refused(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FORBIDDEN, "y")

    with pytest.raises(StoreError, match=f"{FORBIDDEN} is set"):
        PostgresStore(postgres_url)


@pytest.mark.rule("F1")
def test_sixteen_threads_on_two_connections_all_get_their_answers(postgres_url: str) -> None:
    with closing(PostgresStore(postgres_url, pool_size=2, pool_max=2)) as store:
        engine = Engine(store)
        for number in range(THREADS):
            open_office(engine, f"office-{number}")
        with ThreadPoolExecutor(THREADS) as pool:
            told = {
                (f"office-{number}", f"{step}"): pool.submit(
                    engine.execute,
                    f"office-{number}",
                    command,
                    command_id=f"{step}",
                    actor="user:test",
                )
                for step, command in enumerate(islice(emails(), 1))
                for number in range(THREADS)
            }
            looks = [pool.submit(_look, engine, f"office-{number}") for number in range(THREADS)]
        for future in told.values():
            is_true(future.result())
        assert all(each.result() for each in looks)
        verify(store, told)


def test_a_pool_without_a_free_connection_says_so(postgres_url: str) -> None:
    with (
        closing(PostgresStore(postgres_url, pool_max=1)) as store,
        store.transaction("acme"),
        pytest.raises(StoreUnavailable, match="all connections of this program are in use"),
    ):
        store.last_position()


def _look(engine: Engine, workspace: str) -> bool:
    with engine.look(workspace) as found:
        return bool(found.account(BOB).status)


@contextmanager
def _vacuuming(url: str) -> Iterator[list[float]]:
    """As autovacuum does, in a loop; how long each took."""
    over, rounds = threading.Event(), list[float]()

    def vacuum() -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            while not over.is_set():
                began = time.monotonic()
                connection.execute("VACUUM (ANALYZE) stored_events, envelopes, workspaces")
                rounds.append(time.monotonic() - began)

    thread = threading.Thread(target=vacuum)
    thread.start()
    try:
        yield rounds
    finally:
        over.set()
        thread.join()


@contextmanager
def _hanging(url: str, deed: str) -> Iterator[None]:
    """A process that is stopped (SIGSTOP) while it holds the workspace."""
    hear, tell = processes.Pipe(duplex=False)
    process: Any = processes.Process(target=hold, args=(url, deed, tell))
    process.start()
    tell.close()
    assert hear.recv_bytes() == b"holds"
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        process.kill()
        process.join()
        process.close()
        hear.close()


def hold(url: str, deed: str, tell: Connection) -> None:
    """Enters the workspace, perhaps reads in it, and says that it holds it."""
    with closing(PostgresStore(url)) as store, store.transaction("acme") as transaction:
        if deed == "has read":
            assert list(transaction.stream("acme:campaign:spring", 0))
        tell.send_bytes(b"holds")
        time.sleep(600)
