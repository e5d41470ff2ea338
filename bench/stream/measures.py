"""The measures of the stream by name. Figures are per second unless a name says else."""

from collections.abc import Callable

from bench.stream.folding import stream_project
from bench.stream.recovering import stream_recovery
from bench.stream.relaying import stream_relay
from bench.stream.seen import stream_seen
from bench.stream.writers import stream_writers

STREAM_MEASURES: dict[str, Callable[[], dict[str, float]]] = {
    "stream_relay": stream_relay,
    "stream_seen": stream_seen,
    "stream_writers": stream_writers,
    "stream_project": stream_project,
    "stream_recovery": stream_recovery,
}
