"""A transactional producer that never waits for ever and hides no failure."""

from typing import Any

from kafka import KafkaProducer
from kafka.errors import KafkaError

from adapters.kafka.access import KafkaAccess
from engine.stream.cloud_events import CloudEvent

DELIVERY_MS = 20_000
"""Milliseconds after which an undelivered record has failed, and with it the process."""
BACK_OFF_MS = 5
"""Milliseconds between retries: the broker refuses a transaction while it ends the one before."""
TRANSACTION_MS = 30_000
"""Milliseconds until the broker ends an open transaction, which hides later records of others."""


def transactional_producer(access: KafkaAccess, transactional_id: str, largest: int) -> Any:
    """The producer. ``largest``: octets in a record that the topic accepts."""
    producer = KafkaProducer(
        **access.client(),
        transactional_id=transactional_id,
        transaction_timeout_ms=TRANSACTION_MS,
        delivery_timeout_ms=DELIVERY_MS,
        max_block_ms=DELIVERY_MS,
        retry_backoff_ms=BACK_OFF_MS,
        max_request_size=max(largest, 1_048_576),
        batch_size=65_536,
        linger_ms=0,
        allow_auto_create_topics=False,
    )
    keep_requests_of(producer)
    return producer


def keep_requests_of(producer: Any) -> None:
    """Mend the client's answer on a node that is not ready, which must not be an exception. The
    library's sender (3.0.12) drops the request that ends a transaction if the client raises, and
    the commit then waits for ever."""
    client = producer._sender._client  # noqa: SLF001 there is no public way
    await_ready = client.await_ready

    def answered(node_id: Any, timeout_ms: int = 30_000) -> bool:
        try:
            return bool(await_ready(node_id, timeout_ms=timeout_ms))
        except KafkaError:
            return False

    client.await_ready = answered


def largest_size(record: CloudEvent) -> int:
    """Octets that a record takes at most, uncompressed, in a batch of its own."""
    of_headers = sum([len(text) for _, text in record.headers]) + 40 * len(record.headers)
    return len(record.key) + len(record.value) + of_headers + 128
