"""The wire only grows: what was written once is read for ever, to the same fact and bytes."""

import subprocess
import sys
from dataclasses import MISSING, fields
from datetime import timedelta
from pathlib import Path

import pytest

from events.base import Event
from events.campaign import RecipientAdded
from events.catalogue import CATALOGUE
from tests.events.golden import EXAMPLES, RECIPIENT, fact_of, grown, line_of, recorded, topic_of

LINES = recorded()
NEWEST = {CATALOGUE.encode(example)[0]: example for example in EXAMPLES}


def test_every_fact_of_the_catalogue_has_its_line_in_every_version() -> None:
    assert sorted(map(topic_of, LINES)) == sorted(CATALOGUE.decoders)


def test_every_fact_of_the_catalogue_has_its_example() -> None:
    assert {type(example) for example in EXAMPLES} == {*CATALOGUE.classes.values()}


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda each: type(each).__name__)
def test_an_example_leaves_no_field_to_its_default(example: Event) -> None:
    left_out = [
        field.name
        for field in fields(example)
        if field.default is not MISSING and getattr(example, field.name) == field.default
    ]

    assert left_out == []


@pytest.mark.parametrize("line", LINES, ids=topic_of)
def test_a_recorded_line_is_the_same_fact_and_the_same_bytes_again(line: str) -> None:
    fact = fact_of(line)

    if topic_of(line) in NEWEST:
        assert fact == NEWEST[topic_of(line)]
        assert line_of(fact) == line
    else:
        assert type(fact) in CATALOGUE.classes.values()
        assert topic_of(line_of(fact)) in NEWEST


def test_a_new_fact_is_written_behind_the_others() -> None:
    older = [line for line in LINES if topic_of(line) not in NEWEST]
    begun = [*LINES[:3], *older]

    assert grown(begun, EXAMPLES)[: len(begun)] == begun
    assert sorted(grown(begun, EXAMPLES)) == sorted(LINES)
    assert grown(LINES, EXAMPLES) == LINES


def test_a_changed_fact_is_not_written() -> None:
    changed = RecipientAdded(**RECIPIENT | {"recipient_id": "another"})

    with pytest.raises(ValueError, match="RecipientAdded is recorded otherwise"):
        grown(LINES, [changed])


def test_the_command_that_writes_new_lines_changes_no_old_one() -> None:
    before = recorded()

    subprocess.run(
        [sys.executable, "-m", "tests.events.golden"], cwd=Path(__file__).parents[2], check=True
    )

    assert recorded() == before


def test_durations_are_spelled_so_that_every_language_reads_them() -> None:
    (line,) = (line for line in LINES if topic_of(line) == "ConnectionFailed")

    assert '"resolution_window":"P9D"' in line
    assert fact_of(line).resolution_window == timedelta(days=9)  # type: ignore[attr-defined]
