"""A store of before all that the topic tells, brought back by ``store recover --from-kafka``.

``python -m bench.stream.recovering EVENTS`` for another number than the table's: 1,000,000, say.
"""

import json
import subprocess
import sys
from contextlib import closing

from kafka import KafkaConsumer, TopicPartition

from adapters.stores.postgres import PostgresStore
from bench.programs import ENVIRONMENT
from bench.stream.places import Site, grow, stream_site
from bench.stream.relaying import told
from bench.timing import timed
from engine.stream.topics import PARTITIONS

EVENTS, TOPIC = 120_000, "recovered"


def stream_recovery(events: int = EVENTS) -> dict[str, float]:
    """Events per second: the whole command, views included; the topic only read beside it."""
    with stream_site() as site:
        store = site.create_store()
        with closing(PostgresStore(store)) as ours:
            identity = ours.identity.store_id
        count = grow(store, events)
        told(site, "relay", store, TOPIC)
        backup = site.server.create_database("backup")
        _empty_with(identity, backup)
        recovering = timed(lambda: _recover(site, backup, count))
        reading = timed(lambda: _read(site, count))
    return {"recovered": count / recovering, "read": count / reading}


def _empty_with(store_id: str, url: str) -> None:
    """The store as it was before its first command."""
    with closing(PostgresStore(url)) as backup, backup.writing() as c:
        c.execute("UPDATE store_identity SET store_id = %s", (store_id,))


def _recover(site: Site, store: str, count: int) -> None:
    where = ["--store", store, "--from-kafka", site.broker.address, "--topic", TOPIC]
    command = [sys.executable, "-m", "adapters.program", "store", "recover", *where]
    done = subprocess.run(
        [*command, "--yes", "--json"],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=ENVIRONMENT,
    )
    assert json.loads(done.stdout)["last_entry"] >= count - 1


def _read(site: Site, count: int) -> None:
    """Of a consumer that does nothing with it."""
    with KafkaConsumer(
        bootstrap_servers=site.broker.address,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as reader:
        reader.assign([TopicPartition(TOPIC, number) for number in range(PARTITIONS)])
        found = 0
        while found < count:
            found += sum(map(len, reader.poll(timeout_ms=100).values()))


if __name__ == "__main__":
    sys.stdout.write(f"{stream_recovery(int(sys.argv[1]))}\n")
