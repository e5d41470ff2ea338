"""From the commit of a command until a read_committed consumer has its event, at 200 a second.

``python -m bench.stream.seen BROKER TOPIC`` is the consumer: it runs until its standard input ends,
and answers one line of JSON: each ``ce_sequence`` that it saw, and when.
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median, quantiles
from threading import Thread

from kafka import KafkaConsumer, TopicPartition

from adapters.kafka.producing import transactional_producer
from adapters.kafka.topics import Topics
from bench.postgres.visible import PER_SECOND, Moment, paced_commands
from bench.programs import PATIENCE
from bench.stream.places import Site, stream_site
from bench.stream.processes import relaying
from engine.stream.topics import PARTITIONS

COMMANDS, FIRST = 2_000, 400
"""The first two seconds are not counted: a large campaign is told in them, to a broker just begun.
"""


def stream_seen(count: int = COMMANDS) -> dict[str, float]:
    """Milliseconds; beside them those of bare transactions, each of what is due when it begins."""
    with stream_site() as site:
        ours, bare = (each(site, FIRST + count)[FIRST:] for each in (_ours, _bare))
    return {
        "p50_ms": median(ours),
        "p99_ms": quantiles(ours, n=100)[98],
        "bare_p50_ms": median(bare),
        "bare_p99_ms": quantiles(bare, n=100)[98],
    }


def _ours(site: Site, count: int) -> list[float]:
    store, topic = site.create_store(), "seen"
    with relaying(site, store, topic), _reader(site, topic) as seen:
        committed = paced_commands(store, count)
        time.sleep(1)
    return [(seen[position] - at) * 1000 for position, at in committed]


def _bare(site: Site, count: int) -> list[float]:
    topic = "bare"
    Topics(site.access, topic).make()
    producer = transactional_producer(site.access, topic, 0)
    producer.init_transactions()
    with _reader(site, topic) as seen:
        begin, told = time.monotonic(), 0
        while told < count:
            due = min(int((time.monotonic() - begin) * PER_SECOND), count)
            if due == told:
                time.sleep(0.001)
                continue
            producer.begin_transaction()
            for number in range(told, due):
                headers = [("ce_sequence", b"%d" % number)]
                producer.send(topic, key=b"bench", value=bytes(200), headers=headers)
            producer.commit_transaction()
            told = due
        time.sleep(1)
    producer.close()
    return [(seen[each] - begin - (each + 1) / PER_SECOND) * 1000 for each in range(count)]


@contextmanager
def _reader(site: Site, topic: str) -> Iterator[dict[int, float]]:
    """What it has seen by the end of the block, which comes after it."""
    seen: dict[int, float] = {}
    with subprocess.Popen(
        [sys.executable, "-m", "bench.stream.seen", site.broker.address, topic],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield seen
        found: list[Moment] = json.loads(process.communicate(timeout=PATIENCE)[0])
        seen.update(found)


def main() -> None:
    broker, topic = sys.argv[1:]
    told_to_end = Thread(target=sys.stdin.read)
    told_to_end.start()
    with KafkaConsumer(
        bootstrap_servers=broker,
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
    ) as reader:
        reader.assign([TopicPartition(topic, number) for number in range(PARTITIONS)])
        reader.poll(timeout_ms=500)
        print("ready", flush=True)
        seen: list[Moment] = []
        while told_to_end.is_alive():
            for records in reader.poll(timeout_ms=100).values():
                now = time.monotonic()
                seen += [(int(dict(each.headers)["ce_sequence"]), now) for each in records]
    print(json.dumps(seen))


if __name__ == "__main__":
    main()
