"""An invoice for every recipient that was stopped: BROKER TOPIC DATABASE."""

import signal
import sys
from contextlib import closing
from typing import Any

from kafka.errors import KafkaError

from adapters.kafka.consumer.consumer import Consumer, Refused
from adapters.kafka.consumer.event import Event
from adapters.kafka.consumer.inbox import Inbox, inbox_at

GROUP = "invoices"
TABLE = """CREATE TABLE IF NOT EXISTS invoices (
    source text, entry bigint, workspace text, recipient text, stopped_at text, cents integer,
    PRIMARY KEY (source, entry))"""
INSERT = "INSERT INTO invoices VALUES (%s, %s, %s, %s, %s, %s)"
PRICE = 12


def invoice(event: Event, inbox: Inbox, c: Any) -> None:
    """In the transaction that also keeps how far we are."""
    if event.type.startswith("sendledger.RecipientStopped."):
        stopped = event.data
        values = (event.workspace, stopped["recipient_id"], stopped["occurred_at"], PRICE)
        inbox.execute(c, INSERT, (event.source, event.entry, *values))


def main(broker: str, topic: str, database: str) -> None:
    with closing(inbox_at(database, GROUP)) as inbox, inbox.transaction() as c:
        inbox.lock(c)
        inbox.execute(c, TABLE)
    with Consumer(broker, into=database, group=GROUP, effect=invoice, topics=[topic]) as consumer:
        signal.signal(signal.SIGTERM, consumer.stop)
        signal.signal(signal.SIGINT, consumer.stop)
        sys.stdout.write(f"Consuming {topic}.\n")
        sys.stdout.flush()
        consumer.run()


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit("Name three things: BROKER TOPIC DATABASE.")
    try:
        main(*sys.argv[1:])
    except (KafkaError, Refused) as error:
        sys.exit(f"Ended: {error}")
