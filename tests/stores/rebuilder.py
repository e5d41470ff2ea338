"""A process that rebuilds the views of a store, and a projection that no store ships.

``python -m tests.stores.rebuilder URL`` says ``begun`` when its processes are at work, and
with a second argument does it again and again.
"""

import os
import sys
from contextlib import closing
from typing import NamedTuple

from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.rebuild.rebuilding import rebuild
from events.campaign import RecipientAdded
from events.recorded import Recorded
from projections.projection import Projection
from projections.shipped import SHIPPED


class CountRow(NamedTuple):
    workspace: str
    recipient_id: str
    events: int = 0
    process: int = 0


def key(recorded: Recorded) -> tuple[str, str]:
    return recorded.workspace, recorded.event.recipient_id  # type: ignore[attr-defined]


def wrong_key(recorded: Recorded) -> tuple[str, str]:
    return recorded.workspace, recorded.event.recipient_id[::-1]  # type: ignore[attr-defined]


def evolve(row: CountRow | None, recorded: Recorded) -> CountRow:
    row = row or CountRow(*key(recorded))
    return row._replace(events=row.events + 1, process=os.getpid())


def choke(_row: CountRow | None, recorded: Recorded) -> CountRow:
    raise ValueError(f"{recorded.event} is too much")


COUNTED = Projection("counted", 1, CountRow, 2, frozenset({RecipientAdded}), key, evolve)
SHARED = COUNTED._replace(share_by="recipient_id")
MISSHARED = SHARED._replace(key=wrong_key)
CHOKING = COUNTED._replace(evolve=choke)


def main() -> None:
    with closing(PostgresStore(sys.argv[1])) as store:
        rebuild(store, SHIPPED, begun)
        while sys.argv[2:]:
            rebuild(store, SHIPPED)


def begun(_position: int) -> None:
    sys.stdout.write("begun\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
