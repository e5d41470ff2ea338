"""Where a store's entries are published, and what the store remembers about it."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from engine.ports.log import Entry
from engine.stream.cloud_events import CloudEvent


class Topic(NamedTuple):
    name: str
    topic_id: str
    """A topic that is deleted and created again under the same name has a new id."""


class Told(NamedTuple):
    """The last entry that the topic holds."""

    entry: int
    record: CloudEvent


class LogSink(Protocol):
    """A topic, and the one for commands without events. Every method may raise ``StreamError``."""

    def find(self) -> Topic | None:
        """The topic, checked for the required settings; None if there is none."""
        ...

    def make(self) -> Topic: ...

    def last(self) -> Told | None:
        """The topic's last committed record; raises ``OtherStore``."""
        ...

    def take_over(self) -> None:
        """Take over: earlier writers cannot write any more, and their unfinished transactions are
        ended."""
        ...

    def publish(self, run: Sequence[tuple[Entry, CloudEvent]]) -> None:
        """Publish consecutive entries in one transaction: all of them or none."""
        ...


class Relayed(NamedTuple):
    """How far a store was published, as far as it knows: never further than the topic."""

    topic: Topic
    entry: int
    """-1 for nothing yet."""


class RelayMark(Protocol):
    """What a store remembers about its topic."""

    def read(self) -> Relayed | None: ...

    def write(self, relayed: Relayed) -> None: ...

    def forget(self) -> None:
        """Have the store published again, from its first entry."""
        ...
