"""``python -m tests.simulation SEED``: one seed, or as many from it on as the minutes allow."""

import argparse
import os
import sys
from collections import Counter

from tests.simulation.rules import all_rules
from tests.simulation.run import Told
from tests.simulation.sharing import PLANS, quiet, runs
from tests.simulation.shrinking import shrunk, written

STEPS = 120
DAYS_OF_A_YEAR = 365.25
RAREST, MANY = 20, 10_000_000
FIXED = {"PYTHONHASHSEED": "0"}


class Totals:
    """Of all runs. ``pairs``: facts about a rule, told shortly after a fault."""

    def __init__(self) -> None:
        self.runs = self.violations = self.commands = self.events = 0
        self.days = self.seconds = 0.0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self.faults: Counter[str] = Counter()

    def add(self, run: Told) -> None:
        self.runs += 1
        self.violations += bool(run.violation)
        self.seconds += run.seconds
        self.commands += run.commands
        self.events += run.events
        self.days += run.account_days
        self.pairs.update(run.pairs)
        self.faults.update(run.faults)

    def print(self) -> None:
        years = self.days / DAYS_OF_A_YEAR
        print(
            f"{self.runs} runs: {self.commands:,} commands, {self.events:,} events, "
            f"{years:,.1f} account-years, {self.violations} violations, "
            f"{self.seconds:.1f} s of processor time, "
            f"{self.commands / max(self.seconds, 0.001):,.0f} commands/s of it"
        )

    def print_coverage(self) -> None:
        rules = all_rules()
        print(f"{'fault':26}" + "".join(f"{each:>6}" for each in rules))
        for fault in sorted(self.faults):
            row = "".join(f"{self.pairs[fault, rule]:6}" for rule in rules)
            print(f"{fault:26}{row}  struck {self.faults[fault]}")
        counts = [self.pairs[fault, rule] for fault in self.faults for rule in rules]
        print(
            f"{len(counts)} pairs, {sum(each >= 1_000 for each in counts)} of them a thousand "
            f"times, {sum(not each for each in counts)} never"
        )
        pairs = ((self.pairs[fault, rule], fault, rule) for fault in self.faults for rule in rules)
        for times, fault, rule in sorted(pairs)[:RAREST]:
            whole = times * MANY / max(self.commands, 1)
            print(f"rare: {rule} under {fault}: {times}, {whole:,.0f} in {MANY:,} commands")


def main() -> int:
    given = _arguments()
    if any(os.environ.get(name) != value for name, value in FIXED.items()):
        os.execve(  # noqa: S606 hashes of texts are drawn when Python starts
            sys.executable,
            [sys.executable, "-m", "tests.simulation", *sys.argv[1:]],
            {**os.environ, **FIXED},
        )
    totals, ends = Totals(), given.until_found or given.minutes is None
    processes = given.processes if given.minutes else 1
    quiet()
    for run in runs(given.store, given.seed, given.steps, given.minutes, processes):
        totals.add(run)
        _tell(run, given)
        if run.violation and ends:
            break
    totals.print()
    if given.coverage:
        totals.print_coverage()
    return bool(totals.violations)


def _tell(run: Told, given: argparse.Namespace) -> None:
    if given.minutes is None or run.violation:
        print(
            f"seed {run.plan.seed}: hash {run.digest}, {run.commands} commands, "
            f"{run.events} events, {run.account_days:.0f} account-days"
        )
    if run.violation:
        print(f"VIOLATED after item {run.place}: {run.violation}", flush=True)
        if given.shrink:
            smaller = shrunk(run)
            print(f"{len(smaller.plan.items)} items of {len(run.plan.items)} still violate:")
            print(smaller.violation)
            print(written(smaller.plan), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation")
    parser.add_argument("seed", nargs="?", default="1")
    parser.add_argument("--steps", type=int, default=STEPS, help="items of each plan")
    parser.add_argument("--store", choices=PLANS, default="memory", help="what is underneath")
    parser.add_argument("--minutes", type=float, help="go on with the seeds that follow")
    parser.add_argument(
        "--processes", type=int, default=os.cpu_count() or 1, help="that share the seeds"
    )
    parser.add_argument("--until-found", action="store_true", help="end at the first violation")
    parser.add_argument("--shrink", action="store_true", help="make a failing plan smaller")
    parser.add_argument("--coverage", action="store_true", help="print faults against rules")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
