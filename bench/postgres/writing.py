"""One event per commit: ours and stock in turns, so that whatever disturbs hits both."""

from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median

from bench.postgres.crew import Crew
from bench.postgres.places import durable_server

ROUNDS = 5
SECONDS = 1.5
"""Of one writer's turn in a round."""

Shape = tuple[str, int, int]
"""Kind of writers, how many, and in how many processes."""


def pg_writes_1(rounds: int = ROUNDS) -> dict[str, float]:
    """Commits per second of one writer."""
    return _in_turns(
        {"recorder": ("recorder", 1, 1), "engine": ("engine", 1, 1), "stock": ("stock", 1, 1)},
        rounds,
    )


def pg_writes_8(rounds: int = ROUNDS) -> dict[str, float]:
    """Commits per second of eight, all at once; of the stock library's two ways the better."""
    found = _in_turns(
        {
            "threads": ("engine", 8, 1),
            "stock_threads": ("stock", 8, 1),
            "processes": ("engine", 8, 8),
            "stock_processes": ("stock", 8, 8),
        },
        rounds,
    )
    return found | {"stock": max(found["stock_threads"], found["stock_processes"])}


def _in_turns(shapes: Mapping[str, Shape], rounds: int) -> dict[str, float]:
    with durable_server() as server, ExitStack() as stack:
        ours, stock = server.create_database("ours"), server.create_database("stock")
        crews = {
            name: stack.enter_context(Crew(kind, stock if kind == "stock" else ours, *size))
            for name, (kind, *size) in shapes.items()
        }
        rates: dict[str, list[float]] = {name: [] for name in crews}
        for _ in range(rounds):
            for name, crew in crews.items():
                rates[name].append(crew.rate(SECONDS))
    return {name: median(each) for name, each in rates.items()}
