"""Where the stream's programs are put together: which Kafka, which topic, whose relay."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from adapters.settings import EngineSettings, SettingsError
from adapters.stores.opening import Opened, relay_mark
from engine.stream.cloud_events import Teller
from engine.work.relay import Relay
from engine.work.secret import Secret

if TYPE_CHECKING:
    from adapters.kafka.access import KafkaAccess


def kafka_access(settings: EngineSettings) -> "KafkaAccess":
    """Raises ``SettingsError`` for what Kafka cannot be spoken to with."""
    from adapters.kafka.access import KafkaAccess

    lack = settings.kafka_lacks()
    if settings.kafka is None or lack is not None:
        raise SettingsError(lack or "Setting kafka: name a broker, HOST:PORT.")
    password = settings.kafka_password
    return KafkaAccess(
        brokers=settings.kafka,
        security=settings.kafka_security,
        sasl=settings.kafka_sasl,
        user=settings.kafka_user,
        password=Secret(password.get_secret_value()) if password else None,
        token_url=settings.kafka_token_url,
        ca_file=settings.kafka_ca_file,
    )


@contextmanager
def relay_over(
    opened: Opened, settings: EngineSettings, noticed: Callable[[str], object]
) -> Iterator[Relay]:
    """The relay of an opened store, which has not begun. ``noticed``: told of foreign records."""
    from adapters.kafka.sink import KafkaSink

    source = Teller(opened.store.identity).source
    with closing(KafkaSink(kafka_access(settings), settings.kafka_topic, source, noticed)) as sink:
        yield Relay(opened.store, sink, relay_mark(opened))


def begin_anew(opened: Opened) -> None:
    """Forget in which topic the store was told, and how far."""
    relay_mark(opened).forget()
