"""The work of a rebuild, divided among its processes."""

from collections.abc import Mapping, Sequence

from adapters.stores.postgres.rebuild.hashing import Share, shared_field, topics_of
from adapters.stores.postgres.rebuild.log_pass import Task
from adapters.stores.postgres.rebuild.partition import IN_HAND, Part
from projections.projection import Projection


def plan(
    skips: Mapping[Projection, frozenset[int]],
    end: int,
    processes: int,
    in_hand: int = IN_HAND,
) -> Sequence[Task]:
    """A task for each process. ``skips``: the views to fold, and what each passes over.

    A view is shared out by its ``share_by``, one that ``appends`` by its events; any other is
    folded whole, by the process that has the fewest kinds of events to fold so far.
    """
    field = shared_field(skips)
    hands: list[list[Part]] = [[] for _ in range(processes)]
    whole = []
    for projection, skipped in skips.items():
        if projection.appends or projection.share_by == field is not None:
            for number, hand in enumerate(hands):
                hand.append(Part(projection, Share(processes, number), True, skipped))
        else:
            whole.append(Part(projection, Share(), False, skipped))
    for part in sorted(whole, key=lambda each: -len(each.projection.watches)):
        min(hands, key=_kinds).append(part)
    return [
        Task(
            end=end,
            field=field,
            watched=topics_of(skips),
            pass_over=frozenset.intersection(*skips.values()) if skips else frozenset(),
            parts=hand,
            check=Share(processes, number),
            in_hand=in_hand,
        )
        for number, hand in enumerate(hands)
    ]


def _kinds(hand: Sequence[Part]) -> int:
    return sum(len(part.projection.watches) for part in hand if not part.by_event)
