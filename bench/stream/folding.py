"""``sendledger project`` with 1, 2 and 4 processes on one topic, and the store's own loop."""

import time
from contextlib import closing, suppress

import psycopg
from kafka.admin import KafkaAdminClient
from kafka.errors import KafkaError
from kafka.partitioner import murmur2

from adapters.kafka.consumer.inbox import inbox_at
from adapters.kafka.topics import Topics
from adapters.projecting.places import make_tables
from adapters.stores.postgres import PostgresStore, PostgresViews
from bench.programs import until
from bench.stream.places import Site, grow, stream_site
from bench.stream.processes import GROUP, projecting
from bench.stream.relaying import told
from bench.timing import timed
from engine.projecting import ProjectionRunner
from engine.stream.topics import PARTITIONS
from projections.shipped import SHIPPED

EVENTS, MEMBERS = 240_000, (1, 2, 4)
LAST = "SELECT workspace, max(first_position + event_count - 1) FROM envelopes GROUP BY workspace"
REACHED = "SELECT position FROM projected_partitions"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def stream_project(events: int = EVENTS) -> dict[str, float]:
    """Events per second, of so many processes and of the store's own loop; from zero."""
    with stream_site() as site:
        store = site.create_store()
        count = grow(store, events)
        found = {f"by_{each}": count / _project(site, store, each) for each in MEMBERS}
        with closing(PostgresStore(store)) as source:
            own = ProjectionRunner(source, PostgresViews(source), SHIPPED)
            return found | {"own": count / timed(own.catch_up)}


def _project(site: Site, store: str, members: int) -> float:
    """Seconds. The members share out an empty topic; then it is told, and their first transactions
    wait at a lock until all of it is."""
    topic, into = f"topic-{members}", site.server.create_database(f"views_{members}")
    Topics(site.access, topic).make()
    with closing(inbox_at(into, GROUP)) as inbox:
        make_tables(inbox)
    with projecting(site, topic, into, members) as processes:
        until(lambda: _shared_out(site, members), *processes)
        with psycopg.connect(into) as connection:
            connection.execute("LOCK TABLE projected_topics")
            told(site, "relay", store, topic)
            until(lambda: _number(connection, WAITING) == members, *processes)
            begin = time.monotonic()
        last = _last_of_partitions(store)
        with psycopg.connect(into, autocommit=True) as connection:
            until(lambda: last == {each for (each,) in connection.execute(REACHED)}, *processes)
        return time.monotonic() - begin


def _shared_out(site: Site, members: int) -> bool:
    """Whether each member has as many partitions as every other one."""
    with KafkaAdminClient(bootstrap_servers=site.broker.address) as admin, suppress(KafkaError):
        group = admin.describe_groups([GROUP])[GROUP]
        if group["group_state"] != "Stable":
            return False
        assigned = [
            sum(
                len(topic["partitions"])
                for topic in each["member_assignment"]["assigned_partitions"]
            )
            for each in group["members"]
        ]
        return assigned == [PARTITIONS // members] * members
    return False


def _number(connection: psycopg.Connection, query: str) -> int:
    found = connection.execute(query.encode()).fetchone()
    return int(found[0]) if found else 0


def _last_of_partitions(store: str) -> set[int]:
    """The position of the last event of each partition in which there is one."""
    last = [0] * PARTITIONS
    with psycopg.connect(store) as connection:
        for workspace, position in connection.execute(LAST):
            number = (murmur2(workspace.encode()) & 0x7FFFFFFF) % PARTITIONS
            last[number] = max(last[number], position)
    return {*last} - {0}
