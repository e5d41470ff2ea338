"""Where it is measured: a durable server, a database each for us and for the stock library."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import gettempdir

import psycopg
from psycopg.conninfo import conninfo_to_dict

from adapters.stores.postgres import PostgresStore
from bench.ours import START, WORKSPACE, Ledger
from engine.ports.clock import ManualClock
from tests.postgres import PostgresServer

SETTINGS = {"shared_buffers": "512MB", "max_wal_size": "4GB"}

PostgresLedger = Ledger[PostgresStore]


@contextmanager
def durable_server(disk_ms: int = 0) -> Iterator[PostgresServer]:
    """``fsync`` and ``synchronous_commit`` are on, as whoever installs it has them.

    Its files are in the folder for temporary ones: ``TMPDIR=/dev/shm`` for a disk that costs
    nothing. ``disk_ms``: what a commit waits for besides.
    """
    slow = {"commit_delay": str(disk_ms * 1000), "commit_siblings": "0"} if disk_ms else {}
    with PostgresServer(fsync=True, settings=SETTINGS | slow, under=Path(gettempdir())) as server:
        yield server


@contextmanager
def told_ledger(url: str, workspace: str = WORKSPACE) -> Iterator[PostgresLedger]:
    """A ledger whose time is told, so that nine days can pass."""
    clock = ManualClock(START)
    with closing(PostgresStore(url, clock)) as store:
        yield Ledger(store, clock, workspace)


@contextmanager
def fresh_ledger() -> Iterator[PostgresLedger]:
    """A ledger whose time is told, on a server of its own."""
    with durable_server() as server, told_ledger(server.create_database("ours")) as ledger:
        yield ledger


def stock_environment(url: str) -> dict[str, str]:
    """The library's settings for that database; whatever is not named here is its default."""
    given = conninfo_to_dict(url)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": str(given["dbname"]),
        "POSTGRES_HOST": str(given["host"]),
        "POSTGRES_PORT": str(given["port"]),
        "POSTGRES_USER": str(given["user"]),
        "POSTGRES_PASSWORD": "",
    }


def freeze_survivors(url: str, *tables: str) -> None:
    """What came before is on the disk, vacuumed and in the statistics."""
    with psycopg.connect(url, autocommit=True) as connection:
        for table in tables:
            connection.execute(f"VACUUM ANALYZE {table}".encode())
        connection.execute("CHECKPOINT")
