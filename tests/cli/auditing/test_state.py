"""What was, at every moment of a history: as a fold up to there says, and nothing else."""

import json
from pathlib import Path
from typing import Any

import pytest

from adapters.cli.auditing.reading import open_source
from adapters.cli.auditing.state import state_of
from engine.answers.workspace_answers import Answers
from engine.audit.by_stream import NEEDED, Asked, without_a_scan
from engine.audit.fold import LISTED, Fold
from engine.audit.moments import By, Moment, facts_until
from engine.audit.source import Source, facts
from engine.ports.views import ReadableViews
from events.vocabulary import instant_text
from tests.cli.auditing.door import busy_store, change, folded, replay
from tests.law.story import ANN, DAY, HOUR, MINUTE, NOON, R1, SOLO, SPRING
from tests.workplace import ACME

DUE = NOON + MINUTE + HOUR
"""The hour of the disconnected account ends here; the engine came an hour later."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_store(tmp_path_factory.mktemp("state") / "sendledger.db")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same, its views built."""
    path = busy_store(tmp_path_factory.mktemp("state") / "sendledger.db")
    assert replay("rebuild", "--store", path).exit_code == 0
    return path


def rows_of(views: ReadableViews) -> dict[str, list[Any]]:
    return {each.name: list(views.rows(each)) for each in LISTED}


def told(rows: Any) -> Any:
    return json.loads(json.dumps([row._asdict() for row in rows], default=instant_text))


def state(store: Path, *words: object) -> Any:
    return replay("state", *words, "--workspace", ACME, "--store", store, "--json").json


def status_of(found: Any, recipient: str = R1, campaign: str = SPRING) -> str:
    (each,) = (
        row
        for row in found["recipients"]
        if (row["campaign_id"], row["recipient_id"]) == (campaign, recipient)
    )
    return str(each["status"])


def test_every_view_at_every_position_is_a_fold_up_to_there(store: Path) -> None:
    with open_source(store) as source:
        log = list(facts(source))
        for position in range(source.end + 1):
            found = Fold().add(facts_until(source, Moment(position=position))).views()
            assert rows_of(found) == rows_of(folded(log[:position], LISTED)), position


@pytest.mark.parametrize("by", By)
def test_every_view_at_every_time_is_a_fold_of_what_had_happened(store: Path, by: By) -> None:
    with open_source(store) as source:
        log = list(facts(source))
        for at in {fact.event.occurred_at for fact in log} | {NOON - DAY}:
            found = Fold().add(facts_until(source, Moment(at=at, by=by))).views()
            had = [
                fact
                for fact in log
                if at
                >= (fact.envelope.recorded_at if by is By.RECORDED else fact.event.occurred_at)
            ]
            assert rows_of(found) == rows_of(folded(had, LISTED))


def test_the_command_tells_what_the_answers_say_held_included(store: Path) -> None:
    statuses = set()
    with open_source(store) as source:
        log = list(facts(source))
    for position in range(1, len(log) + 1, 4):
        answers = Answers(folded(log[:position], LISTED), ACME)
        found = state(store, "--position", position)
        everybody = [each for name in answers.campaigns for each in answers.recipients(name)]
        assert found["moment"] == {"position": position}
        assert found["accounts"] == told(answers.accounts.values())
        assert found["campaigns"] == told(answers.campaigns.values())
        assert found["recipients"] == told(everybody)
        statuses |= {each.status for each in everybody}
    assert {"pending", "active", "held", "replied", "campaign_stopped"} <= statuses


def test_a_late_expiry_had_happened_before_it_was_recorded(store: Path) -> None:
    between = instant_text(DUE + MINUTE)

    recorded = state(store, "--at", between, "--by", "recorded")
    occurred = state(store, "--at", between, "--by", "occurred")

    assert status_of(recorded) == "held"
    assert status_of(occurred) == "campaign_stopped"
    assert recorded["moment"] == {"at": between, "by": "recorded"}
    assert state(store, "--at", between) == recorded


def test_the_moment_itself_is_included(store: Path) -> None:
    assert status_of(state(store, "--at", instant_text(DUE), "--by", "occurred")) == (
        "campaign_stopped"
    )


def recipients_of(source: Source) -> set[tuple[str, str]]:
    return {
        (fact.event.campaign_id, fact.event.recipient_id)
        for fact in facts(source)
        if hasattr(fact.event, "recipient_id") and hasattr(fact.event, "campaign_id")
    }


