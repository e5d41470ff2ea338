"""``sendledger-replay explain``: what brought events about, and what came of them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.projecting import ProjectionRunner
from events.recorded import Recorded
from projections.shipped import SHIPPED
from tests.cli.auditing.door import busy_store, change, replay
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    NINE_DAYS,
    NOON,
    R1,
    connect,
    create,
    fail,
    hear_from,
    start,
)
from tests.workplace import ACME, Workplace, log_of, on_file

WHERE = ("--workspace", ACME, "--json")


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return busy_store(tmp_path_factory.mktemp("explain") / "store.db")


@pytest.fixture(scope="module")
def log(store: Path) -> list[Recorded]:
    opened = SQLiteStore(store)
    try:
        return log_of(opened)
    finally:
        opened.close()


def explain(store: Path, *words: str) -> Any:
    return replay("explain", *words, "--store", store, *WHERE).json


def steps(tree: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for step in tree:
        yield step
        for event in step["events"]:
            yield from steps(event["brought_about"])


def told(answer: Any) -> dict[int, dict[str, Any]]:
    """Events of the tree by position."""
    return {event["position"]: event for step in steps(answer["tree"]) for event in step["events"]}


def names(answer: Any) -> list[str]:
    return [event["event"] for event in told(answer).values()]


def path_to(tree: list[dict[str, Any]], event: str) -> list[str]:
    """Commands and events from a root down to the first event of that name."""
    for step in tree:
        for each in step["events"]:
            if each["event"] == event and each["asked_about"]:
                return [step["command"], event]
            below = path_to(each["brought_about"], event)
            if below:
                return [step["command"], each["event"], *below]
    return []


def test_a_stop_is_traced_back_to_the_disconnect(store: Path) -> None:
    answer = explain(store, "--campaign", "spring", "--recipient", "r1")

    assert path_to(answer["tree"], "RecipientStopped") == [
        "DisconnectAccount",
        "AccountDisconnected",
        "StartClock",
        "GracePeriodStarted",
        "ExpireClock",
        "RecipientStopped",
    ]


def test_every_event_of_the_recipient_is_asked_about_and_no_other(
    store: Path, log: list[Recorded]
) -> None:
    answer = explain(store, "--campaign", "spring", "--recipient", "r5")
    about = {
        each.position
        for each in log
        if getattr(each.event, "recipient_id", None) == "r5"
        and getattr(each.event, "campaign_id", None) == "spring"
    }

    assert {at for at, event in told(answer).items() if event["asked_about"]} == about


@pytest.mark.parametrize(
    "words",
    [
        ("--campaign", "spring", "--recipient", "r1"),
        ("--campaign", "spring"),
        ("--account", ANN),
        ("--incident", f"{BOB}#1"),
    ],
    ids=lambda words: words[-1],
)
def test_each_event_stands_in_its_command_below_its_cause_with_its_ids_and_times(
    store: Path, log: list[Recorded], words: tuple[str, ...]
) -> None:
    by_position = {each.position: each for each in log}
    answer = explain(store, *words)

    assert answer["tree"]
    for step in steps(answer["tree"]):
        for event in step["events"]:
            recorded = by_position[event["position"]]
            assert event["event_id"] == recorded.event_id
            assert event["stream_id"] == recorded.stream_id
            assert step["command_id"] == recorded.envelope.command_id
            assert event["occurred_at"].endswith("Z")
            assert step["recorded_at"].endswith("Z")
            for following in event["brought_about"]:
                assert following["causation_id"] == event["event_id"]
    assert all(step["causation_id"] is None for step in answer["tree"])


def test_an_incident_tells_all_that_came_of_it(store: Path) -> None:
    found = names(explain(store, "--incident", f"{ANN}#1"))

    assert {
        "AccountDisconnected",
        "SlotVacated",
        "GracePeriodStarted",
        "CampaignPaused",
        "SenderRemoved",
        "GracePeriodExpired",
        "RecipientStopped",
    } <= {*found}
    assert found.count("NoticeIssued") == 2


def test_an_incident_tells_its_cure(store: Path) -> None:
    found = names(explain(store, "--incident", f"{BOB}#1"))

    assert {"ConnectionFailed", "ConnectionRestored", "GracePeriodCured"} <= {*found}


def test_an_account_tells_its_checks_notices_and_slot(store: Path) -> None:
    found = names(explain(store, "--account", CLEO))

    assert {"AccountConnected", "SlotOccupied", "CheckFailed", "NoticeAttempted"} <= {*found}


def test_views_make_no_difference(store: Path, tmp_path: Path) -> None:
    """None were built in the one; in the other, all were; in the third, they lag behind."""
    caught_up, lagging = busy_store(tmp_path / "a.db"), busy_store(tmp_path / "b.db")
    for path in (caught_up, lagging):
        opened = SQLiteStore(path)
        ProjectionRunner(opened, SQLiteViews(opened), SHIPPED).catch_up()
        opened.close()
    change(lagging, "DELETE FROM view_histories WHERE position > '000000000030'")
    change(lagging, "UPDATE tracking SET notification_id = 30")

    for words in (("--campaign", "spring", "--recipient", "r1"), ("--incident", f"{ANN}#1")):
        expected = explain(store, *words)
        assert explain(caught_up, *words) == expected
        assert explain(lagging, *words) == expected


def test_of_a_command_with_many_events_only_those_that_matter_are_told(tmp_path: Path) -> None:
    recipients = [f"r{number:03}" for number in range(100)]
    crowd = _crowd(on_file(tmp_path / "store.db"), recipients)
    crowd.store.close()

    answer = explain(tmp_path / "store.db", "--campaign", "spring", "--recipient", "r050")
    (expiry,) = (each for each in steps(answer["tree"]) if each["command"] == "ExpireClock")

    assert [each["event"] for each in expiry["events"]] == [
        "GracePeriodExpired",
        "RecipientStopped",
    ]
    assert (expiry["event_count"], expiry["left_out"]) == (102, 100)
    shown = replay(
        *("explain", "--campaign", "spring", "--recipient", "r050"),
        *("--store", tmp_path / "store.db", "--workspace", ACME),
    )
    assert "and 100 more of its 102 events" in " ".join(shown.output.split())


def _crowd(workplace: Workplace, recipients: list[str]) -> Workplace:
    workplace.at(NOON).given(
        connect(ANN), create(ANN, to=recipients), start(), hear_from(ANN, *recipients), fail(ANN)
    )
    return workplace.at(NOON + NINE_DAYS + DAY).tick()


def test_a_person_sees_positions_and_both_times(store: Path) -> None:
    ran = replay("explain", "--campaign", "spring", "--recipient", R1, "--store", store, *WHERE[:2])

    text = " ".join(ran.output.replace("│", " ").split())
    assert ran.exit_code == 0
    assert "#63 RecipientStopped" in text
    assert "2026-03-02T13:01:00Z" in text, "it occurred"
    assert "2026-03-02T14:00:00Z" in text, "it was recorded"


@pytest.mark.parametrize(
    ("words", "code", "complaint"),
    [
        (("--account", "anne@acme.test"), 4, "Did you mean ann@acme.test"),
        (("--campaign", "sprig"), 4, "There is no campaign sprig. Did you mean spring?"),
        (("--campaign", "spring", "--recipient", "r99"), 4, "There is no recipient of spring r99."),
        (("--incident", "ann@acme.test#7"), 4, "Did you mean ann@acme.test#1"),
        (("--recipient", "r1"), 2, "name it with --campaign"),
        ((), 2, "Name one thing"),
        (("--account", "a", "--incident", "b"), 2, "Name one thing"),
    ],
    ids=str,
)
def test_what_cannot_be_explained_is_said(
    store: Path, words: tuple[str, ...], code: int, complaint: str
) -> None:
    ran = replay("explain", *words, "--store", store, *WHERE[:2])

    assert ran.exit_code == code
    assert complaint in ran.complaint


def test_an_unknown_workspace_and_an_unknown_store_are_said(store: Path) -> None:
    nowhere = replay("explain", "--account", ANN, "--store", store, "--workspace", "acne")
    elsewhere = replay("explain", "--account", ANN, "--store", "kafka://host/db")

    assert (nowhere.exit_code, elsewhere.exit_code) == (4, 1)
    assert "There is no workspace acne. Did you mean acme?" in nowhere.complaint
    assert "expected a path, sqlite:///path or postgresql://" in elsewhere.complaint


def test_nothing_is_written(store: Path) -> None:
    before = store.read_bytes()

    explain(store, "--campaign", "spring")

    assert store.read_bytes() == before
