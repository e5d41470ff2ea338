"""Faults of the drive, among the items of a plan that is told to the embedded store."""

from collections.abc import Iterator
from random import Random

from tests.simulation.plan import Item, Plan

WHAT = ("power cut", "power cut", "power cut", "killed", "I/O error")
SPANS = (1, 20, 200, 3_000)
"""Changes of a file that come before, at most. Emptying the write-ahead log takes a thousand."""


def struck(plan: Plan) -> Plan:
    """The same plan, on the embedded store; its own items are as they were."""
    random = Random(f"drive {plan.seed}")
    return plan._replace(store="sqlite", items=list(_with_strikes(random, plan.items)))


def _with_strikes(random: Random, items: list[Item]) -> Iterator[Item]:
    share = random.choice((0.03, 0.1, 0.3))
    for each in items:
        if random.random() < share:
            changes = random.randrange(random.choice(SPANS))
            yield Item(0, "strike", {"what": random.choice(WHAT), "changes": changes})
        yield each
