"""The feed: a log read by batches beside a bare scan, and readers of its server-sent events.

``python -m bench.http.feed scan URL``, ``batches PORT`` and ``readers PORT COUNT`` are processes of
it. Readers answer their lags when their standard input ends.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from statistics import median, quantiles
from time import monotonic, sleep, time
from typing import NamedTuple

from adapters.stores.postgres import PostgresStore
from bench.ours import START, Ledger
from bench.postgres.million import million
from bench.postgres.places import PostgresLedger, durable_server, told_ledger
from bench.ratio import Ratio
from engine.ports.clock import ManualClock
from tests.http.feed.places import EVERYWHERE

PAGE, ROUNDS, EVENTS = 10_000, 3, 1_000_000
READERS, RATE, SECONDS = 500, 100, 30.0
AUTHORIZATION = {"Authorization": f"Bearer {EVERYWHERE}"}
RECORDED = re.compile(rb'"recordedtime":"([^"]+)"')

FEED = (
    Ratio("http_feed", "the feed by batches over HTTP, events/s", "batches", None, 100_000),
    Ratio("http_feed", "the same, over a bare scan of the log", "batches", "scan", None),
    Ratio("http_readers", "500 readers at 100 events/s, lag p50 ms", "p50_ms", None, None),
    Ratio("http_readers", "the same, p99 ms", "p99_ms", None, 250, at_most=True),
    Ratio("http_readers", "events told to each, over those written", "told", "written", None),
    Ratio("http_readers", "megabytes of the server with its readers", "mb", None, None),
    Ratio("http_readers", "the same, gained by its second half", "grown_mb", None, 5, at_most=True),
)


def http_feed(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, float]:
    """Events per second, in turns: each turn reads the whole log from its beginning."""
    rates: dict[str, list[float]] = {"batches": [], "scan": []}
    with durable_server() as postgres:
        url = postgres.create_database("ours")
        with told_ledger(url) as ledger:
            million(ledger, events)
        with _serving(url) as server:
            for _ in range(rounds):
                rates["scan"].append(_asked("scan", url))
                rates["batches"].append(_asked("batches", str(server.port)))
    return {name: median(found) for name, found in rates.items()}


def http_readers(readers: int = READERS, seconds: float = SECONDS) -> dict[str, float]:
    """Milliseconds from the time at which an event was recorded until a reader has it."""
    with durable_server() as postgres:
        url = postgres.create_database("ours")
        with closing(PostgresStore(url)) as store:
            ledger = Ledger(store, ManualClock(START))  # nobody tells the time
            ledger.campaign(10)
            numbers = count(1_000)
            with _serving(url) as server, _process("readers", str(server.port), str(readers)) as it:
                _write(ledger, numbers, seconds / 2)
                half = server.megabytes
                _write(ledger, numbers, seconds / 2)
                sleep(1)
                mb = server.megabytes
                answer, _ = it.communicate()
    found: dict[str, float] = json.loads(answer)
    return found | {"mb": mb, "grown_mb": mb - half, "written": next(numbers) - 1_000}


def _write(ledger: PostgresLedger, numbers: Iterator[int], seconds: float) -> None:
    """``RATE`` events per second, each by a command of its own."""
    began = monotonic()
    for done in range(int(seconds * RATE)):
        sleep(max(began + done / RATE - monotonic(), 0))
        number = next(numbers)
        ledger.import_more(number, number + 1)


class Server(NamedTuple):
    port: int
    pid: int

    @property
    def megabytes(self) -> float:
        """Resident."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.partition("VmRSS:")[2].split()[0]) / 1024


@contextmanager
def _serving(url: str) -> Iterator[Server]:
    command = [sys.executable, "-m", "bench.http.serve", url]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        yield Server(int(process.stdout.readline()), process.pid)
        process.communicate()


@contextmanager
def _process(*words: str) -> "Iterator[subprocess.Popen[str]]":
    """Ready when the block begins."""
    command = [sys.executable, "-m", "bench.http.feed", *words]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process


def _asked(*words: str) -> float:
    with _process(*words) as process:
        answer, _ = process.communicate()
    return float(json.loads(answer))


def scan(url: str) -> float:
    """Events per second of pages that are read and nothing else."""
    with closing(PostgresStore(url)) as store:
        began, position = monotonic(), 0
        while page := store.read(position, PAGE).rows:
            position = page[-1][0]
        return position / (monotonic() - began)


def batches(port: int) -> float:
    """Events per second over one kept connection."""
    with closing(HTTPConnection("127.0.0.1", port)) as connection:
        began, position, octets = monotonic(), 0, b"[...]"
        while len(octets) > 2:
            connection.request(
                "GET", f"/v1/feed?after={position}&limit={PAGE}", headers=AUTHORIZATION
            )
            answer = connection.getresponse()
            octets = answer.read()
            assert answer.status == 200
            position = int(answer.headers["Sendledger-After"])
        return position / (monotonic() - began)


class Reader(asyncio.Protocol):
    """Notes when each event came that says when it was recorded."""

    def __init__(self, seen: list[tuple[float, bytes]]) -> None:
        self._seen = seen
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        head = "".join(f"{name}: {value}\r\n" for name, value in AUTHORIZATION.items())
        transport.write(f"GET /v1/feed/stream HTTP/1.1\r\nHost: here\r\n{head}\r\n".encode())

    def data_received(self, data: bytes) -> None:
        now, told = time(), self._rest + data
        events = told.rpartition(b"\n\n")
        self._rest = events[2]
        self._seen.extend((now, found) for found in RECORDED.findall(events[0]))


async def read(port: int, readers: int) -> dict[str, float]:
    """Until the standard input ends: how long events were on their way, and how many came."""
    loop, seen = asyncio.get_running_loop(), list[tuple[float, bytes]]()
    for _ in range(readers):
        await loop.create_connection(lambda: Reader(seen), "127.0.0.1", port)
    await asyncio.sleep(2)
    seen.clear()  # what was there before they came
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    lags = [1000 * (now - datetime.fromisoformat(at.decode()).timestamp()) for now, at in seen]
    found = quantiles(lags, n=100)
    return {"p50_ms": found[49], "p99_ms": found[98], "told": len(lags) / readers}


def main(kind: str, place: str, *rest: str) -> None:
    if kind == "readers":
        print(json.dumps(asyncio.run(read(int(place), int(rest[0])))))
        return
    print("ready", flush=True)
    print(json.dumps(scan(place) if kind == "scan" else batches(int(place))))


if __name__ == "__main__":
    main(*sys.argv[1:])
