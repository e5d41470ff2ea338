"""Where it is measured: a broker and a durable PostgreSQL of its own, and a log to be told."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import NamedTuple

from adapters.kafka.access import KafkaAccess
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened, open_store
from adapters.stores.postgres import PostgresStore
from bench.ours import START, Ledger
from bench.postgres.places import durable_server
from engine.engine import Engine
from engine.ports.clock import ManualClock
from tests.postgres import PostgresServer
from tests.stream.broker import Broker

WORKSPACES = 120
"""Ten for each partition, though hashing does not deal them out evenly."""


class Site(NamedTuple):
    server: PostgresServer
    broker: Broker

    @property
    def access(self) -> KafkaAccess:
        return KafkaAccess(self.broker.address)

    def create_store(self) -> str:
        """Its URL; nothing is in it."""
        url = self.server.create_database("ours")
        PostgresStore(url).close()
        return url


@contextmanager
def stream_site() -> Iterator[Site]:
    with durable_server() as server, Broker() as broker:
        yield Site(server, broker)


@contextmanager
def opened(url: str) -> Iterator[Opened]:
    found = open_store(EngineSettings(store=url), create=False)
    try:
        yield found
    finally:
        found.close()


def grow(url: str, events: int) -> int:
    """A log of about so many events: in each workspace a campaign whose recipients are added by
    one command and then receive an email each, by two. Answers how many."""
    recipients = events // (3 * WORKSPACES)
    with closing(PostgresStore(url, ManualClock(START))) as store:
        engine = Engine(store)
        for number in range(WORKSPACES):
            ledger = Ledger(store, ManualClock(START), f"w{number:03}", engine)
            ledger.campaign(recipients)
            ledger.hear(0, recipients)
        return store.last_position()