@pytest.mark.parametrize("lag", [0, 1, 30])
def test_one_recipient_is_told_the_same_without_a_scan(
    tmp_path: Path, indexed: Path, lag: int
) -> None:
    path = tmp_path / "lagging.db"
    path.write_bytes(indexed.read_bytes())
    change(path, "UPDATE tracking SET notification_id = notification_id - ?", lag)
    with open_source(path) as source:
        change(path, "DELETE FROM view_histories WHERE CAST(position AS INT) > ?", source.end - lag)
        for position in range(1, source.end + 1):
            moment = Moment(position=position)
            scanned = Fold(NEEDED).add(facts_until(source, moment))
            known = {(c, r) for _, c, r in scanned.rows[NEEDED[-1]]}
            for campaign, recipient in known:
                asked = Asked(ACME, campaign, recipient)
                found = without_a_scan(source, moment, asked)
                assert found is not None
                assert state_of(found, asked) == state_of(scanned, asked)
        assert known == recipients_of(source)


@pytest.mark.parametrize("by", By)
def test_one_campaign_and_one_account_are_told_the_same_without_a_scan(store: Path, by: By) -> None:
    with open_source(store) as source:
        log = list(facts(source))
        moments = [Moment(position=position) for position in range(1, source.end + 1)]
        moments += [Moment(at=fact.event.occurred_at, by=by) for fact in log]
        for moment in moments:
            scanned = Fold(NEEDED).add(facts_until(source, moment))
            answers = Answers(scanned.views(), ACME)
            parts = [Asked(ACME, campaign=each) for each in answers.campaigns]
            parts += [Asked(ACME, account=each) for each in answers.accounts]
            for asked in parts:
                found = without_a_scan(source, moment, asked)
                assert found is not None
                assert state_of(found, asked) == state_of(scanned, asked)


@pytest.mark.parametrize(
    "asked",
    [("--campaign", SPRING, "--recipient", R1), ("--campaign", SPRING), ("--account", ANN)],
)
def test_what_is_named_is_found_without_reading_the_log(
    indexed: Path, monkeypatch: pytest.MonkeyPatch, asked: tuple[str, ...]
) -> None:
    def scanned(*_arguments: object) -> None:
        raise AssertionError("the log was scanned")

    monkeypatch.setattr("adapters.cli.auditing.state.facts_until", scanned)
    found = [state(indexed, "--position", 80, *asked)]
    found.append(state(indexed, "--at", instant_text(DUE + MINUTE), *asked))
    if "--campaign" in asked:
        assert [status_of(each) for each in found] == ["campaign_stopped", "held"]
    assert all(each["accounts"] or each["campaigns"] for each in found)


def test_only_what_was_asked_for_is_told(store: Path) -> None:
    found = state(store, "--position", 80, "--campaign", SOLO)
    assert [each["campaign_id"] for each in found["campaigns"]] == [SOLO]
    assert {each["campaign_id"] for each in found["recipients"]} == {SOLO}
    assert found["accounts"] == []

    found = state(store, "--position", 80, "--account", ANN)
    assert [each["account_id"] for each in found["accounts"]] == [ANN]
    assert found["campaigns"] == found["recipients"] == []


def test_people_see_tables(store: Path) -> None:
    ran = replay("state", "--position", 80, "--workspace", ACME, "--store", store)
    assert ran.exit_code == 0
    assert "Workspace acme at position 80" in ran.output
    assert "campaign_stopped" in ran.output


@pytest.mark.parametrize(
    ("words", "said", "exit_code"),
    [
        ((), "--at TIME or --position N", 2),
        (("--at", "2026-03-02T12:00:00Z", "--position", "1"), "Name one moment", 2),
        (("--at", "2026-03-02T12:00:00"), "a time with a zone, like 2026-03-02T12:00:00Z", 2),
        (("--at", "yesterday"), "expected an ISO 8601 time", 2),
        (("--position", "9999"), "ends at position 88", 2),
        (("--position", "80", "--recipient", R1), "name it with --campaign", 2),
        (("--position", "80", "--campaign", "sprang"), "Did you mean spring?", 4),
        (("--position", "80", "--account", "an@acme.test"), f"Did you mean {ANN}", 4),
        (("--position", "80", "--campaign", SPRING, "--recipient", "r11"), "Did you mean r1", 4),
        (("--position", "80", "--workspace", "acne"), "Did you mean acme?", 4),
    ],
)
def test_what_cannot_be_answered_is_said(
    store: Path, indexed: Path, words: tuple[str, ...], said: str, exit_code: int
) -> None:
    for path in (store, indexed):
        ran = replay("state", "--workspace", ACME, *words, "--store", path)
        assert ran.exit_code == exit_code
        assert said in ran.complaint
        assert ran.output == ""
