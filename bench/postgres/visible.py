"""From the commit of a command until its row is in the views, at 200 commands a second.

``python -m bench.postgres.visible URL`` is the keeper of the views: it runs until its standard
input ends, and answers one line of JSON: each position it reached, and when.
"""

import json
import subprocess
import sys
import time
from bisect import bisect_left
from contextlib import closing
from statistics import median, quantiles
from threading import Thread

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.listening import Listener
from bench.ours import START, Ledger, accepted, reserve
from bench.postgres.places import durable_server
from bench.postgres.stock_view import stock_waits
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED

COMMANDS, PER_SECOND, WAITS = 2_000, 200, 30

Moment = tuple[int, float]
"""A position, and seconds of the system's monotonic clock, the same in every process."""


def pg_visible(commands: int = COMMANDS) -> dict[str, float]:
    """Milliseconds; of the stock library how long ``wait()`` waits after a ``save``."""
    with durable_server() as server:
        url, beside = server.create_database("ours"), server.create_database("stock")
        keeper = subprocess.Popen(
            [sys.executable, "-m", "bench.postgres.visible", url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert keeper.stdout is not None
        assert keeper.stdout.readline() == "ready\n"
        committed = paced_commands(url, commands)
        time.sleep(1)
        reached: list[Moment] = json.loads(keeper.communicate()[0])
        stock = stock_waits(beside, WAITS)
    found = [_seen(position, reached) - at for position, at in committed]
    return {
        "p50_ms": median(found) * 1000,
        "p99_ms": quantiles(found, n=100)[98] * 1000,
        "stock_p50_ms": median(stock),
    }


def _seen(position: int, reached: list[Moment]) -> float:
    return reached[bisect_left(reached, position, key=lambda each: each[0])][1]


def paced_commands(url: str, count: int) -> list[Moment]:
    """One every 5 ms, late ones at once: the position of each, and when its answer came."""
    with closing(PostgresStore(url)) as store:
        ledger = Ledger(store, ManualClock(START))
        ledger.campaign(count)
        begin, committed = time.monotonic(), []
        for number in range(count // 2):
            for half, command in enumerate((reserve(number), accepted(number))):
                due = begin + (2 * number + half) / PER_SECOND
                time.sleep(max(0.0, due - time.monotonic()))
                position = ledger.ask(command)
                committed.append((position, time.monotonic()))
    return committed


def main() -> None:
    told_to_end = Thread(target=sys.stdin.read)
    told_to_end.start()
    with closing(PostgresStore(sys.argv[1])) as store, closing(Listener(store)) as listener:
        runner = ProjectionRunner(store, PostgresViews(store), SHIPPED)
        runner.catch_up()
        print("ready", flush=True)
        reached: list[Moment] = []
        while told_to_end.is_alive():
            runner.catch_up(lambda position: reached.append((position, time.monotonic())))
            listener.wait()
    print(json.dumps(reached))


if __name__ == "__main__":
    main()
