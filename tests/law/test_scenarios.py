"""The law from outside: each scenario ends as expected, and twice the same."""

import re
from pathlib import Path

import pytest

from tests.law.scenarios import FOLDER, SCENARIOS, expectation, told

EACH = pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda path: path.stem)


@EACH
def test_a_scenario_ends_as_expected(scenario: Path) -> None:
    assert told(scenario) == expectation(scenario).read_text(encoding="utf-8")


@EACH
def test_the_same_file_twice_gives_the_same_bytes(scenario: Path) -> None:
    assert told(scenario).encode() == told(scenario).encode()


@EACH
def test_a_scenario_says_on_top_what_it_shows_and_of_which_rules(scenario: Path) -> None:
    header = scenario.read_text(encoding="utf-8").partition("start:")[0]

    assert re.search(r"^# Rules: [A-Z]\d", header, re.MULTILINE)


def test_every_section_of_the_law_has_its_scenario_and_nothing_else_is_expected() -> None:
    stems = {scenario.stem for scenario in SCENARIOS}

    assert stems >= {
        "connection",
        "one_click",
        "two_step",
        "pausing",
        "clocks",
        "notifications",
        "sending",
        "facts",
    }
    assert {path.stem for path in (FOLDER / "expected").glob("*.json")} == stems
