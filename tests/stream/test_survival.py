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
from tests.small_disk import SmallDisk
from tests.stream.broker import VARIABLE, Broker
from tests.stream.cluster import Cluster
from tests.stream.ledger import Ledger
from tests.stream.reader import NONE, Seen, faults, stream
from tests.stream.test_relay_process import all_told
from tests.stream.troubled import Consumers, Relays, Troubles, Writing, until

pytestmark = pytest.mark.kills

SEED = int(os.environ.get("PROOF_SEED", random.SystemRandom().randrange(1_000_000)))
SHORT = {
    "relay killed": 1,
    "relay frozen shortly": 1,
    "two relays at once": 1,
    "broker stopped": 1,
    "leaders moved": 1,
    "network cut": 1,
    "relay killed while network held": 1,
    "postgres restarted": 1,
    "consumer killed": 1,
}
LONG = {
    "relay killed": 180,
    "relay killed while network held": 20,
    "relay frozen": 20,
    "relay frozen shortly": 20,
    "two relays at once": 20,
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
SMALL, ROOM = 256 * 1024 * 1024, 1024 * 1024
"""Octets of a disk, and what is left of it."""
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


def test_a_full_disk_of_the_broker_costs_nothing_once_there_is_room_again(
    postgres_url: str, topic: str, tmp_path: Path
) -> None:
    fill_up(postgres_url, topic, tmp_path, times=1)


@pytest.mark.soak
def test_a_disk_that_is_full_again_and_again_costs_nothing(
    postgres_url: str, topic: str, tmp_path: Path
) -> None:
    fill_up(postgres_url, topic, tmp_path, times=10)


def fill_up(url: str, topic: str, folder: Path, times: int) -> None:
    """The broker ends by itself when it cannot write; then somebody makes room, and starts it."""
    data = folder / "disk"
    data.mkdir()
    with (
        SmallDisk(data, SMALL) as disk,
        Broker({"log.dirs": f"{data}/data"}, within=disk.within) as broker,
        Ledger(url) as ledger,
        closing(Relays(url, broker.address, topic, folder)) as relays,
    ):

        def more() -> None:
            ledger.grow_everywhere(50)
            relays.keep()

        more()
        for _ in range(times):
            until(lambda: all_told(ledger), "the end of what was written", relays.keep)
            with disk.filled(leave=ROOM):
                until(lambda: broker.ended, "the end of a broker that cannot write", more)
            assert "No space left on device" in broker.log
            broker.kill()
            broker.start()
        until(lambda: all_told(ledger), "the end of what was written", relays.keep)
        entries = ledger.opened.store.last_entry() + 1
        found = faults(stream(broker.address, topic), entries)
    print(f"disk full {times} times: {entries} entries, {found}")  # noqa: T201
    assert found == NONE


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
            troubles.go_through(wanted)
        with Ledger(url) as ledger:
            troubles.until(lambda: all_told(ledger), "the end of what was written", CATCH_UP)
            entries = ledger.opened.store.last_entry() + 1
            events = ledger.opened.store.last_position()
        troubles.until(lambda: consumers.rows() >= events, "the last effect", CATCH_UP)
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
