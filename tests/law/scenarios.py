"""The scenarios of the law and how each is expected to end.

``python -m tests.law.scenarios`` writes the expectations anew. Read the difference against the law
before checking it in: what a test compares with is only as right as whoever looked at it.
"""

import json
from pathlib import Path

from adapters.scenario.reader import read_scenario
from adapters.scenario.report import report
from adapters.scenario.runner import run_scenario

FOLDER = Path(__file__).parents[2] / "examples" / "scenarios"
SCENARIOS = sorted(FOLDER.glob("*.yaml"))


def told(scenario: Path) -> str:
    """How the scenario ends, as text."""
    ending = report(run_scenario(read_scenario(scenario)))
    return json.dumps(ending, indent=1, ensure_ascii=False) + "\n"


def expectation(scenario: Path) -> Path:
    return FOLDER / "expected" / f"{scenario.stem}.json"


def main() -> None:
    for scenario in SCENARIOS:
        expectation(scenario).write_text(told(scenario), encoding="utf-8")


if __name__ == "__main__":
    main()
