"""What is due in a workspace and not recorded yet: what the next turn of a worker will record.

Lateness changes nothing (S7), so an answer given after a deadline is what the law says now, whether
or not a worker has settled it.
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
    """The workspace as the next turn of a worker will leave it after settling. Writes nothing.

    No reminder is issued: reminders wait for a worker (N1). ``fenced``: nothing is settled (M6).
    ``known``: what was read before, for this look alone.
    """
    with gc_paused():
        work = UnitOfWork(reading, workspace, known, policy, fenced)
        work.settle()
    return work


def unsettled_events(work: UnitOfWork, end: int) -> Sequence[Recorded]:
    """The settled events, in order, as if appended to a log that ends at ``end``."""
    return [recorded for batch in work.batches for recorded in batch.recorded(end)]
