"""Why nothing is sent now, until when, and how much was sent today, at the keyboard."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from events.sequence import Window
from events.vocabulary import RecipientStatus, RefusalFault, Settings
from tests.cli.keyboard import IN_A_FILE, Keyboard, people_file
from tests.law.story import (
    ANN,
    DAY,
    NO_GAP,
    SPRING,
    STEPS,
    accepted,
    create,
    message,
    refused,
    reserve_step,
    set_sequence,
    signal,
    update_settings,
)


def planned(keyboard: Keyboard, people: int = 2, settings: Settings = NO_GAP, **told: Any) -> None:
    """A running campaign of Ann's that sends by itself."""
    keyboard.do("accounts", "connect", "s1", ANN)
    keyboard.behind(update_settings(ANN, settings), create(ANN, to=()))
    keyboard.do("campaigns", "import", SPRING, people_file(keyboard.folder / "p.csv", people))
    keyboard.behind(set_sequence(**told))
    keyboard.do("campaigns", "start", SPRING)


def person(keyboard: Keyboard, number: int = 0) -> str:
    return str(keyboard.id_of(f"p{number}@example.com"))


def send(keyboard: Keyboard, *numbers: int) -> None:
    """They received the first step."""
    for recipient in [person(keyboard, number) for number in numbers]:
        sent = reserve_step(ANN, recipient), accepted(recipient, message(recipient))
        keyboard.behind(*sent)


def reasons(keyboard: Keyboard) -> dict[str, int]:
    return {each["reason"]: each["recipients"] for each in keyboard.json("status")["waits"]}


def wait_of(keyboard: Keyboard, number: int = 0) -> Any:
    """As the list has it; `why` says the same."""
    found = keyboard.json("recipients", "list", "--campaign", SPRING)["recipients"]
    (listed,) = (each for each in found if each["recipient_id"] == person(keyboard, number))
    told = keyboard.json("recipients", "why", person(keyboard, number))["not_before"]
    assert (told or {}).get("reason") == (listed["not_before"] or {}).get("reason")
    return listed["not_before"]


def moment(told: str) -> datetime:
    return datetime.fromisoformat(told)


@pytest.mark.rule("F3", "M3", "M4")
def test_status_and_why_say_for_every_recipient_why_not_now_and_when_that_ends(
    keyboard: Keyboard,
) -> None:
    planned(keyboard, 3)
    send(keyboard, 0)

    assert reasons(keyboard) == {"delay": 1, "turn": 2}
    delay = wait_of(keyboard)
    assert 3 * DAY - timedelta(minutes=5) < moment(delay["at"]) - datetime.now(UTC) < 3 * DAY
    said = keyboard.do("status")
    assert f"{SPRING}: 1 recipient waits: the time since the message before" in said
    why = keyboard.do("recipients", "why", "p0@example.com")
    assert (
        "now: the time since the message before, or before another try, is not over, until 2" in why
    )
    assert " (turn)" in keyboard.do("recipients", "list", "--campaign", SPRING)

    keyboard.do("campaigns", "pause", SPRING)
    assert reasons(keyboard) == {"paused": 3}
    assert wait_of(keyboard) == {"at": None, "reason": "paused"}
    assert (
        "3 recipients wait: the campaign is not running, until somebody starts or resumes it."
        in (keyboard.do("status"))
    )
    keyboard.do("recipients", "replied", "p0@example.com", "--campaign", SPRING)
    assert wait_of(keyboard) is None


