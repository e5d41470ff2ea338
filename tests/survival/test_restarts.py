"""The server is restarted, and crashes, while everybody works."""

import logging
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from threading import Event

import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.datastore import CONNECT_TIMEOUT
from engine.engine import RETRYING, Engine
from engine.ports.errors import StoreUnavailable
from engine.ports.log import Row
from engine.reply import Reply
from tests.postgres import Mode, PostgresServer
from tests.survival.aftermath import Asked, is_true, of_command, verify
from tests.survival.office import emails, open_office

pytestmark = pytest.mark.kills

CALLERS = 6
MODES: tuple[Mode, ...] = ("fast", "immediate", "fast", "immediate")
DOWN = 1.5
"""Seconds for which the server is away."""
WORK = 1.5
"""Seconds of work between two ends of the server."""


@pytest.fixture(autouse=True)
def _quiet_pool() -> Iterator[None]:
    """The pool tells of every attempt that failed."""
    logger = logging.getLogger("psycopg.pool")
    before, logger.level = logger.level, logging.CRITICAL
    yield
    logger.level = before


@pytest.mark.rule("F1")
def test_callers_get_their_answers_when_the_server_is_back(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database()
    over, recorded_all = Event(), Event()
    with closing(PostgresStore(url)) as store, closing(PostgresStore(url)) as neighbours_store:
        engines = [Engine(store), Engine(neighbours_store)]
        for number in range(CALLERS):
            open_office(engines[0], f"office-{number}")
        with ThreadPoolExecutor(CALLERS + 1) as pool:
            callers = [
                pool.submit(_call, engines[number % 2], f"office-{number}", over)
                for number in range(CALLERS)
            ]
            reader = pool.submit(_tail, url, recorded_all)
            for mode in MODES:
                time.sleep(WORK)
                own_postgres.stop(mode)
                time.sleep(DOWN)
                own_postgres.start()
            time.sleep(WORK)
            over.set()
            answers = {asked: answer for each in callers for asked, answer in each.result().items()}
            recorded_all.set()
            seen = reader.result()
        for answer in answers.values():
            is_true(answer)
        verify(store, answers)
        for workspace, command_id in list(answers)[-CALLERS:]:
            recorded = answers[workspace, command_id].recorded
            assert list(recorded) == list(of_command(store, workspace, command_id))
        assert seen == list(store.read(0, 1_000_000).rows), "a crash took back what was read"
    print(f"{len(answers)} answers, {len(seen)} events")  # noqa: T201 how much was proved


@pytest.mark.rule("F1")
def test_what_a_reader_has_seen_no_crash_takes_back(own_postgres: PostgresServer) -> None:
    """The log is on the disk before anybody hears of it, though others go on before it is there."""
    url = own_postgres.create_database()
    with closing(PostgresStore(url)) as store:
        open_office(Engine(store), "acme")
        with store.connection() as connection, connection.transaction():
            connection.execute("SET LOCAL synchronous_commit = off")
            connection.execute(
                "INSERT INTO stored_events "
                "SELECT originator_id, 1000, topic, state, (SELECT max(notification_id) + 1 "
                "FROM stored_events) FROM stored_events WHERE notification_id = 1"
            )
        seen = store.read(0, 1_000_000).rows
        own_postgres.crash()
        own_postgres.start()
        assert _patiently(store) == seen


@pytest.mark.soak
@pytest.mark.rule("F1")
def test_a_server_that_stays_away_is_asked_for_half_a_minute_and_by_all_at_once(
    own_postgres: PostgresServer,
) -> None:
    with closing(PostgresStore(own_postgres.create_database())) as store:
        engine = Engine(store)
        for workspace in ("office-0", "office-1"):
            open_office(engine, workspace)
        own_postgres.stop()
        began = time.monotonic()
        with ThreadPoolExecutor(CALLERS) as pool:
            callers = [
                pool.submit(_once, engine, f"office-{number % 2}", f"last-{number}")
                for number in range(CALLERS)
            ]
            errors = [each.exception() for each in callers]
        assert time.monotonic() - began < 2 * (RETRYING + 2 * CONNECT_TIMEOUT)
        own_postgres.start()
        assert {type(error) for error in errors} == {StoreUnavailable}
        assert "Is the server running?" in str(errors[0])
        assert not _once(engine, "office-0", "last-0").repeated
        verify(store)


def _call(engine: Engine, workspace: str, over: Event) -> dict[Asked, Reply]:
    answers: dict[Asked, Reply] = {}
    for number, command in enumerate(emails()):
        if over.is_set():
            break
        command_id = f"call-{number}"
        answers[workspace, command_id] = engine.execute(
            workspace, command, command_id=command_id, actor="user:test"
        )
    return answers


def _once(engine: Engine, workspace: str, command_id: str) -> Reply:
    return engine.execute(workspace, next(emails()), command_id=command_id, actor="user:test")


def _tail(url: str, over: Event) -> list[Row]:
    """Reads the log as it grows, and asks again when the server was away."""
    rows: list[Row] = []
    with closing(PostgresStore(url)) as store:
        while True:
            try:
                page = store.read(len(rows), 1_000).rows
            except StoreUnavailable:
                time.sleep(0.1)
                continue
            if over.is_set() and not page:
                return rows
            rows += page


def _patiently(store: PostgresStore) -> list[Row]:
    while True:
        try:
            return list(store.read(0, 1_000_000).rows)
        except StoreUnavailable:
            time.sleep(0.1)
