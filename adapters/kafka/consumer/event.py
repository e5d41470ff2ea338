"""A record of a topic, read as an event (docs/stream-contract.md)."""

import json
from typing import Any, NamedTuple


class NotAnEvent(ValueError):
    """The record is not from a store: somebody else wrote to the topic."""


class Event(NamedTuple):
    """``headers`` are texts; the value is undecoded, as the store keeps it."""

    topic: str
    partition: int
    offset: int
    key: bytes
    headers: dict[str, str]
    value: bytes

    @property
    def type(self) -> str:
        """``sendledger.<Name>.v<n>``."""
        return self.headers["ce_type"]

    @property
    def source(self) -> str:
        """The store, as ``urn:sendledger:store:…``: include it in the keys of your rows."""
        return self.headers["ce_source"]

    @property
    def entry(self) -> int:
        """Its number in the store's one order; it only grows within a workspace."""
        return int(self.headers["ce_entry"])

    @property
    def sequence(self) -> int | None:
        """The event's position; None for a command without events."""
        text = self.headers.get("ce_sequence")
        return int(text) if text else None

    @property
    def position(self) -> int:
        """Its position; of a command without events, the position that comes next."""
        return int(self.headers.get("ce_sequence") or self.headers["ce_place"].partition("/")[0])

    @property
    def workspace(self) -> str:
        return self.headers["ce_partitionkey"]

    @property
    def data(self) -> Any:
        return json.loads(self.value)


def event_of(record: Any) -> Event:
    """The event in a record. Raises ``NotAnEvent``."""
    try:
        headers = {name: (text or b"").decode() for name, text in record.headers}
        found = Event(
            record.topic, record.partition, record.offset, record.key, headers, record.value
        )
        if not found.source or not found.type or not found.workspace or found.entry < 0:
            raise NotAnEvent("a header is empty")
    except (KeyError, ValueError, TypeError) as error:
        raise NotAnEvent(f"no event of a store: {error!r}") from error
    return found
