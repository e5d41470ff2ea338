"""``python -m bench.growth [SIZE …]``: how cost grows with the log, drawn to ``docs/growth.svg``.

Each size is measured in a process of its own. Flat lines are what one wants: the cost of a thing
does not depend on what happened before.
"""

import argparse
import json
import subprocess
import sys
from functools import partial
from pathlib import Path
from statistics import median

from adapters.stores.postgres import PostgresViews
from bench.ours import Ledger, accepted, recipient, reserve
from bench.postgres.clocks import idle_poll
from bench.postgres.looking_back import look_back
from bench.postgres.million import million
from bench.postgres.places import PostgresLedger, freeze_survivors, fresh_ledger
from bench.svg import chart
from bench.timing import timed
from engine.audit.moments import Moment
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED

SIZES = (10_000, 100_000, 1_000_000)
COMMANDS, LOOKS = 2_000, 15
DRAWING = Path(__file__).parent.parent / "docs" / "growth.svg"


def measured(events: int) -> dict[str, float]:
    """What each thing costs behind so many events; the last among so many running clocks."""
    with fresh_ledger() as ledger:
        store = ledger.store
        recipients = million(ledger, events)
        freeze_survivors(store.url, "stored_events", "envelopes")
        folding = timed(ProjectionRunner(store, PostgresViews(store), SHIPPED).catch_up)
        freeze_survivors(store.url, "view_histories", "view_recipient_status")
        look = partial(look_back, store.url, Moment(at=ledger.clock()), recipient(recipients // 2))
        looking = median(timed(look) for _ in range(LOOKS))
        writing = _writing(Ledger(store, ledger.clock, "new"))
    return {
        "a command, ms": 1_000 * writing / COMMANDS,
        "an event into all views, µs": 1_000_000 * folding / events,
        "state of a recipient at a time, ms": 1_000 * looking,
        "a look at as many clocks, ms": idle_poll(events),
    }


def _writing(ledger: PostgresLedger) -> float:
    """Seconds of single commands in a campaign of their own, each committed for itself."""
    ledger.campaign(COMMANDS)

    def write() -> None:
        for number in range(COMMANDS // 2):
            ledger.ask(reserve(number))
            ledger.ask(accepted(number))

    return timed(write)


def main() -> None:
    parser = argparse.ArgumentParser(prog="bench.growth", description=__doc__)
    parser.add_argument("sizes", nargs="*", type=int, default=SIZES)
    parser.add_argument("--one", type=int, help="measure this size in this process; JSON")
    parser.add_argument("--to", type=Path, default=DRAWING)
    asked = parser.parse_args()
    if asked.one is not None:
        print(json.dumps(measured(asked.one)))
        return
    found = {size: _apart(size) for size in asked.sizes}
    names = list(found[asked.sizes[0]])
    lines = {name: {size: found[size][name] for size in found} for name in names}
    asked.to.write_text(chart("How cost grows", "events in the log", lines), encoding="utf-8")
    print(json.dumps(found, indent=2, ensure_ascii=False))


def _apart(size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "bench.growth", "--one", str(size)]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


if __name__ == "__main__":
    main()
