"""Whatever happens to relays, brokers, the network and the database: nothing is lost or doubled.

The long version's counts are those that docs/stream.md tells.
"""

import os
import random
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from tests.postgres import PostgresServer
from tests.stream.broker import VARIABLE
from tests.stream.cluster import Cluster
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, Seen, faults, stream
from tests.stream.test_relay_process import all_told
from tests.stream.troubled import Consumers, Relays, Troubles, Writing

pytestmark = pytest.mark.kills

SEED = int(os.environ.get("PROOF_SEED", random.SystemRandom().randrange(1_000_000)))
SHORT = {
    "relay killed": 2,
    "relay frozen shortly": 1,
    "broker stopped": 1,
    "leaders moved": 1,
    "network cut": 1,
    "relay killed while network held": 1,
    "postgres restarted": 1,
    "consumer killed": 2,
}
LONG = {
    "relay killed": 180,
    "relay killed while network held": 20,
    "relay frozen": 20,
    "relay frozen shortly": 20,
    "broker killed": 20,
    "broker stopped": 10,
    "broker frozen": 5,
    "all brokers killed": 3,
    "leaders moved": 20,
    "network cut": 10,
    "network held": 5,
    "answers held": 5,
    "network slow": 5,
    "postgres restarted": 10,
    "consumer killed": 100,
}
EVENTS = 1_000_000
CATCH_UP = 900.0
"""Seconds until all that was written is told, and has had its effect."""
SIZES = [20] * 199 + [2_000]
"""Of commands, of which seven come together."""


@pytest.fixture
def cluster() -> Iterator[Cluster]:
    if VARIABLE in os.environ:
        pytest.skip(f"the broker that {VARIABLE} names is not ours to stop")
    with Cluster() as found:
        yield found


def test_a_cluster_in_trouble_loses_and_doubles_nothing(
    cluster: Cluster, own_postgres: PostgresServer, topic: str, tmp_path: Path
) -> None:
    survive(cluster, own_postgres, topic, tmp_path, SHORT, sizes=[20])


@pytest.mark.soak
@pytest.mark.timeout(7_200)
def test_a_cluster_in_every_trouble_loses_and_doubles_nothing_of_a_million_events(
    cluster: Cluster, own_postgres: PostgresServer, topic: str, tmp_path: Path
) -> None:
    events = survive(cluster, own_postgres, topic, tmp_path, LONG, sizes=SIZES, before=500_000)
    assert events >= EVENTS


def survive(
    cluster: Cluster,
    postgres: PostgresServer,
    topic: str,
    folder: Path,
    wanted: Mapping[str, int],
    sizes: Sequence[int],
    before: int = 0,
) -> int:
    """Go through all of it while somebody writes and a group consumes. Answers how many events."""
    began = time.monotonic()
    url, into = postgres.create_database(), postgres.create_database()
    with Ledger(url) as ledger:
        while ledger.opened.store.last_position() <= before:
            ledger.grow_everywhere(min(before, 2_000) + 1)
    with (
        closing(Relays(url, cluster.address, topic, folder)) as relays,
        closing(Consumers(into, cluster.address, topic, folder)) as consumers,
    ):
        troubles = Troubles(relays, consumers, cluster, postgres, topic, SEED)
        with Writing(url, sizes, SEED):
            print("begins", time.monotonic() - began)
            troubles.go_through(wanted)
            print("through", time.monotonic() - began)
        with Ledger(url) as ledger:
            troubles.until(lambda: all_told(ledger), "the end of what was written", CATCH_UP)
            print("told", time.monotonic() - began)
            entries = ledger.opened.store.last_entry() + 1
            events = ledger.opened.store.last_position()
        troubles.until(lambda: consumers.rows() >= events, "the last effect", CATCH_UP)
        print("rows", time.monotonic() - began)
        effects, letters = consumers.effects()
    told: list[int] = []
    found = faults(noted(stream(cluster.address, topic), topic, told), entries)
    print(f"PROOF_SEED={SEED}")  # noqa: T201 to do the same again
    print(f"{dict(troubles.done)}; relays' ends: {relays.ends}, consumers': {consumers.ends}")  # noqa: T201
    print(f"{events} events, {entries} entries, {found}, {time.monotonic() - began:.0f} s")  # noqa: T201
    assert found == NONE
    assert effects == sorted(told)
    assert letters == 0
    return events


def noted(seen: Iterator[Seen], topic: str, into: list[int]) -> Iterator[Seen]:
    """The entries that are events."""
    for each in seen:
        if each.topic == topic:
            into.append(each.entry)
        yield each
