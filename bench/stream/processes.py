"""``sendledger relay`` and ``project`` as somebody starts them, in processes of their own."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from bench.programs import started, until
from bench.stream.places import Site

GROUP = "bench"


@contextmanager
def relaying(site: Site, store: str, topic: str) -> Iterator[subprocess.Popen[bytes]]:
    """From when it follows the log."""
    with started("relay", "--store", store, *_kafka(site, topic)) as (process, said):
        until(lambda: b"relaying" in said.read_bytes(), process)
        yield process


@contextmanager
def projecting(
    site: Site, topic: str, into: str, members: int
) -> Iterator[list[subprocess.Popen[bytes]]]:
    """So many members of one group."""
    words = ("project", "--into", into, "--group", GROUP, *_kafka(site, topic))
    with ExitStack() as stack:
        yield [stack.enter_context(started(*words))[0] for _ in range(members)]


def _kafka(site: Site, topic: str) -> tuple[str, ...]:
    return "--kafka", site.broker.address, "--topic", topic
