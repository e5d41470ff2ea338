"""Every rule of the law is enforced somewhere, tested somewhere, and the page says where."""

import pytest

from tests.law_page import LATER, PAGE, RULES, guards, marked_tests, mentioned, page, scenarios

NOW = [rule for rule in RULES if rule not in LATER]


@pytest.mark.parametrize("rule", NOW)
def test_a_rule_has_a_guard(rule: str) -> None:
    assert guards().get(rule), f"no docstring of the rooms that enforce the law names {rule}"


@pytest.mark.parametrize("rule", NOW)
def test_a_rule_has_a_test(rule: str) -> None:
    assert marked_tests().get(rule), f"no test carries pytest.mark.rule({rule!r})"


@pytest.mark.parametrize("rule", LATER)
def test_what_comes_in_a_later_issue_has_neither_yet(rule: str) -> None:
    assert rule not in marked_tests()
    assert rule not in guards()


def test_only_rules_of_the_law_are_named() -> None:
    assert set(marked_tests()) <= set(RULES)
    assert set(LATER) <= set(RULES)


def test_a_scenario_shows_most_of_the_law() -> None:
    in_no_scenario = set(NOW) - set(scenarios())

    assert in_no_scenario == {
        "C6",  # a scenario's checks end at once
        "N2",  # a scenario delivers nothing
        "M7",  # a scenario suppresses nobody yet
    }


def test_the_page_is_up_to_date() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.law_page"


@pytest.mark.parametrize(
    ("text", "rules"),
    [
        ("S1: so", ["S1"]),
        ("S1, S10", ["S1", "S10"]),
        ("(P1-P3)", ["P1", "P2", "P3"]),
        ("T2-T5", ["T2", "T3", "T4", "T5"]),
        ("S11, C901, NOS1 and X1", []),
    ],
)
def test_a_rule_is_named_by_its_number(text: str, rules: list[str]) -> None:
    assert list(mentioned(text)) == rules
