"""Where a stream is read in full, as a copy of the log."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from engine.ports.log import Generation, Log, StoreIdentity
from engine.stream.cloud_events import CloudEvent, Teller

PAGE = 5_000


class StreamSource(Protocol):
    name: str
    """The name, fit to be shown to anybody."""

    def records(self) -> Iterator[CloudEvent]:
        """The records of both topics, each once, in order of entry, from the first there is to the
        last one committed at the time of the call. In bounded memory."""
        ...


class StoreAsSource:
    """The records that a relay would publish from another copy of the store, a standby or a
    file."""

    def __init__(self, log: Log) -> None:
        self.name = log.name
        self._log = log

    def records(self) -> Iterator[CloudEvent]:
        store_id, generations = self._log.identity.store_id, self._log.generations()
        entry, teller, told = -1, Teller(self._log.identity), 0
        while page := self._log.entries(entry, PAGE):
            for each in page:
                number = generation_of(generations, each.number)
                if number != told:
                    told, teller = number, Teller(StoreIdentity(store_id, number))
                yield teller.record(each)
            entry = page[-1].number


def generation_of(generations: Sequence[Generation], entry: int) -> int:
    """The number of the last generation that began at or before the entry."""
    return max(each.number for each in generations if each.first_entry <= entry)
