"""Connecting, testing, repairing and disconnecting at the keyboard."""

import json
from contextlib import closing
from datetime import UTC, datetime

import pytest

from adapters.settings.loading import load_settings
from adapters.stores.opening import open_store
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from engine.ports.check_schedule import ScheduledCheck
from tests.cli.keyboard import Keyboard, people_file
from tests.law.story import ANN, BOB, SPRING, hear_from


def test_an_account_is_connected_under_its_normalised_address(keyboard: Keyboard) -> None:
    told = keyboard.json("accounts", "connect", "s1", f"  {ANN.upper()} ", "--limit", "daily=40")

    assert told["account"]["account_id"] == ANN
    assert list(told["account"]) == [
        "account_id",
        "status",
        "slot_id",
        "since",
        "reason",
        "deadline_at",
    ]
    shown = keyboard.json("accounts", "show", ANN.upper())
    assert list(shown) == ["account", "campaigns", "clocks"]
    assert shown["account"]["settings"]["limits"] == {"daily": 40}
    assert shown["account"]["provider"] == "simulated"
    assert shown["account"]["background_check"] is None


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, ("connect", "s1", "no address"), "is no email address"),
        (2, ("connect", "s1", ANN, "--provider", "gmail"), "there are simulated, imap"),
        (2, ("connect", "s1", ANN, "--limit", "daily"), "Expected NAME=VALUE"),
        (2, ("connect", "s1", ANN, "--limit", "daily=x"), "Expected a whole number"),
        (3, ("connect", "s3", ANN), "Refused (already_connected)"),
        (3, ("connect", "s1", "cleo@acme.test"), "Refused (slot_occupied)"),
        (3, ("connect", "s3", "cleo@acme.test", "--result", "still_failing"), "(still_failing)"),
        (2, ("test", ANN, "--result", "sunshine"), "expected passes, auth_bad_credentials"),
        (3, ("reconnect", ANN, "--result", "insufficient_scope"), "Tick the box"),
        (4, ("show", "an@acme.test"), f"Did you mean {ANN}"),
        (4, ("test", "an@acme.test"), f"Did you mean {ANN}"),
        (4, ("disconnect", "an@acme.test", "--yes"), f"Did you mean {ANN}"),
    ],
)
def test_what_cannot_be_done_is_told(
    keyboard: Keyboard, code: int, words: tuple[str, ...], said: str
) -> None:
    keyboard.two_accounts()

    assert said in keyboard.refused(code, "accounts", *words)


def test_a_failed_test_says_why_and_one_click_repairs(keyboard: Keyboard) -> None:
    keyboard.campaign()

    assert f"Connection Status of {ANN}: failed." in keyboard.do(
        "accounts", "test", ANN, "--result", "auth_revoked"
    )
    assert keyboard.json("accounts", "list")["accounts"][0]["deadline_at"]
    told = keyboard.do("accounts", "reconnect", ANN)

    assert f"Waiting to be resumed: {SPRING}." in told
    assert keyboard.json("accounts")["accounts"][0]["status"] == "successful"


def test_settings_are_shown_and_only_the_named_ones_set(keyboard: Keyboard) -> None:
    keyboard.do("accounts", "connect", "s1", ANN, "--signature", "Ann", "--sending-speed", 7)
    keyboard.do("accounts", "settings", ANN, "--sender-name", "Ann of Acme")

    settings = keyboard.json("accounts", "settings", ANN)["settings"]
    assert (settings["signature"], settings["sending_speed"]) == ("Ann", 7)
    assert settings["sender_name"] == "Ann of Acme"


def test_before_a_disconnect_the_consequences_stand_on_the_screen(keyboard: Keyboard) -> None:
    people = people_file(keyboard.folder / "p.csv", 3)
    keyboard.campaign(people)
    keyboard.do("campaigns", "create", "solo", "--slot", "s1")
    keyboard.do("campaigns", "start", "solo")
    heard = [str(keyboard.id_of(f"p{n}@example.com")) for n in range(2)]
    keyboard.behind(*hear_from(ANN, *heard))
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")

    preview = keyboard.json("accounts", "disconnect", ANN, "--preview")
    declined = keyboard.type("accounts", "disconnect", ANN, answer="n\n")

    assert preview["disconnected"] is False
    (spring,) = preview["preview"]["rotation_campaigns"]
    assert (spring["campaign_id"], spring["at_stake"]) == (SPRING, 2)
    assert spring["shrinks_from"] > spring["deadline_at"]
    assert preview["preview"]["cheaper"] == f"sendledger accounts reconnect {ANN}"
    assert declined.code == 1
    assert "2 recipients will be Campaign Stopped, for good" in " ".join(declined.output.split())
    assert "gives way to it" in " ".join(declined.output.split())
    assert "Nothing was changed." in declined.complaint
    assert keyboard.json("accounts")["accounts"][0]["status"] == "failed"
    keyboard.do("accounts", "disconnect", ANN, answer="y\n")
    assert keyboard.json("clocks")["clocks"][-1]["at_stake"] == 2


def test_single_sender_campaigns_that_pause_are_in_the_preview(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("campaigns", "create", "solo", "--slot", "s1")
    keyboard.do("campaigns", "start", "solo")

    told = keyboard.json("accounts", "disconnect", ANN, "--yes")

    assert told["disconnected"] is True
    assert told["preview"]["single_sender_campaigns_that_pause"] == ["solo"]
    assert told["preview"]["rotation_campaigns"] == []
    assert "not_connected" in keyboard.refused(3, "accounts", "disconnect", ANN, "--yes")


def test_options_before_the_command_are_not_lost_in_silence(keyboard: Keyboard) -> None:
    keyboard.two_accounts()

    complaint = keyboard.refused(2, "accounts", "--json", "show", BOB)

    assert json.loads(complaint)["error"]["message"] == "Write --json after `show`."


def test_an_account_is_shown_with_its_background_checks(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    due = datetime(2026, 3, 2, 12, tzinfo=UTC)
    check = ScheduledCheck("main", ANN, due, server="imap.acme.test")
    with closing(open_store(load_settings(store=keyboard.store))) as opened:
        schedule = StoredCheckSchedule(opened.beside)
        schedule.add([check])
        assert "Not checked in the background yet; the next comes at 2026-03-02 12:00:00" in (
            keyboard.do("accounts", "show", ANN)
        )
        schedule.settle([check._replace(checked_at=due, tries=2, found="throttled")])
    told = keyboard.do("accounts", "show", ANN)
    assert "failed: the mail server asked for a slower pace" in told
    shown = keyboard.json("accounts", "show", ANN)["account"]["background_check"]
    assert shown == {
        "checked_at": "2026-03-02T12:00:00Z",
        "found": "throttled",
        "tries": 2,
        "next_at": "2026-03-02T12:00:00Z",
    }
