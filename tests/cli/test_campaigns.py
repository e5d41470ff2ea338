"""Creating, starting, pausing, resuming and changing campaigns at the keyboard."""

import pytest

from tests.cli.keyboard import Keyboard, people_file
from tests.law.story import ANN, BOB, SPRING, hear_from


def heard_from_ann(keyboard: Keyboard, count: int) -> None:
    """A running campaign; so many recipients received an email from Ann."""
    keyboard.campaign(people_file(keyboard.folder / "p.csv", count + 1))
    heard = [str(keyboard.id_of(f"p{n}@example.com")) for n in range(count)]
    keyboard.behind(*hear_from(ANN, *heard))


def test_both_kinds_are_created_and_listed_in_pages(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    created = keyboard.json("campaigns", "create", SPRING, "--from", ANN.upper(), "--from", BOB)
    keyboard.do("campaigns", "create", "solo", "--slot", "s1")
    keyboard.do("campaigns", "start", "solo")

    assert created["campaign"]["from_email"] == [ANN, BOB]
    drafts = keyboard.json("campaigns", "list", "--status", "draft")
    assert [each["campaign_id"] for each in drafts["campaigns"]] == [SPRING]
    assert list(drafts) == ["campaigns", "waiting", "total"]
    second = keyboard.json("campaigns", "list", "--limit", 1, "--offset", 1)
    assert (len(second["campaigns"]), second["total"]) == (1, 2)
    shown = keyboard.json("campaigns", "show", SPRING)
    assert list(shown) == ["campaign", "recipients", "not_sending", "clocks"]
    assert shown["not_sending"][0]["code"] == "never_started"


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, ("create", "x"), "either --from, once or more, or --slot"),
        (2, ("create", "x", "--from", ANN, "--slot", "s1"), "either --from"),
        (4, ("create", "x", "--from", "an@acme.test"), f"Did you mean {ANN}"),
        (3, ("create", "x", "--slot", "s9"), "Refused (unknown_slot)"),
        (3, ("create", SPRING, "--from", ANN), "Refused (name_taken)"),
        (3, ("start", SPRING), "Refused (already_running)"),
        (4, ("start", "sprung"), f"Did you mean {SPRING}"),
        (4, ("show", "sprung"), f"Did you mean {SPRING}"),
        (4, ("import", "sprung", "p.csv"), f"Did you mean {SPRING}"),
        (4, ("senders", "remove", SPRING, "an@acme.test", "--yes"), f"Did you mean {ANN}"),
        (3, ("senders", "add", SPRING, ANN), "Refused (already_in_campaign)"),
        (2, ("list", "--status", "asleep"), "asleep"),
    ],
)
def test_what_cannot_be_done_is_told(
    keyboard: Keyboard, code: int, words: tuple[str, ...], said: str
) -> None:
    keyboard.campaign()

    assert said in keyboard.refused(code, "campaigns", *words)


def test_while_an_hour_runs_resuming_needs_a_choice(keyboard: Keyboard) -> None:
    heard_from_ann(keyboard, 2)
    keyboard.do("accounts", "disconnect", ANN, "--yes")

    complaint = keyboard.refused(3, "campaigns", "resume", SPRING)
    assert f"{ANN}: 2 recipients at stake until 20" in complaint
    assert f"To keep them: sendledger campaigns senders add {SPRING} {ANN}" in complaint
    assert f"sendledger campaigns resume {SPRING} --without {ANN}" in complaint
    assert "Refused (sender_missing)" in complaint
    reasons = keyboard.json("campaigns", "show", SPRING)["not_sending"]
    assert [each["code"] for each in reasons] == ["hour_running"]

    resumed = keyboard.json("campaigns", "resume", SPRING, "--without", ANN)
    assert resumed["campaign"]["status"] == "running"


def test_adding_within_the_hour_cures(keyboard: Keyboard) -> None:
    heard_from_ann(keyboard, 1)
    keyboard.do("accounts", "disconnect", ANN, "--yes")
    keyboard.do("accounts", "connect", "s1", ANN)

    assert keyboard.json("campaigns", "senders", "add", SPRING, ANN)["cured"] is True
    assert keyboard.json("clocks")["clocks"][0]["outcome"] == "cured"


def test_removing_a_sender_shows_whom_it_holds_and_asks(keyboard: Keyboard) -> None:
    heard_from_ann(keyboard, 2)

    declined = keyboard.type("campaigns", "senders", "remove", SPRING, ANN, answer="n\n")
    assert declined.code == 1
    assert "2 contacted recipients are held" in declined.output
    removed = keyboard.json("campaigns", "senders", "remove", SPRING, ANN, "--yes")
    assert removed == {"campaign_id": SPRING, "account_id": ANN, "held": 2}
    senders = keyboard.json("campaigns", "senders", "list", SPRING)["senders"]
    assert [(each["account_id"], each["listed"], each["contacted"]) for each in senders] == [
        (ANN, False, 2),
        (BOB, True, 0),
    ]
    held = keyboard.json("recipients", "list", "--campaign", SPRING, "--status", "held")
    assert held["total"] == 2


def test_status_tells_what_needs_a_human(keyboard: Keyboard) -> None:
    heard_from_ann(keyboard, 2)
    assert keyboard.do("status") == "Nothing needs you now."
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")

    told = keyboard.json("status")
    keys = "at fenced stopped_projections clocks waiting not_sending undelivered_notices"
    assert " ".join(told) == keys
    (clock,) = told["clocks"]
    assert (clock["at_stake"], clock["cheapest_cure"]) == (2, f"One-Click Reconnect {ANN}")
    assert 0 < 9 * 86_400 - clock["seconds_left"] < 600
    assert told["not_sending"][0]["reasons"][0]["code"] == "pause_cause_holds"
    assert told["undelivered_notices"][0]["kind"] == "failure"
    said = keyboard.do("status")
    assert "in 8 d 23:5" in said
    assert "1 notice to owners not delivered: set outbox or notice_relay, and run a worker." in said

    keyboard.do("accounts", "reconnect", ANN)
    assert keyboard.json("status")["waiting"] == [SPRING]
    keyboard.do("campaigns", "resume", SPRING)
    keyboard.do("campaigns", "pause", SPRING)
    (paused,) = keyboard.json("status")["not_sending"]
    assert [each["code"] for each in paused["reasons"]] == ["paused_by_user"]


def test_timers_and_roster_can_be_derived_anew(keyboard: Keyboard) -> None:
    heard_from_ann(keyboard, 1)
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")
    before = keyboard.json("clocks")

    assert keyboard.json("reindex")["timers"] > 0
    assert keyboard.json("clocks") == before


def test_what_is_so_already_is_told_alike(keyboard: Keyboard) -> None:
    """A second resume and a second pause change nothing, and say so."""
    keyboard.two_accounts()
    keyboard.do("campaigns", "create", SPRING, "--from", ANN)
    keyboard.do("campaigns", "start", SPRING)
    resumed = keyboard.do("campaigns", "resume", SPRING)
    assert f"{SPRING} runs already; nothing was changed." in resumed
    assert f"{SPRING} is paused." in keyboard.do("campaigns", "pause", SPRING)
    again = keyboard.do("campaigns", "pause", SPRING)
    assert f"{SPRING} was paused already; nothing was changed." in again
