"""What changed between two moments, by entity."""

from pathlib import Path
from typing import Any

import pytest

from adapters.cli.auditing.reading import open_source
from engine.audit.fold import LISTED
from engine.audit.source import facts
from events.vocabulary import instant_text
from tests.cli.auditing.door import busy_store, folded, replay
from tests.law.story import ANN, HOUR, MINUTE, NOON, R1, SPRING
from tests.workplace import ACME


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_store(tmp_path_factory.mktemp("diff") / "sendledger.db")


def diff(store: Path, first: object, last: object, *words: object) -> dict[tuple[str, ...], Any]:
    ran = replay("diff", "--from", first, "--to", last, *words, "--store", store, "--json")
    assert ran.exit_code == 0
    return {(each["entity"], *each["key"][1:]): each for each in ran.json["changes"]}


def test_the_changes_lead_from_one_moment_to_the_other(store: Path) -> None:
    with open_source(store) as source:
        log = list(facts(source))
    for first, last in [(0, 1), (0, 88), (20, 50), (50, 20), (87, 88), (88, 0)]:
        before, after = (folded(log[:position], LISTED) for position in (first, last))
        changes = diff(store, first, last)
        for view in LISTED:
            length = view.key_length
            old = {row[:length]: row for row in before.rows(view)}
            new = {row[:length]: row for row in after.rows(view)}
            kinds = {
                key[1:]: "added" if key not in old else "removed" if key not in new else "changed"
                for key in {*old, *new}
                if old.get(key) != new.get(key)
            }
            found = {key[1:]: each["kind"] for key, each in changes.items() if key[0] == view.name}
            assert found == kinds


def test_a_change_names_the_columns_old_and_new(store: Path) -> None:
    changes = diff(store, instant_text(NOON), instant_text(NOON + MINUTE))
    assert changes["accounts", ANN]["columns"]["status"] == {
        "old": "successful",
        "new": "disconnected",
    }
    assert changes["accounts", ANN]["columns"]["since"] == {
        "old": instant_text(NOON),
        "new": instant_text(NOON + MINUTE),
    }
    assert changes["clocks", SPRING, ANN, f"{ANN}#1"]["kind"] == "added"


def test_the_two_times_of_a_late_expiry_show(store: Path) -> None:
    due = NOON + MINUTE + HOUR
    moments = (instant_text(due - MINUTE), instant_text(due + MINUTE))
    assert diff(store, *moments, "--by", "recorded") == {}
    assert ("recipient_status", SPRING, R1) in diff(store, *moments, "--by", "occurred")


def test_nothing_differs_between_a_moment_and_itself(store: Path) -> None:
    ran = replay("diff", "--from", 50, "--to", 50, "--store", store)
    assert ran.exit_code == 0
    assert "Nothing differs from position 50 to position 50." in ran.output


def test_a_workspace_is_told_alone(store: Path) -> None:
    assert diff(store, 0, 88, "--workspace", ACME) == diff(store, 0, 88)
    assert diff(store, 0, 88, "--workspace", "nobody") == {}


def test_people_see_tables_by_entity(store: Path) -> None:
    ran = replay("diff", "--from", 40, "--to", 60, "--store", store)
    assert "accounts: 2 differ" in ran.output
    assert "status: successful → disconnected" in ran.output


@pytest.mark.parametrize("moment", ["2026-03-02T12:00:00", "soon", "4711"])
def test_what_is_no_moment_is_refused(store: Path, moment: str) -> None:
    ran = replay("diff", "--from", 1, "--to", moment, "--store", store)
    assert ran.exit_code == 2
    assert ran.complaint.count("\n") == 1
