"""A reader behind eight writers: does it see every position once and in order?

``python -m bench.postgres.tail URL`` is the reader: it polls from position 0 until its standard
input tells the last position there will be, and answers one line of JSON.
"""

import json
import subprocess
import sys
from contextlib import closing
from select import select

from adapters.stores.postgres import PostgresStore
from bench.postgres.crew import Crew
from bench.postgres.places import durable_server
from engine.decoding import decode_page

EVENTS, PAGE, SECONDS = 200_000, 1_000, 2.0


def pg_tail(events: int = EVENTS) -> dict[str, float]:
    """Positions that the reader missed among at least so many events."""
    with durable_server() as server:
        url = server.create_database("ours")
        with closing(PostgresStore(url)) as store, Crew("pages", url, 8, 8) as crew:
            command = [sys.executable, "-m", "bench.postgres.tail", url]
            reader = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            while store.last_position() < events:
                crew.rate(SECONDS)
            end = store.last_position()
            answer, _ = reader.communicate(f"{end}\n")
    found: dict[str, float] = json.loads(answer)
    return found | {"events": end}


def _tail(store: PostgresStore) -> dict[str, float]:
    """Pages go through ``decode_page``, which raises where a position is missing."""
    position, seen, pages, end = 0, 0, 0, None
    while end is None or position < end:
        page = store.read(position, PAGE)
        positions = [fact.position for fact in decode_page(page, position)]
        assert positions == list(range(position + 1, position + 1 + len(positions)))
        seen += len(positions)
        pages += bool(positions)
        position += len(positions)
        if end is None and select([sys.stdin], [], [], 0)[0]:
            end = int(sys.stdin.readline())
    return {"missed": end - seen, "pages": pages}


if __name__ == "__main__":
    with closing(PostgresStore(sys.argv[1])) as store:
        print(json.dumps(_tail(store)))
