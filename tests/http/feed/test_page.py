"""The receiver of docs/feed.md, run as it stands there."""

import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from tests.docs.test_docs import FENCED, page
from tests.http.feed.conftest import Site
from tests.http.feed.places import EVERYWHERE


@contextmanager
def receiving(site: Site, folder: Path) -> Iterator[None]:
    (program,) = (text for kind, text in FENCED.findall(page("feed.md")) if kind == "python")
    feed = f"http://127.0.0.1:{site.port}/v1/feed"
    environment = {**os.environ, "FEED": feed, "TOKEN": EVERYWHERE}
    receiver = subprocess.Popen([sys.executable, "-c", program], cwd=folder, env=environment)
    try:
        yield
    finally:
        receiver.kill()
        receiver.wait()


def received(folder: Path) -> list[str]:
    with suppress(sqlite3.OperationalError), closing(sqlite3.connect(folder / "received.db")) as db:
        return [row[0] for row in db.execute("SELECT id FROM events ORDER BY rowid")]
    return []


def wait_for(folder: Path, count: int) -> None:
    ends = time.monotonic() + 30
    while len(received(folder)) < count:
        assert time.monotonic() < ends
        time.sleep(0.02)


def test_the_receiver_of_the_page_takes_every_event_once_though_it_is_killed(
    site: Site, tmp_path: Path
) -> None:
    last = site.ledger.opened.store.last_position()
    with receiving(site, tmp_path):
        wait_for(tmp_path, last)
    site.ledger.grow(1_500, "w3")
    with receiving(site, tmp_path):
        wait_for(tmp_path, last + 1_500)
        site.ledger.grow(1, "w3")
        wait_for(tmp_path, last + 1_501)
    positions = [int(each.partition(":")[2]) for each in received(tmp_path)]
    assert positions == [*range(1, last + 1_502)]
