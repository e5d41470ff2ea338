"""Whoever only reads misses nothing and keeps nobody waiting, however slow he is."""

import random
import time
from contextlib import closing, suppress
from itertools import islice
from multiprocessing.connection import Connection

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.recorder import SQL
from engine.engine import Engine
from engine.ports.log import Row
from engine.projecting import ProjectionRunner
from engine.reply import Request
from projections.shipped import SHIPPED
from tests.proof.judge import check_log, check_views
from tests.survival.aftermath import verify
from tests.survival.crowd import processes
from tests.survival.office import emails, open_office, tell

pytestmark = pytest.mark.kills

WRITERS = 8
EACH = 2_600
"""Events of one writer, beside the opening of its office."""
A_SECOND = 1.0


@pytest.mark.rule("F1")
def test_a_tailing_reader_misses_nothing_of_eight_writers_that_also_roll_back(
    postgres_url: str,
) -> None:
    with closing(PostgresStore(postgres_url)) as store:
        for number in range(WRITERS):
            open_office(Engine(store), f"office-{number}")
        seen = _tail_while_they_write(postgres_url, store)

        assert len(seen) >= 20_000
        assert [row[0] for row in seen] == list(range(1, len(seen) + 1))
        assert seen == list(store.read(0, 1_000_000).rows)
        check_log(store)
        check_views(store, PostgresViews(store))


def _tail_while_they_write(url: str, store: PostgresStore) -> list[Row]:
    hears, tells = zip(*(processes.Pipe(duplex=False) for _ in range(WRITERS)), strict=True)
    writers = [
        processes.Process(target=write, args=(url, f"office-{number}", tells[number]))
        for number in range(WRITERS)
    ]
    for each in writers:
        each.start()
    seen: list[Row] = []
    while any(each.is_alive() for each in writers):
        seen += store.read(len(seen), 500).rows
    while page := store.read(len(seen), 500).rows:
        seen += page
    for each in writers:
        each.join()
        assert each.exitcode == 0
        each.close()
    for end in (*hears, *tells):
        end.close()
    return seen


class ChangedItsMind(Exception):
    """What makes a transaction roll back."""


def write(url: str, workspace: str, _tell: Connection) -> None:
    """Pages of commands, some large enough for COPY, and transactions that write and roll back."""
    rng = random.Random(workspace)
    commands = islice(emails(), EACH)
    with closing(PostgresStore(url)) as store:
        engine, number = Engine(store), 0
        while page := list(islice(commands, rng.choice((1, 2, 8, 40, 1_100)))):
            number += 1
            tell(engine, workspace, f"page-{number}", page)
            with suppress(ChangedItsMind):
                _roll_back(store, rng)


def _roll_back(store: PostgresStore, rng: random.Random) -> None:
    """Under the order of the log, with events already inserted."""
    with store.writing() as cursor:
        columns = [f"gone-{rng.random()}"], [1], ["Gone"], [b"{}"]
        cursor.execute(SQL["insert"], (*columns, None, None))
        raise ChangedItsMind


@pytest.mark.rule("F1")
def test_a_reader_that_stops_in_the_middle_of_a_page_keeps_nobody_waiting(
    postgres_url: str,
) -> None:
    with closing(PostgresStore(postgres_url)) as store, psycopg.connect(postgres_url) as slow:
        engine = Engine(store)
        runner = ProjectionRunner(store, PostgresViews(store), SHIPPED)
        open_office(engine, "acme")
        slow.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        with slow.cursor("a_page") as cursor:
            cursor.execute("SELECT notification_id FROM stored_events ORDER BY notification_id")
            page = cursor.fetchmany(10)

            longest = 0.0
            for number, command in enumerate(islice(emails(), 400)):
                longest = max(longest, _seconds(engine, Request(command, f"{number}", "user:test")))
                if number % 50 == 0:
                    runner.catch_up()
            page += cursor.fetchall()

        assert longest < A_SECOND
        assert [row[0] for row in page] == list(range(1, len(page) + 1))
        rest = store.read(len(page), 1_000_000).rows
        assert len(rest) == 400
        verify(store, [("acme", str(number)) for number in range(400)])


def _seconds(engine: Engine, request: Request) -> float:
    began = time.monotonic()
    engine.execute_page("acme", [request])
    return time.monotonic() - began
