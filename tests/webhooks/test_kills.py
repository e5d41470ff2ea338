"""A receiver killed again and again: nothing is lost, duplicates have known ids, order is kept."""

import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from tests.stream.ledger import WORKSPACES
from tests.webhooks.desk import Desk
from tests.webhooks.receiver import free_port

FAST = (timedelta(milliseconds=10),) * 100_000
"""The table of waits is the engine's own in all but its times."""

RECEIVER = """
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock

taken, lock = open(sys.argv[2], "a", buffering=1), Lock()

class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        with lock:
            taken.write(self.headers["webhook-id"] + "\\n")
        self.send_response(204)
        self.end_headers()
    def log_message(self, *_):
        pass

class Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

Server(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""
"""Writes down an id, and only then answers: what it has lost, it has not acknowledged."""


@contextmanager
def killed(port: int, file: Path, times: int, seconds: tuple[float, float]) -> Iterator[list[int]]:
    """A receiver in a process of its own, killed so many times, each after some seconds of life."""
    kills, over = list[int](), threading.Event()

    def live() -> None:
        chance = random.Random(7)
        while not over.is_set():
            receiver = subprocess.Popen([sys.executable, "-c", RECEIVER, str(port), str(file)])
            over.wait(None if len(kills) >= times else 0.2 + chance.uniform(*seconds))
            receiver.kill()
            receiver.wait()
            kills.append(receiver.returncode)

    thread = threading.Thread(target=live)
    thread.start()
    try:
        yield kills
    finally:
        over.set()
        thread.join()


def survive(desk: Desk, folder: Path, events: int, kills: int, seconds: tuple[float, float]) -> int:
    """Answers how many were sent more than once."""
    while desk.last < events:
        desk.ledger.grow_everywhere(min(events // len(WORKSPACES) + 1, 2_000))
    file, port = folder / "taken.txt", free_port()
    file.touch()
    desk.create(f"http://127.0.0.1:{port}/")
    with killed(port, file, kills, seconds) as done:
        while len(done) < kills or len({*file.read_text().split()}) < desk.last:
            desk.deliver(waits=FAST)
            time.sleep(0.01)
    taken, place = file.read_text().split(), positions(desk)
    assert {*taken} == {*place}
    kept = defaultdict(list)
    for each in dict.fromkeys(taken):
        workspace, position = place[each]
        kept[workspace].append(position)
    assert all(each == sorted(each) for each in kept.values())
    return len(taken) - len(place)


def positions(desk: Desk) -> dict[str, tuple[str, int]]:
    """By id, where the event stands: its workspace and position."""
    store_id, generation = desk.ledger.opened.store.identity
    return {
        f"{store_id}.{generation}:{each.row[0]}": (each.envelope.workspace, each.row[0])
        for each in desk.ledger.entries()
        if each.row
    }


@pytest.mark.kills
@pytest.mark.timeout(120)
def test_a_receiver_killed_thirty_times_loses_nothing(desk: Desk, tmp_path: Path) -> None:
    survive(desk, tmp_path, 3_000, 30, (0.0, 0.2))


@pytest.mark.kills
@pytest.mark.soak
@pytest.mark.timeout(3_600)
def test_a_receiver_killed_1_000_times_among_100_000_events_loses_nothing(
    desk: Desk, tmp_path: Path
) -> None:
    survive(desk, tmp_path, 100_000, 1_000, (0.0, 0.3))
