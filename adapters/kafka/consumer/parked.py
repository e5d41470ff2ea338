"""What kafka-python had read of a partition before it was paused, and forgets when it goes on."""

from typing import Any


def pick_up_parked(reader: Any) -> Any:
    """Answers the ``KafkaConsumer``, made to go on with a partition that was paused and resumed.

    The library (3.0.12) lays aside what it has of a paused partition, and takes it again only while
    nothing is in line; but what is used up stays in line until more is fetched, and never goes
    where the other partitions are at their end: nothing of the resumed one would ever come.
    """
    fetcher = reader._fetcher  # noqa: SLF001 nothing of it is public
    fetched = fetcher.fetched_records

    def fetched_or_parked(*given: Any, **named: Any) -> Any:
        if not fetcher._next_partition_records:  # noqa: SLF001
            fetcher._next_partition_records = None  # noqa: SLF001
        return fetched(*given, **named)

    fetcher.fetched_records = fetched_or_parked
    return reader
