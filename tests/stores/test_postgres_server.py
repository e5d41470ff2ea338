"""The tests' own PostgreSQL server: whose it is, what survives it, and whom it does not survive."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.postgres import NamedServer, PostgresNotStarted, PostgresServer

ROOT = Path(__file__).parents[2]
OWNER = """
import sys
from tests.postgres import PostgresServer
server = PostgresServer()
server.start()
print(server.port, server.folder, flush=True)
sys.stdin.read()
"""


def write(url: str, word: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS words (word text)")
        connection.execute("INSERT INTO words VALUES (%s)", [word])


def words(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        return [word for (word,) in connection.execute("SELECT word FROM words ORDER BY word")]


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_fresh_database_is_empty_and_another_one_sees_nothing_of_it(
    postgres_server: NamedServer, postgres_url: str
) -> None:
    other = postgres_server.create_database()
    try:
        write(postgres_url, "here")
        write(other, "there")

        assert words(postgres_url) == ["here"]
        assert words(other) == ["there"]
    finally:
        postgres_server.drop_database(other)


def test_a_database_in_use_can_be_dropped(postgres_server: NamedServer) -> None:
    url = postgres_server.create_database()
    with psycopg.connect(url) as connection:
        postgres_server.drop_database(url)

        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    with pytest.raises(psycopg.OperationalError, match="does not exist"):
        psycopg.connect(url)


def test_text_is_any_unicode_and_sorts_by_octets(postgres_url: str) -> None:
    for word in ("ö", "a", "Z", "中"):
        write(postgres_url, word)

    assert words(postgres_url) == ["Z", "a", "ö", "中"]


@pytest.mark.kills
def test_it_answers_and_root_does_not_run_it(own_postgres: PostgresServer) -> None:
    with psycopg.connect(own_postgres.url()) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)

    assert (own_postgres.folder / "data" / "postmaster.pid").stat().st_uid != 0


@pytest.mark.kills
def test_a_restart_keeps_what_was_written_and_the_address(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database()
    write(url, "kept")

    own_postgres.restart()

    assert words(url) == ["kept"]


@pytest.mark.kills
def test_after_a_crash_what_was_committed_is_recovered(own_postgres: PostgresServer) -> None:
    url = own_postgres.create_database()
    write(url, "committed")
    with psycopg.connect(url) as connection:
        connection.execute("INSERT INTO words VALUES ('begun')")
        own_postgres.crash()
        with pytest.raises(psycopg.OperationalError):
            connection.commit()
    assert not own_postgres.running

    own_postgres.start()

    assert words(url) == ["committed"]
    assert "automatic recovery in progress" in own_postgres.log


@pytest.mark.kills
def test_closing_it_leaves_neither_server_nor_folder() -> None:
    with PostgresServer(settings={"work_mem": "5MB"}) as server:
        with psycopg.connect(server.url()) as connection:
            assert connection.execute("SHOW work_mem").fetchone() == ("5MB",)
        assert listens(server.port)

    assert not listens(server.port)
    assert not server.folder.exists()


@pytest.mark.kills
def test_a_setting_that_does_not_exist_is_named() -> None:
    with (
        closing(PostgresServer(settings={"no_such_setting": "1"})) as server,
        pytest.raises(PostgresNotStarted, match="no_such_setting"),
    ):
        server.start()


@pytest.mark.kills
@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_it_ends_with_the_process_that_started_it(end: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", OWNER],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as owner:
        assert owner.stdout is not None
        port, folder = owner.stdout.readline().split()
        assert listens(int(port))

        os.kill(owner.pid, end)

    deadline = time.monotonic() + 10
    while Path(folder).exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(folder).exists()
    assert not listens(int(port))
