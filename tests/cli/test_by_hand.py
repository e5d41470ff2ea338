"""Moving a campaign by hand: assignments, sends, answers and background checks."""

import json

import pytest

from tests.cli.keyboard import Keyboard, people_file
from tests.law.story import ANN, BOB, SPRING

PERSON = "p0@example.com"
IN_SPRING = ("--campaign", SPRING)


@pytest.fixture
def running(keyboard: Keyboard) -> Keyboard:
    """A running campaign of both accounts with two recipients who heard from nobody."""
    keyboard.campaign(people_file(keyboard.folder / "people.csv", 2))
    return keyboard


def told(keyboard: Keyboard, *words: object) -> dict[str, object]:
    row: dict[str, object] = keyboard.json(*words, *IN_SPRING)["recipient"]
    return row


def test_one_assigned_has_heard_from_nobody_yet(running: Keyboard) -> None:
    row = told(running, "recipients", "assign", PERSON, ANN)

    assert (row["sender"], row["emails_received"]) == (ANN, 0)


def test_one_who_heard_from_an_account_stays_with_it(running: Keyboard) -> None:
    """M1."""
    running.do("sends", "accepted", PERSON, ANN, *IN_SPRING)

    assert "Refused" in running.refused(3, "recipients", "assign", PERSON, BOB, *IN_SPRING)


@pytest.mark.parametrize(("outcome", "sent"), [("accepted", 1), ("unknown", 1), ("refused", 0)])
def test_a_send_is_recorded_with_its_outcome(running: Keyboard, outcome: str, sent: int) -> None:
    assert told(running, "sends", outcome, PERSON, ANN)["emails_received"] == sent


@pytest.mark.parametrize(
    ("fault", "status"), [("recipient", "bounced"), ("other", "failed"), ("temporary", "pending")]
)
def test_a_refusal_ends_the_sequence_unless_it_is_temporary(
    running: Keyboard, fault: str, status: str
) -> None:
    assert told(running, "sends", "refused", PERSON, ANN, "--fault", fault)["status"] == status


def test_a_recipient_may_be_named_by_id(running: Keyboard) -> None:
    recipient = running.id_of(PERSON)

    assert told(running, "sends", "accepted", recipient, ANN)["recipient_id"] == recipient


def test_what_the_law_refuses_records_nothing(running: Keyboard) -> None:
    """P3: a reservation that is refused leaves no outcome either."""
    running.do("campaigns", "pause", SPRING)

    complaint = running.refused(3, "sends", "accepted", PERSON, ANN, *IN_SPRING, "--json")

    assert json.loads(complaint)["error"]["code"] == "campaign_not_running"
    (spring,) = running.json("recipients", "show", PERSON)["campaigns"]
    assert (spring["status"], spring["emails_received"]) == ("pending", 0)


@pytest.mark.parametrize("signal", ["replied", "bounced", "unsubscribed", "finished"])
def test_what_came_back_ends_the_sequence(running: Keyboard, signal: str) -> None:
    running.do("sends", "accepted", PERSON, ANN, *IN_SPRING)

    said = running.do("recipients", signal, PERSON, *IN_SPRING)

    assert f"is {signal} in {SPRING}" in said


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (4, ("sends", "accepted", "q@example.com", ANN, *IN_SPRING), "q@example.com"),
        (4, ("sends", "accepted", PERSON, "an@acme.test", *IN_SPRING), f"Did you mean {ANN}"),
        (4, ("recipients", "replied", PERSON, "--campaign", "sprung"), f"Did you mean {SPRING}"),
        (2, ("sends", "refused", PERSON, ANN, *IN_SPRING, "--fault", "moon"), "moon"),
        (2, ("accounts", "check", ANN, "--result", "moon"), "expected passes"),
    ],
)
def test_what_cannot_be_recorded_is_told(
    running: Keyboard, code: int, words: tuple[str, ...], said: str
) -> None:
    assert said in running.refused(code, *words)


def test_a_background_check_tells_what_it_found(running: Keyboard) -> None:
    """C2."""
    well = running.do("accounts", "check", ANN)
    slower = running.do("accounts", "check", ANN, "--result", "throttled")
    failed = running.do("accounts", "check", ANN, "--result", "auth_revoked")

    assert well == f"The check passed. Connection Status of {ANN}: successful."
    assert slower == f"The check found throttled. Connection Status of {ANN}: successful."
    assert failed.startswith(
        f"The check found auth_revoked. Connection Status of {ANN}: failed. The permission"
    )


def test_a_background_check_that_passes_cures(running: Keyboard) -> None:
    """C5."""
    failed = running.json("accounts", "check", ANN, "--result", "auth_revoked")["account"]
    cured = running.json("accounts", "check", ANN)["account"]

    assert (failed["status"], cured["status"]) == ("failed", "successful")
