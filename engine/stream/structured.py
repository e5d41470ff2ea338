"""An event as a CloudEvent 1.0 in JSON (structured mode), for who takes events without Kafka.

The attributes are those of the stream's record, each a text, and ``data`` is the stored state.
"""

from collections.abc import Mapping
from functools import cache

from pydantic_core import to_json

from engine.ports.log import Entry, StoreIdentity
from engine.stream.cloud_events import Teller, of_command
from events.recorded import Envelope

EVENT = b'%b%d","time":"%b","subject":%b"%d","sequence":"%020d","entry":"%020d",%b,"data":%b}'
MOST_SUBJECTS = 10_000
"""Streams whose names are kept in octets."""


class Structured:
    """Encodes the events of one store. Octets are joined around the state, never decoded: this is
    what bounds how fast a log can be read. For one thread."""

    def __init__(self, store: StoreIdentity) -> None:
        self._store = store
        self._teller = Teller(store)
        self._types: dict[str, bytes] = {}
        self._subjects: dict[str, bytes] = {}
        self._last: tuple[Envelope | None, bytes] = None, b""

    def encoded(self, entry: Entry) -> bytes:
        """Raises ``CorruptEvent`` for a state that does not say when it happened."""
        number, envelope, row = entry
        assert row is not None
        position, stream, version, topic, state = row
        if envelope is not self._last[0]:
            self._last = envelope, _members(of_command(envelope))
        return EVENT % (
            self._types.get(topic) or self._of_type(topic),
            position,
            self._teller.time(row),
            self._subjects.get(stream) or self._subject(stream),
            version,
            position,
            number,
            self._last[1],
            state,
        )

    def _of_type(self, topic: str) -> bytes:
        store_id, generation = self._store
        told = {name: text.decode() for name, text in self._teller.of_type(topic)}
        self._types[topic] = b'{%b,"id":"%b.%d:' % (_members(told), store_id.encode(), generation)
        return self._types[topic]

    def _subject(self, stream: str) -> bytes:
        if len(self._subjects) >= MOST_SUBJECTS:
            self._subjects.clear()
        self._subjects[stream] = to_json(stream) + b',"streamversion":'
        return self._subjects[stream]


def _members(headers: Mapping[str, str | None]) -> bytes:
    """Of a JSON object, without its braces."""
    told = {attribute(name): text for name, text in headers.items() if text is not None}
    return to_json(told)[1:-1]


@cache
def attribute(header: str) -> str:
    """The CloudEvent's attribute behind a header of Kafka's binary mode."""
    return "datacontenttype" if header == "content-type" else header.removeprefix("ce_")
