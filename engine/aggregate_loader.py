"""The aggregates of one workspace: as read under the lock, and as decided so far."""

from collections.abc import Iterator, Sequence
from itertools import chain

from engine.cache import AggregateCache, Cached
from engine.decoding import decode_stream
from engine.gc_pause import freeze_survivors, gc_paused
from engine.ports.transactions import WorkspaceReading
from engine.snapshots import thaw
from engine.streams import AggregateType, stream_id
from events.base import Event

LARGE = 10_000
"""After folding this many events of one stream, the collector leaves living objects alone."""


class AggregateLoader:
    """Reads each aggregate once: from the cache, a snapshot, or the log, whichever is nearest."""

    def __init__(
        self,
        reading: WorkspaceReading,
        workspace: str,
        cache: AggregateCache,
        epoch: int | None = None,
    ) -> None:
        self.states: dict[str, Cached] = {}
        """Every aggregate read or changed, by stream."""
        self.as_read: dict[str, Cached] = {}
        """Every aggregate read, as it was when read."""
        self._reading = reading
        self._workspace = workspace
        self._cache = cache
        self.epoch = cache.begin(workspace, reading.last_position) if epoch is None else epoch

    def load(self, type_: AggregateType, aggregate_id: str) -> Cached:
        stream = stream_id(self._workspace, type_, aggregate_id)
        entry = self.states.get(stream)
        if entry is None:
            entry = self._caught_up(type_, aggregate_id, stream)
            self.states[stream] = self.as_read[stream] = entry
        return entry

    def advance(
        self, type_: AggregateType, aggregate_id: str, events: Sequence[Event]
    ) -> tuple[str, int]:
        """Take in the events; return the stream and the version of the first of them."""
        stream = stream_id(self._workspace, type_, aggregate_id)
        entry = self.load(type_, aggregate_id)
        version, state = entry.version + len(events), type_.fold(entry.state, events)
        if len(events) > LARGE:
            freeze_survivors()
        self.states[stream] = Cached(type_, version, state, entry.snapshot_version)
        return stream, entry.version + 1

    def _caught_up(self, type_: AggregateType, aggregate_id: str, stream: str) -> Cached:
        entry, current = self._cache.get(stream, self.epoch)
        if entry is not None and current:
            return entry
        if entry is None:
            entry = self._from_snapshot(type_, stream) or Cached(
                type_, 0, type_.initial(aggregate_id)
            )
        rows = iter(self._reading.stream(stream, entry.version))
        first = next(rows, None)
        if first is None:
            return entry
        version = entry.version

        def newer() -> Iterator[Event]:
            nonlocal version
            for event in decode_stream(chain((first,), rows), entry.version):
                version += 1
                yield event

        with gc_paused():
            state = type_.fold(entry.state, newer())
        if version - entry.version > LARGE:
            freeze_survivors()
        return Cached(type_, version, state, entry.snapshot_version)

    def _from_snapshot(self, type_: AggregateType, stream: str) -> Cached | None:
        form = type_.snapshots
        stored = self._reading.snapshot(stream, form.topic) if form else None
        if form is None or stored is None:
            return None
        version = stored.originator_version
        return Cached(type_, version, thaw(form, stored), snapshot_version=version)
