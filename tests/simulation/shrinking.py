"""A failing plan made smaller: items left out, as long as the same thing is still violated."""

from tests.simulation.plan import Item, Plan
from tests.simulation.run import Told, told
from tests.simulation.vocabulary import DUE

MOST = 400
"""Runs."""


def kind_of(violation: str) -> str:
    """What was violated, without names and numbers."""
    return " ".join(each for each in violation.split() if each.isalpha())[:60]


def shrunk(run: Told) -> Told:
    """The smallest run found, in at most ``MOST`` others. Leaving time out comes last."""
    if not run.violation:
        return run
    best = _cut_off(run)
    runs, size = 0, max(len(best.plan.items) // 2, 1)
    while size and runs < MOST:
        start = 0
        while start < len(best.plan.items) and runs < MOST:
            items = best.plan.items
            fewer = [*items[:start], *items[start + size :]]
            runs += 1
            found = told(best.plan._replace(items=fewer))
            if found.violation and kind_of(found.violation) == kind_of(run.violation):
                best = found
            else:
                start += size
        size //= 2
    return best


def _cut_off(run: Told) -> Told:
    """Without what came after it, where that is enough."""
    found = told(run.plan._replace(items=run.plan.items[: run.place + 1]))
    same = bool(found.violation) and kind_of(found.violation) == kind_of(run.violation)
    return found if same else run


def written(plan: Plan) -> str:
    """A line an item: the time since the one before, the workspace, what happens."""
    troubles = {name: share for name, share in plan.troubles.items() if share}
    lines = [f"seed {plan.seed}; of a hundred messages meet {troubles or 'no trouble'}"]
    return "\n".join([*lines, *map(_line, plan.items)])


def _line(item: Item) -> str:
    when = f"at the next deadline {item.off:+g} s" if item.leap == DUE else f"+{item.leap:g} s"
    told = ", ".join(f"{name}: {value}" for name, value in item.told.items())
    return f"  - {{{when}, {item.workspace}, {item.kind}: {{{told}}}}}"