@IN_A_FILE
@pytest.mark.rule("M3")
def test_limits_gaps_and_windows_are_told_with_their_end(keyboard: Keyboard) -> None:
    planned(keyboard, 4, Settings(sending_speed=2, limits={"gap": 3_600}), daily_limit=100)
    assert reasons(keyboard) == {"turn": 4}
    send(keyboard, 0)
    assert reasons(keyboard) == {"delay": 1, "gap": 3}
    gap = wait_of(keyboard, 1)
    assert moment(gap["at"]) - datetime.now(UTC) < timedelta(hours=1)

    pace = keyboard.json("accounts", "show", ANN)["account"]["pace"]
    assert (pace["used"], pace["limit"], pace["zone"], pace["gap"]) == (1, 2, "UTC", 3_600)
    assert (pace["reason"], pace["next_at"]) == ("gap", gap["at"])
    assert "Sent: 1 of 2 today (UTC), next at 2" in keyboard.do("accounts", "show", ANN)
    keyboard.do("accounts", "settings", ANN, "--limit", "gap=0")
    send(keyboard, 1)
    assert reasons(keyboard) == {"delay": 2, "limit": 2}
    full = keyboard.do("accounts", "show", ANN, "--zone", "Europe/Berlin")
    assert "2 of 2 today (UTC), next at 2" in full
    assert "(limit), gap 0 s." in full
    today = keyboard.json("campaigns", "show", SPRING)["pace"]
    assert today == {"used": 2, "limit": 100, "zone": "UTC"}
    assert "Sent: 2 today (UTC), limit 100." in keyboard.do("campaigns", "show", SPRING)

    yesterday = (datetime.now(UTC) - DAY).strftime("%a").lower()
    keyboard.do("accounts", "settings", ANN, "--sending-speed", "100")
    keyboard.behind(set_sequence(window=Window(days=(yesterday,)), daily_limit=100))
    assert reasons(keyboard) == {"window": 4}
    assert "the campaign's window is closed, until 2" in keyboard.do("status")


@IN_A_FILE
@pytest.mark.rule("M6")
def test_a_fenced_store_says_so_of_everybody(keyboard: Keyboard) -> None:
    planned(keyboard)
    with keyboard.opened() as opened:
        opened.fence.close("it came from a backup")

    assert reasons(keyboard) == {"fence": 2}
    assert wait_of(keyboard, 1) == {"at": None, "reason": "fence"}
    assert "the store is fenced, until somebody reconciles it." in keyboard.do("status")
    assert "Nothing is sent to Person 1 now: the store is fenced" in keyboard.do(
        "recipients", "why", "p1@example.com"
    )


@IN_A_FILE
@pytest.mark.rule("M4")
def test_a_follow_up_waits_for_the_inbox(keyboard: Keyboard) -> None:
    planned(keyboard)
    send(keyboard, 0)
    at_once = [STEPS[0], *(each.model_copy(update={"after": 0 * DAY}) for each in STEPS[1:])]
    keyboard.behind(set_sequence(*at_once))

    assert reasons(keyboard) == {"freshness": 1, "turn": 1}
    assert "the sender's inbox has to be read first." in keyboard.do("status")


@IN_A_FILE
@pytest.mark.rule("M8")
def test_a_throttled_account_says_until_when(keyboard: Keyboard) -> None:
    planned(keyboard)
    recipient = person(keyboard)
    limit = refused(recipient, message(recipient), RefusalFault.LIMIT)
    keyboard.behind(reserve_step(ANN, recipient), limit)

    pace = keyboard.json("accounts", "show", ANN)["account"]["pace"]
    assert (pace["used"], pace["reason"]) == (0, "hold")
    left = moment(pace["next_at"]) - datetime.now(UTC)
    assert timedelta(minutes=55) < left <= timedelta(hours=1)
    assert reasons(keyboard) == {"hold": 2}


@IN_A_FILE
@pytest.mark.rule("M8")
def test_a_campaign_that_bounced_too_much_goes_on_when_a_person_resumes_it_by_name(
    keyboard: Keyboard,
) -> None:
    planned(keyboard, 51, Settings(sending_speed=1_000, limits={"gap": 0}))
    people = [person(keyboard, number) for number in range(50)]
    send(keyboard, *range(50))
    keyboard.behind(*signal(RecipientStatus.BOUNCED, *people[:3]))

    shown = keyboard.json("campaigns", "show", SPRING)
    assert [each["code"] for each in shown["not_sending"]] == ["too_many_bounces"]
    assert keyboard.json("status")["waiting"] == []
    told = keyboard.json("campaigns", "resume", "--waiting", "--yes")
    assert [each["code"] for each in told["preview"]["left_out"]] == ["too_many_bounces"]
    declined = keyboard.type("campaigns", "resume", SPRING, answer="n\n")
    assert f"3 of 50 messages of {SPRING} bounced. Go on all the same?" in declined.complaint
    error = json.loads(keyboard.refused(1, "campaigns", "resume", SPRING, "--json"))["error"]
    assert error["code"] == "not_confirmed"
    resumed = keyboard.json("campaigns", "resume", SPRING, "--yes")
    assert resumed["campaign"]["status"] == "running"
