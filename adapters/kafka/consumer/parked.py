"""Picks up what kafka-python had read of a partition before a pause, and forgets on resuming."""

from typing import Any


def pick_up_parked(reader: Any) -> Any:
    """The ``KafkaConsumer``, changed to continue with a partition that was paused and resumed.

    The library (3.0.12) puts the records of a paused partition aside, and takes them up only while
    nothing is in line; but used-up records stay in line until more are fetched, and never leave if
    the other partitions are at their end: nothing from the resumed partition would ever come.
    """
    fetcher = reader._fetcher  # noqa: SLF001 there is no public way
    fetched = fetcher.fetched_records

    def fetched_or_parked(*given: Any, **named: Any) -> Any:
        if not fetcher._next_partition_records:  # noqa: SLF001
            fetcher._next_partition_records = None  # noqa: SLF001
        return fetched(*given, **named)

    fetcher.fetched_records = fetched_or_parked
    return reader
