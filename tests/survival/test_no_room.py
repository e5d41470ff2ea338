"""A full disk, and a server that only reads: told clearly, nothing half written, on it goes."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews
from engine.engine import Engine
from engine.ports.errors import StoreError, StoreUnavailable
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED
from tests.law.story import import_recipients
from tests.postgres import PostgresServer, find_account
from tests.proof.judge import check_views
from tests.survival.aftermath import verify
from tests.survival.office import emails, open_office

pytestmark = pytest.mark.kills

SMALL, LARGER = "size=32m", "size=256m"
MANY = 4_000
"""Recipients imported at once: by COPY."""


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, mounted, that belongs to whoever runs the server."""
    account, folder = find_account(), Path("/tmp") / f"small-{tmp_path.name}-{os.getpid()}"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", SMALL, "none", str(folder)], capture_output=True, check=False
    )
    if mounted.returncode != 0:
        folder.rmdir()
        pytest.skip(f"no small disk here: {mounted.stderr.decode().strip()}")
    os.chown(folder, account.user or os.getuid(), account.group or os.getgid())
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)
    folder.rmdir()


@pytest.mark.rule("F1")
@pytest.mark.parametrize("at_once", [MANY, 20], ids=["by COPY", "in one call"])
def test_a_full_disk_is_told_and_with_room_the_same_program_goes_on(
    small_disk: Path, own_postgres: PostgresServer, at_once: int
) -> None:
    with closing(PostgresStore(_on(small_disk, own_postgres))) as store:
        engine, views = Engine(store), PostgresViews(store)
        open_office(engine, "acme")
        ballast = small_disk / "ballast"
        ballast.write_bytes(bytes(_free(small_disk) - 200_000))
        done, error = _import_until_full(engine, at_once)
        assert "disk is full. Free some space and try again; nothing was half written" in str(error)
        assert store.envelope("acme", f"import-{done}") is None

        ballast.unlink()
        subprocess.run(["mount", "-o", f"remount,{LARGER}", str(small_disk)], check=True)
        for number in range(done, done + 3):
            _import(engine, number, at_once)
        verify(store, [("acme", f"import-{number}") for number in range(done + 3)])
        check_views(store, views)


@pytest.mark.rule("F1")
def test_a_server_that_only_reads_says_so_and_later_the_same_program_goes_on(
    own_postgres: PostgresServer,
) -> None:
    url = own_postgres.create_database()
    with closing(PostgresStore(url)) as store:
        engine, views = Engine(store), PostgresViews(store)
        runner = ProjectionRunner(store, views, SHIPPED)
        open_office(engine, "acme")
        runner.catch_up()
        before = store.last_position()
        open_office(engine, "other")
        _only_reads(url, "on")

        for attempt in (lambda: _email(engine), runner.catch_up):
            with pytest.raises(StoreError, match=r"server is read-only\. Name the primary") as told:
                attempt()
            assert not isinstance(told.value, StoreUnavailable), "nobody has to wait"
        assert store.read(before, 10).rows, "reading goes on"
        assert store.envelope("acme", "an-email") is None
        assert views.position(SHIPPED[0]) == before

        _only_reads(url, "off")
        _email(engine)
        verify(store, [("acme", "an-email")])


def _email(engine: Engine) -> None:
    engine.execute("acme", next(emails()), command_id="an-email", actor="user:test")


def _import_until_full(engine: Engine, at_once: int) -> tuple[int, StoreError]:
    """How many imports were answered, and what was said to the next."""
    for number in range(10_000):
        try:
            _import(engine, number, at_once)
        except StoreError as error:
            return number, error
    raise AssertionError("the disk is larger than it should be")


def _import(engine: Engine, number: int, at_once: int) -> None:
    people = [f"new-{number}-{each}" for each in range(at_once)]
    command = import_recipients(*people)
    engine.execute("acme", command, command_id=f"import-{number}", actor="user:test")


def _on(folder: Path, server: PostgresServer) -> str:
    """A database on that disk; the write-ahead log of the server is on another."""
    url = server.create_database()
    name = psycopg.conninfo.conninfo_to_dict(url)["dbname"]
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
        connection.execute(f"ALTER DATABASE {name} SET TABLESPACE small")
    return url


def _free(folder: Path) -> int:
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _only_reads(url: str, value: str) -> None:
    """For every transaction that begins from now on."""
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET default_transaction_read_only = off")
        connection.execute(f"ALTER SYSTEM SET default_transaction_read_only = {value}")
        connection.execute("SELECT pg_reload_conf(), pg_sleep(0.3)")
