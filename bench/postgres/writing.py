"""One event per commit: ours and others in turns, so that whatever disturbs hits all."""

from collections.abc import Mapping
from contextlib import ExitStack
from statistics import median

from bench.postgres.crew import Crew
from bench.postgres.places import durable_server
from bench.postgres.processor import processor_seconds, with_children

ROUNDS = 5
SECONDS = 1.5
"""Of one writer's turn in a round."""
SLOW_MS = 2
"""What a slow disk takes for a commit."""

Shape = tuple[str, int, int]
"""Kind of writers, how many, and in how many processes."""

ONE: Mapping[str, Shape] = {
    "recorder": ("recorder", 1, 1),
    "engine": ("engine", 1, 1),
    "stock": ("stock", 1, 1),
    "message_db": ("message_db", 1, 1),
    "emmett": ("emmett", 1, 1),
}
EIGHT: Mapping[str, Shape] = {
    "threads": ("engine", 8, 1),
    "stock_threads": ("stock", 8, 1),
    "message_db_threads": ("message_db", 8, 1),
    "processes": ("engine", 8, 8),
    "stock_processes": ("stock", 8, 8),
    "message_db_processes": ("message_db", 8, 8),
}


def pg_writes_1(rounds: int = ROUNDS) -> dict[str, float]:
    """Commits per second of one writer, and what each takes of processors (``…_us``)."""
    return _in_turns(ONE, rounds)


def pg_writes_8(rounds: int = ROUNDS, disk_ms: int = 0) -> dict[str, float]:
    """Likewise of eight, all at once; of others' two ways the better."""
    found = _in_turns(EIGHT, rounds, disk_ms)
    better = {
        name: max(found[f"{name}_threads"], found[f"{name}_processes"])
        for name in ("stock", "message_db")
    }
    return found | better


def pg_writes_8_slow(rounds: int = 3) -> dict[str, float]:
    """The same on a slow disk."""
    return pg_writes_8(rounds, SLOW_MS)


def _in_turns(shapes: Mapping[str, Shape], rounds: int, disk_ms: int = 0) -> dict[str, float]:
    with durable_server(disk_ms) as server, ExitStack() as stack:
        urls = {
            kind: server.create_database(kind) for kind in {kind for kind, *_ in shapes.values()}
        }
        crews = {
            name: stack.enter_context(Crew(kind, urls[kind], *size))
            for name, (kind, *size) in shapes.items()
        }
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            for name, crew in crews.items():
                for key, value in _turn(name, crew, server.pid).items():
                    found.setdefault(key, []).append(value)
    return {name: median(each) for name, each in found.items()}


def _turn(name: str, crew: Crew, server: int) -> dict[str, float]:
    before = processor_seconds(crew.pids), processor_seconds(with_children(server))
    rate = crew.rate(SECONDS)
    after = processor_seconds(crew.pids), processor_seconds(with_children(server))
    client, ours = (1e6 * (b - a) / (rate * SECONDS) for a, b in zip(before, after, strict=True))
    return {name: rate, f"{name}_client_us": client, f"{name}_server_us": ours}
