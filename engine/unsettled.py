"""What is due in a workspace and not recorded yet: what the next turn of a worker will record.

Lateness changes nothing (S7), so whoever asks after a deadline is told what the law says now,
whether or not a worker has come to it.
"""

from collections.abc import Sequence

from aggregates.command import Policy
from engine.cache import AggregateCache
from engine.gc_pause import gc_paused
from engine.ports.transactions import WorkspaceReading
from engine.unit_of_work import UnitOfWork
from events.recorded import Recorded


def settled(
    reading: WorkspaceReading,
    workspace: str,
    policy: Policy,
    fenced: str | None,
    known: AggregateCache,
) -> UnitOfWork:
    """The workspace as the next turn of a worker finds it once it has settled. Writes nothing.

    No reminder is issued: reminders wait for a worker (N1). ``fenced``: nothing is settled (M6).
    ``known``: what was read before, for this look alone.
    """
    with gc_paused():
        work = UnitOfWork(reading, workspace, known, policy, fenced)
        work.settle()
    return work


def unsettled_events(work: UnitOfWork, end: int) -> Sequence[Recorded]:
    """What it has settled, in order, as if it were appended to a log that ends at ``end``."""
    return [recorded for batch in work.batches for recorded in batch.recorded(end)]
