"""An event as a CloudEvent 1.0 in JSON (structured mode), for programs that do not use Kafka.

The attributes are those of the stream's record, each as text, and ``data`` is the stored state.
"""

from collections.abc import Iterable

from pydantic_core import to_json

from engine.ports.log import Entry, StoreIdentity
from engine.stream.cloud_events import Teller, of_command, of_type
from events.recorded import Envelope

EVENT = b'%b%d","time":"%b","subject":%b"%d","sequence":"%020d","entry":"%020d",%b,"data":%b}'
MOST_SUBJECTS = 10_000
"""The most streams whose encoded names are kept."""


class Structured:
    """Encodes the events of one store. Octets are joined around the state, which is never decoded,
    because this bounds how fast a log can be read. For one thread."""

    def __init__(self, store: StoreIdentity) -> None:
        self._store = store
        self._teller = Teller(store)
        self._types: dict[str, bytes] = {}
        self._subjects: dict[str, bytes] = {}
        self._last: tuple[Envelope | None, bytes] = None, b""

    def encoded(self, entries: Iterable[Entry]) -> list[bytes]:
        """The encoded events. Raises ``CorruptEvent`` for a state without its time of
        occurrence."""
        types, subjects, time = self._types, self._subjects, self._teller.time
        envelope, shared = self._last
        found = []
        for number, own, row in entries:
            assert row is not None
            position, stream, version, topic, state = row
            if own is not envelope:
                envelope, shared = self._last = own, to_json(of_command(own))[1:-1]
            head = types.get(topic) or self._of_type(topic)
            subject = subjects.get(stream) or self._subject(stream)
            found.append(
                EVENT
                % (head, position, time(row), subject, version, position, number, shared, state)
            )
        return found

    def _of_type(self, topic: str) -> bytes:
        of_all = to_json(of_type(topic, self._teller.source))[:-1]
        store_id, generation = self._store
        self._types[topic] = b'%b,"id":"%b.%d:' % (of_all, store_id.encode(), generation)
        return self._types[topic]

    def _subject(self, stream: str) -> bytes:
        if len(self._subjects) >= MOST_SUBJECTS:
            self._subjects.clear()
        self._subjects[stream] = to_json(stream) + b',"streamversion":'
        return self._subjects[stream]
