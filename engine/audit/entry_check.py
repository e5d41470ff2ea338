"""Does the store number its entries as its log requires? Yields a sentence for each difference."""

from collections.abc import Iterator

from engine.decoding import GapInLog, MissingEnvelope
from engine.entries import GapInEntries
from engine.indexes import PAGE
from engine.ports.log import Log
from engine.ports.store import Store


def check_entries(store: Store) -> Iterator[str]:
    """Every event and every envelope without events is one entry, in one order without gaps.

    What a store notes about a workspace's end, to save looking it up, is correct.

    Raises ``WithoutEntries``.
    """
    try:
        _read_all(store)
        lost, odd = store.unnumbered_envelopes(), store.odd_workspaces()
    except (GapInEntries, GapInLog, MissingEnvelope) as error:
        yield str(error)
    else:
        if lost:
            yield f"Envelopes without events that are no entry of the log: {lost}."
        for workspace in odd:
            yield f"What is noted of workspace {workspace} is not what its envelopes come to."


def _read_all(log: Log) -> None:
    entry, end = -1, log.last_entry()
    while entry < end and (found := log.entries(entry, PAGE)):
        entry = found[-1].number
    if entry < end:
        raise GapInEntries(expected=entry + 1, found=f"the last one is to be {end}")
