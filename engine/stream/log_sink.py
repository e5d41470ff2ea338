"""Where a store's entries are told outside, and what the store remembers of it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.ports.log import Entry
from engine.stream.cloud_events import CloudEvent


class Topic(NamedTuple):
    name: str
    topic_id: str
    """Another one for a topic of the same name that was made anew."""


class Told(NamedTuple):
    """The last entry that the topic holds."""

    entry: int
    record: CloudEvent


class LogSink(Protocol):
    """A topic, with the one that takes what came to nothing. All of it raises ``StreamError``."""

    def find(self) -> Topic | None:
        """The topic as it is, held to how it must be; None where there is none."""
        ...

    def make(self) -> Topic: ...

    def last(self) -> Told | None:
        """What it holds last of what was told for good; raises ``OtherStore``."""
        ...

    def take_over(self) -> None:
        """From now on nobody who wrote before writes anything; what he left half done is ended."""
        ...

    def publish(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        """Consecutive entries: all of them are told for good, or none is."""
        ...


class Relayed(NamedTuple):
    """Up to where a store was told, as far as it knows: never more than the topic holds."""

    topic: Topic
    entry: int
    """-1 for nothing yet."""


class RelayMark(Protocol):
    """What a store remembers of its topic."""

    def read(self) -> Relayed | None: ...

    def write(self, relayed: Relayed) -> None: ...

    def forget(self) -> None:
        """The store is told anew, from its first entry."""
        ...
