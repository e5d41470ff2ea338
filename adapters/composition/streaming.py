"""Where the stream's programs are put together: which Kafka, which topic, whose relay."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from adapters.kafka.limits import TookTooLong
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from adapters.stores.small_tables.relay_mark import StoredMark
from engine.fence import StoreIsFenced
from engine.stream.cloud_events import Teller
from engine.work.relay import Relay
from engine.work.secret import Secret

if TYPE_CHECKING:
    from datetime import datetime

    from adapters.archiving.archive import Archiver
    from adapters.kafka.access import KafkaAccess
    from adapters.kafka.consumer.consumer import Consumer
    from adapters.kafka.consumer.inbox import Inbox
    from adapters.kafka.source import KafkaSource

__all__ = ["TookTooLong"]
TAKEN_AT_ONCE = 5_000
"""Events of a partition that are folded or archived in one transaction, at most."""
FETCHED_AT_ONCE = 8 * 1024 * 1024
"""Octets of a partition."""


def kafka_access(settings: EngineSettings) -> "KafkaAccess":
    """Raises ``SettingsError`` for what Kafka cannot be spoken to with."""
    from adapters.kafka.access import KafkaAccess
    from adapters.kafka.last_words import last_words

    last_words()
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
    """The relay of an opened store, which has not begun. ``noticed``: told of foreign records.

    Raises ``StoreIsFenced``: nothing of it is told then (M6).
    """
    from adapters.kafka.sink import KafkaSink

    reason = opened.fence.closed()
    if reason is not None:
        raise StoreIsFenced(reason=reason)
    source = Teller(opened.store.identity).source
    with closing(KafkaSink(kafka_access(settings), settings.kafka_topic, source, noticed)) as sink:
        yield Relay(opened.store, sink, StoredMark(opened.beside))


def topics_as_source(settings: EngineSettings) -> "KafkaSource":
    """What the store's relay has told, as a stream to recover it from."""
    from adapters.kafka.source import KafkaSource

    return KafkaSource(kafka_access(settings), settings.kafka_topic)


def begin_anew(opened: Opened) -> None:
    """Forget in which topic the store was told, and how far."""
    StoredMark(opened.beside).forget()


class RowsOf(NamedTuple):
    """A consumer group, of which topics, and the database of its rows."""

    into: str
    group: str
    topics: Sequence[str]


class Manner(NamedTuple):
    """How a consumer takes records: what it does at one that it cannot take, under which name it
    comes back to its group, and of which workspace alone, if of one."""

    poison: str
    instance: str | None = None
    workspace: str | None = None

    def options(self) -> dict[str, Any]:
        from adapters.kafka.consumer.consumer import Poison

        return {**self._asdict(), "poison": Poison(self.poison)}


@contextmanager
def rows_consumer(settings: EngineSettings, rows: RowsOf, manner: Manner) -> Iterator["Consumer"]:
    """Raises ``ConsumerEnded``."""
    from adapters.kafka.consumer.consumer import Consumer
    from adapters.kafka.consumer.keeping import keep

    client = kafka_access(settings).client()
    with (
        _rows(rows),
        Consumer(client, **rows._asdict(), effect=keep, **manner.options()) as consumer,
    ):
        yield consumer


def start_over(
    settings: EngineSettings, rows: RowsOf, position: int | None, at: "datetime | None"
) -> int:
    """Drop the rows from there on; answers in how many partitions. Raises ``ConsumerEnded``."""
    from adapters.kafka.consumer.again import start_over as over
    from adapters.kafka.consumer.keeping import undo

    client = kafka_access(settings).client()
    with _rows(rows) as inbox:
        return len(over(client, inbox, rows.topics, undo, position=position, at=at))


def redrive(rows: RowsOf) -> tuple[int, int]:
    """How many were taken after all, and how many could not. Raises ``ConsumerEnded``."""
    from adapters.kafka.consumer.again import redrive as again
    from adapters.kafka.consumer.keeping import keep

    with _rows(rows) as inbox:
        return again(inbox, keep)


