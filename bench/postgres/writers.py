"""What one writer does again and again: one event per commit.

Stock is ``Application.save`` of an aggregate of its own; ``recorder`` our ``insert_events`` in its
place; ``engine`` a command, with all that the law asks of it; ``message_db`` the function of
another store of events, and little of a client; ``emmett`` a command of a third one.
"""

from collections.abc import Callable, Iterator
from itertools import count
from uuid import UUID, uuid4

from eventsourcing.application import Application
from eventsourcing.persistence import StoredEvent

from adapters.stores.postgres import PostgresStore
from aggregates.command import Command
from bench.ours import ANN, CAMPAIGN, PAGE, START, Ledger, accepted, recipient, reserve
from bench.postgres.emmett import emmett_writers
from bench.postgres.message_db import message_db_writers
from bench.postgres.places import stock_environment
from bench.stock import StockCampaign
from engine.engine import Engine
from engine.ports.clock import ManualClock
from events.campaign import SendReserved
from events.catalogue import CATALOGUE

RECIPIENTS = 20_000
"""Of each writer's campaign: 40,000 commands."""

Write = Callable[[], object]


def stock_writers(url: str, names: list[str]) -> list[Write]:
    """All on one application."""
    app = Application[UUID](env=stock_environment(url))
    return [_stock_writer(app) for _ in names]


def _stock_writer(app: Application[UUID]) -> Write:
    campaign, numbers = StockCampaign(), count()

    def write() -> None:
        number = next(numbers)
        campaign.reserve(recipient(number), ANN, f"m{number:07}")
        app.save(campaign)

    return write


def recorder_writers(url: str, names: list[str]) -> list[Write]:
    recorder = PostgresStore(url).recorder
    topic, to_json = CATALOGUE.encoders[SendReserved]

    def writer() -> Write:
        stream, versions = uuid4().hex, count(1)

        def write() -> None:
            number = next(versions)
            event = SendReserved(
                occurred_at=START,
                campaign_id=CAMPAIGN,
                recipient_id=recipient(number),
                account_id=ANN,
                send_id=f"m{number:07}",
            )
            recorder.insert_events([StoredEvent(stream, number, topic, to_json(event))])

        return write

    return [writer() for _ in names]


def engine_writers(url: str, names: list[str]) -> list[Write]:
    """A workspace each, all on one engine; time is the database's."""
    store = PostgresStore(url)
    engine = Engine(store)
    return [_engine_writer(Ledger(store, ManualClock(START), name, engine)) for name in names]


def _engine_writer(ledger: Ledger[PostgresStore]) -> Write:
    ledger.campaign(RECIPIENTS)
    commands = _commands()
    return lambda: ledger.ask(next(commands))


def _commands() -> Iterator[Command]:
    for number in range(RECIPIENTS):
        yield reserve(number)
        yield accepted(number)


def page_writers(url: str, names: list[str]) -> list[Write]:
    """Appends of many sizes, 1 to 2,500 events, so that every way to append is taken."""
    store = PostgresStore(url)
    engine = Engine(store)
    return [_page_writer(Ledger(store, ManualClock(START), name, engine)) for name in names]


def _page_writer(ledger: Ledger[PostgresStore]) -> Write:
    ledger.campaign(0)
    imported = 0
    sizes = (size for _ in count() for size in (*[1] * 16, 7, 30, 300, PAGE))

    def write() -> None:
        nonlocal imported
        size = next(sizes)
        ledger.import_more(imported, imported + size)
        imported += size

    return write


WRITERS: dict[str, Callable[[str, list[str]], list[Write]]] = {
    "stock": stock_writers,
    "recorder": recorder_writers,
    "engine": engine_writers,
    "pages": page_writers,
    "message_db": message_db_writers,
    "emmett": emmett_writers,
}
