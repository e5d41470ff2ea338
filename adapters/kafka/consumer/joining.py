"""Keeps an assignment that kafka-python received between two polls and would not take."""

from typing import Any


def keep_assignment(reader: Any) -> Any:
    """The ``KafkaConsumer``, changed to accept at its next poll what it was assigned meanwhile.

    The library (3.0.12) joins in a thread of its own, for as long as it takes. If that ends between
    two polls, the next poll does not look at the outcome, but joins again. If this member leads the
    group, all others have to join again as well, which takes until their next heartbeat; and then
    the outcome may come between two polls again.

    And if the leader joined again because a topic had changed, its next poll does not join at all:
    nothing has changed since. It stays without the new partitions and sends no more heartbeats.
    """
    coordinator = reader._coordinator  # noqa: SLF001 there is no public way
    join = coordinator._do_join_and_sync_async  # noqa: SLF001
    need_rejoin = coordinator.need_rejoin
    kept: tuple[Any, Any] | None = None

    async def kept_or_joined() -> Any:
        nonlocal kept
        if kept and coordinator.rebalance_in_progress():
            generation, assignment = kept
            if generation is coordinator._generation:  # noqa: SLF001
                return assignment
        kept = None
        assignment = await join()
        kept = coordinator._generation, assignment  # noqa: SLF001
        return assignment

    def must_join() -> bool:
        return bool(coordinator.rejoining or need_rejoin())

    coordinator._do_join_and_sync_async = kept_or_joined  # noqa: SLF001
    coordinator.need_rejoin = must_join
    return reader
