"""What we lean on in kafka-python that it does not promise: look again when the version moves."""

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib.metadata import version

import kafka.record.util
import pytest
from kafka import KafkaProducer
from kafka.errors import KafkaError

from adapters.kafka.access import KafkaAccess
from adapters.kafka.limits import TookTooLong, limited
from adapters.kafka.producing import keep_requests_of, transactional_producer
from engine.stream.topics import PARTITIONS
from tests.mail.servers.ports import free_ports
from tests.stream.broker import NamedBroker
from tests.stream.test_relay import make


def test_the_version_is_the_one_that_was_measured() -> None:
    assert version("kafka-python").startswith("3.0.")


def test_checksums_are_made_in_c() -> None:
    """In Python they cost 3.6 times as much."""
    assert kafka.record.util.crc32c_c is not None


@pytest.fixture
def producer(broker: NamedBroker) -> Iterator[KafkaProducer]:
    with KafkaProducer(bootstrap_servers=broker.address) as found:
        yield found


def test_a_node_that_is_not_ready_is_answered_and_not_raised(producer: KafkaProducer) -> None:
    """Else the sender drops the request that ends a transaction, and a commit waits for ever."""
    client, (nowhere,) = producer._sender._client, free_ports(1)
    with pytest.raises(KafkaError):
        client.await_ready(f"nobody-{nowhere}", timeout_ms=10)

    keep_requests_of(producer)

    assert client.await_ready(f"nobody-{nowhere}", timeout_ms=10) is False


def test_a_node_that_is_ready_is_so_still(
    broker: NamedBroker, producer: KafkaProducer, topic: str
) -> None:
    make(broker, topic)
    producer.send(topic, b"{}").get(10)
    client = producer._sender._client
    keep_requests_of(producer)

    assert client.await_ready(client.least_loaded_node()) is True


def test_our_producer_has_it(broker: NamedBroker, topic: str) -> None:
    made = transactional_producer(KafkaAccess(broker.address), topic, 1_000)
    try:
        assert made._sender._client.await_ready.__module__ == keep_requests_of.__module__
    finally:
        made.close(timeout=0)


def test_keys_are_divided_as_every_client_does_it() -> None:
    """The figures are the Java client's, of Utils.murmur2."""
    from kafka.partitioner import murmur2

    assert murmur2(b"21") - 2**32 * (murmur2(b"21") >> 31 & 1) == -973932308
    assert murmur2(b"foobar") - 2**32 * (murmur2(b"foobar") >> 31 & 1) == -790332482
    assert (murmur2(b"w0") & 0x7FFFFFFF) % PARTITIONS in range(PARTITIONS)


def test_a_call_that_hangs_is_interrupted() -> None:
    began = time.monotonic()
    with pytest.raises(TookTooLong, match="waiting took longer"), limited("waiting", 0.1):
        time.sleep(20)
    assert time.monotonic() - began < 5


def stubborn() -> None:
    """As a library may be."""
    with suppress(BaseException):
        time.sleep(20)
    time.sleep(20)


def test_a_call_that_catches_everything_is_interrupted_once_more() -> None:
    with pytest.raises(TookTooLong), limited("waiting", 0.1):
        stubborn()


def test_nothing_is_interrupted_afterwards() -> None:
    before = signal.getsignal(signal.SIGALRM)
    with limited("waiting", 0.1):
        pass
    time.sleep(0.2)
    assert signal.getsignal(signal.SIGALRM) is before
