"""What a relay costs those who write: commands beside one that runs and one that is stopped."""

import signal
from statistics import median

from bench.postgres.crew import Crew
from bench.stream.places import stream_site
from bench.stream.processes import relaying

ROUNDS, SECONDS, WRITERS = 10, 3.0, 8


def stream_writers(rounds: int = ROUNDS) -> dict[str, float]:
    """Commands per second of eight writers, in turns; and how many per cent the relay costs."""
    rates: dict[str, list[float]] = {"beside": [], "alone": []}
    with stream_site() as site:
        store = site.create_store()
        with Crew("engine", store, WRITERS) as crew, relaying(site, store, "written") as relay:
            for _ in range(rounds):
                relay.send_signal(signal.SIGCONT)
                rates["beside"].append(crew.rate(SECONDS))
                relay.send_signal(signal.SIGSTOP)
                rates["alone"].append(crew.rate(SECONDS))
    costs = [100 - 100 * ours / alone for ours, alone in zip(*rates.values(), strict=True)]
    return {name: median(found) for name, found in rates.items()} | {"cost": median(costs)}
