"""``python -m tests.simulation SEED``: one seed, or as many from it on as the minutes allow."""

import argparse
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

import structlog

from tests.simulation.plan import Plan, plan_of
from tests.simulation.rules import all_rules
from tests.simulation.run import Told, told
from tests.simulation.shrinking import shrunk, written
from tests.simulation.sqlite.strikes import struck

STEPS = 120
DAYS_OF_A_YEAR = 365.25
PLANS: dict[str, Callable[[Plan], Plan]] = {"memory": lambda plan: plan, "sqlite": struck}
FIXED = {"PYTHONHASHSEED": "0"}


class Totals:
    """Of all runs. ``pairs``: facts about a rule, told shortly after a fault."""

    def __init__(self) -> None:
        self.runs = self.commands = self.events = 0
        self.days = 0.0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()

    def add(self, run: Told) -> None:
        self.runs += 1
        self.commands += run.commands
        self.events += run.events
        self.days += run.account_days
        self.pairs.update(run.pairs)
        self.faults.update(run.faults)

    def print(self, seconds: float) -> None:
        years = self.days / DAYS_OF_A_YEAR
        print(
            f"{self.runs} runs: {self.commands:,} commands, {self.events:,} events, "
            f"{years:,.1f} account-years, {seconds:.1f} s of processor time, "
            f"{self.commands / max(seconds, 0.001):,.0f} commands/s"
        )

    def print_coverage(self) -> None:
        rules = all_rules()
        print(f"{'fault':26}" + "".join(f"{each:>6}" for each in rules))
        for fault in sorted(self.faults):
            row = "".join(f"{self.pairs[fault, rule]:6}" for rule in rules)
            print(f"{fault:26}{row}  struck {self.faults[fault]}")
        zeros = sum(not self.pairs[fault, rule] for fault in self.faults for rule in rules)
        print(f"{len(self.faults) * len(rules)} pairs, {zeros} of them never")


def main() -> int:
    given = _arguments()
    if any(os.environ.get(name) != value for name, value in FIXED.items()):
        os.execve(  # noqa: S606 hashes of texts are drawn when Python starts
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, **FIXED},
        )
    structlog.configure(processors=[lambda *_: _drop()])
    totals, began = Totals(), time.process_time()
    for seed in _seeds(given.seed, given.minutes):
        run = told(PLANS[given.store](plan_of(seed, given.steps)))
        totals.add(run)
        if given.minutes is None or run.violation:
            print(
                f"seed {seed}: hash {run.digest}, {run.commands} commands, {run.events} events, "
                f"{run.account_days:.0f} account-days"
            )
        if run.violation:
            print(f"VIOLATED after item {run.place}: {run.violation}")
            if given.shrink:
                smaller = shrunk(run)
                print(f"{len(smaller.plan.items)} items of {len(run.plan.items)} still violate:")
                print(smaller.violation)
                print(written(smaller.plan))
            if given.until_found or given.minutes is None:
                totals.print(time.process_time() - began)
                return 1
    totals.print(time.process_time() - began)
    if given.coverage:
        totals.print_coverage()
    return 0


def _drop() -> dict[str, object]:
    raise structlog.DropEvent


def _seeds(first: str, minutes: float | None) -> Iterator[str]:
    yield first
    until = time.monotonic() + (minutes or 0) * 60
    number = 0
    while time.monotonic() < until:
        number += 1
        yield str(int(first) + number) if first.isdigit() else f"{first}.{number}"


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", nargs="?", default="1")
    parser.add_argument("--steps", type=int, default=STEPS, help="items of each plan")
    parser.add_argument("--store", choices=PLANS, default="memory", help="what is underneath")
    parser.add_argument("--minutes", type=float, help="go on with the seeds that follow")
    parser.add_argument("--until-found", action="store_true", help="end at the first violation")
    parser.add_argument("--shrink", action="store_true", help="make a failing plan smaller")
    parser.add_argument("--coverage", action="store_true", help="print faults against rules")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
