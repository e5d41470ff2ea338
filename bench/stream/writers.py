"""What a relay costs those who write: commands beside one that runs and one that is stopped."""

import os

from bench.postgres.places import durable_server
from bench.postgres.turns import ROUNDS, halves, in_turns, only
from bench.stream.places import Site
from bench.stream.processes import relaying
from tests.stream.broker import Broker


def stream_writers(rounds: int = ROUNDS) -> dict[str, float]:
    """Commands per second of eight writers in turns, and how many per cent the relay costs them.

    ``apart``: writers and PostgreSQL have half of the processors, the relay and the broker the
    others, as if on a machine of their own; ``shared``: all of them have all.
    """
    there = os.sched_getaffinity(0)
    apart = _beside_a_relay(*halves(), rounds)
    shared = _beside_a_relay(there, there, rounds)
    return {**apart, "shared_cost": shared["cost"]}


def _beside_a_relay(writing: set[int], telling: set[int], rounds: int) -> dict[str, float]:
    with only(writing), durable_server() as server, only(telling), Broker() as broker:
        site = Site(server, broker)
        store = site.create_store()
        with relaying(site, store, "written") as relay, only(writing):
            return in_turns(relay, store, rounds)
