"""Is the store's numbering of what came to nothing what its log derives? A sentence where not."""

from collections.abc import Iterator

from engine.decoding import GapInLog, MissingEnvelope
from engine.entries import GapInEntries
from engine.indexes import PAGE
from engine.ports.log import Log
from engine.ports.store import Store


def check_entries(store: Store) -> Iterator[str]:
    """Every event and every envelope without events is one entry, in one order without a gap.

    Raises ``WithoutEntries``.
    """
    try:
        _read_all(store)
        lost = store.unnumbered_envelopes()
    except (GapInEntries, GapInLog, MissingEnvelope) as error:
        yield str(error)
    else:
        if lost:
            yield f"Envelopes without events that are no entry of the log: {lost}."


def _read_all(log: Log) -> None:
    entry, end = -1, log.last_entry()
    while entry < end and (found := log.entries(entry, PAGE)):
        entry = found[-1].number
    if entry < end:
        raise GapInEntries(expected=entry + 1, found=f"the last one is to be {end}")
