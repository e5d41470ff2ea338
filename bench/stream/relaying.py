"""A stored log told in a topic: our relay and kafka-python's bare producer, in turns."""

import subprocess
import sys
from statistics import median

from bench.stream.places import Site, grow, stream_site

EVENTS, ROUNDS = 120_000, 5


def stream_relay(events: int = EVENTS, rounds: int = ROUNDS) -> dict[str, float]:
    """Events per second, each turn in a process of its own and into a topic of its own."""
    with stream_site() as site:
        store = site.create_store()
        count = grow(store, events)
        rates: dict[str, list[float]] = {"relay": [], "bare": []}
        for number in range(rounds):
            for kind, found in rates.items():
                found.append(count / told(site, kind, store, f"{kind}-{number}"))
    return {kind: median(found) for kind, found in rates.items()}


def told(site: Site, kind: str, store: str, topic: str) -> float:
    """Seconds; as ``bench.stream.turn`` has it."""
    command = [sys.executable, "-m", "bench.stream.turn", kind, store, site.broker.address, topic]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return float(done.stdout.split()[-1])