@contextmanager
def views_consumer(settings: EngineSettings, views: RowsOf, manner: Manner) -> Iterator["Consumer"]:
    """Folds the topics' events into the shipped views. Raises ``ConsumerEnded``."""
    from adapters.kafka.consumer.consumer import Consumer
    from adapters.kafka.consumer.effect import Together
    from adapters.projecting.folding import Folding

    options = {**manner.options(), "at_once": TAKEN_AT_ONCE}
    effect, many = Together(Folding().take), _many_at_once(settings)
    with _views(views), Consumer(many, **views._asdict(), effect=effect, **options) as consumer:
        yield consumer


def fold_anew(settings: EngineSettings, views: RowsOf) -> int:
    """Drop the topics' views; answers how many partitions begin anew. Raises ``ConsumerEnded``."""
    from adapters.kafka.consumer.again import start_over as over
    from adapters.projecting.places import undo

    client = kafka_access(settings).client()
    with _views(views) as inbox:
        return len(over(client, inbox, views.topics, undo))


def _rows(rows: RowsOf) -> AbstractContextManager["Inbox"]:
    from adapters.kafka.consumer.keeping import make_table

    return _inbox(rows, make_table)


def _views(views: RowsOf) -> AbstractContextManager["Inbox"]:
    from adapters.projecting.places import make_tables

    return _inbox(views, make_tables)


@contextmanager
def _inbox(rows: RowsOf, made_ready: Callable[["Inbox"], None]) -> Iterator["Inbox"]:
    from adapters.kafka.consumer.inbox import inbox_at

    with _ended_with_a_reason(), closing(inbox_at(rows.into, rows.group)) as inbox:
        made_ready(inbox)
        yield inbox


def _many_at_once(settings: EngineSettings) -> dict[str, Any]:
    client = kafka_access(settings).client()
    return {**client, "max_partition_fetch_bytes": FETCHED_AT_ONCE}


class FilesOf(NamedTuple):
    """An archive's directory, its consumer group (None for the archive's own), of which topics, and
    after how many seconds what was read becomes files."""

    into: Path
    group: str | None
    topics: Sequence[str]
    every: float


@contextmanager
def archiver(settings: EngineSettings, files: FilesOf, manner: Manner) -> Iterator["Archiver"]:
    """Writes the topics' events to Parquet files by day. Raises ``ConsumerEnded``."""
    from adapters.archiving.archive import Archive, Archiver
    from adapters.kafka.consumer.consumer import log
    from adapters.kafka.topics import topic_ids

    access = kafka_access(settings)
    with _ended_with_a_reason():
        archive = Archive(
            *(files.into, files.group, partial(topic_ids, access, files.topics)),
            every=files.every,
            alert=log.warning,
        )
        with Archiver(
            _many_at_once(settings),
            archive,
            topics=files.topics,
            at_once=TAKEN_AT_ONCE,
            **manner.options(),
        ) as consumer:
            yield consumer


class ConsumerEnded(Exception):
    """The text says why; ``again``: starting it again may help."""

    def __init__(self, text: str, *, again: bool) -> None:
        super().__init__(text)
        self.again = again


@contextmanager
def _ended_with_a_reason() -> Iterator[None]:
    """Errors of Kafka and of where the consumer keeps things as ``ConsumerEnded``."""
    import sqlite3

    import psycopg
    from kafka.errors import KafkaError

    from adapters.kafka.consumer.consumer import Refused
    from adapters.kafka.last_words import said

    try:
        yield
    except Refused as error:
        raise ConsumerEnded(str(error), again=False) from error
    except TookTooLong as error:
        raise ConsumerEnded(f"Kafka was lost: {error}", again=True) from error
    except KafkaError as error:
        raise ConsumerEnded(f"Kafka was lost: {said(error)}", again=True) from error
    except OSError as error:
        raise ConsumerEnded(f"A directory or a connection failed: {error}", again=True) from error
    except (sqlite3.Error, psycopg.Error) as error:
        text = f"The consumer's database failed: {type(error).__name__}: {error}"
        raise ConsumerEnded(text, again=True) from error
