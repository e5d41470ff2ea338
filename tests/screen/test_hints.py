"""Hints: each names facts that its error has, and commands that there are."""

import re
from string import Formatter

import pytest
from typer.testing import CliRunner

from adapters.program import app
from adapters.screen.hints import HINTS, OF_FINDINGS, finding_with_hint, with_hint
from engine.answers.health import Finding
from engine.ports.errors import EmptyDatabase, NoStore, StoreUnavailable, ViewStopped
from engine.ports.view_status import Stop
from events.errors import ExplainedError
from projections.clocks import CLOCKS
from replay import app as replay
from tests.law.story import NOON

TYPED = re.compile(r"`sendledger(-replay)? ([a-z -]+?)(?: \{| --| [A-Z]|`)")


def named(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("kind", HINTS, ids=lambda kind: kind.__name__)
def test_a_hint_names_facts_of_its_error(kind: type[ExplainedError]) -> None:
    assert named(HINTS[kind]) <= named(kind.sentence)


@pytest.mark.parametrize("hint", [*HINTS.values(), *OF_FINDINGS.values()])
def test_a_hint_names_commands_that_there_are(hint: str) -> None:
    commands = TYPED.findall(hint)

    assert commands
    for of_auditors, words in commands:
        program = replay if of_auditors else app
        assert CliRunner().invoke(program, [*words.split(), "--help"]).exit_code == 0, words


def test_an_error_is_told_with_its_hint() -> None:
    told = with_hint(ViewStopped(CLOCKS, Stop(5, "ValueError: no", NOON)))

    assert told.startswith("View clocks is stopped at position 5 (ValueError: no). When the cause")
    assert "`sendledger projections skip clocks --position 5 --reason …`" in told


@pytest.mark.parametrize(
    "error",
    [EmptyDatabase(store="a.db"), StoreUnavailable(store="a.db", what="was lost"), OSError()],
)
def test_an_error_without_a_hint_is_told_as_it_is(error: Exception) -> None:
    assert with_hint(error) == str(error)


def test_a_store_that_is_not_there_keeps_its_name_as_a_fact() -> None:
    assert NoStore(store="a.db").about == {"store": "a.db"}


def test_a_finding_is_told_with_its_hint() -> None:
    parked = Finding("workspace_parked", "Workspace acme is parked.", "acme")

    assert finding_with_hint(parked).endswith("When the cause is gone: `sendledger unpark acme`.")
    assert finding_with_hint(Finding("overdue", "Late.")) == "Late."
