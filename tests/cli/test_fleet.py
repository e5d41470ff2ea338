"""A fleet at once: previewed, done one by one, reported; nothing resumes what a user paused."""

import json
import signal
from typing import Any

import pytest

from tests.cli.keyboard import IN_A_FILE, Keyboard, people_file, spawn
from tests.law.story import ANN, BOB, CLEO, SPRING, create, hear_from, start
from tests.worker.processes import eventually

RESUME_ALL = "Don't forget to resume all your campaigns! sendledger campaigns resume --waiting"


def contacted(keyboard: Keyboard, count: int = 2, *more: str) -> None:
    """A running campaign of Ann and Bob and others of Ann alone; Ann wrote to so many of it."""
    keyboard.campaign(people_file(keyboard.folder / "p.csv", count + 1))
    heard = [str(keyboard.id_of(f"p{n}@example.com")) for n in range(count)]
    keyboard.behind(*hear_from(ANN, *heard))
    for name in more:
        keyboard.do("campaigns", "create", name, "--from", ANN)
        keyboard.do("campaigns", "import", name, keyboard.folder / "p.csv")
        keyboard.do("campaigns", "start", name)


def statuses(keyboard: Keyboard) -> dict[str, str]:
    return {e["campaign_id"]: e["status"] for e in keyboard.json("campaigns")["campaigns"]}


def names(steps: list[dict[str, Any]], key: str = "campaign_id") -> list[str]:
    return [each[key] for each in steps]


def left_out(told: Any) -> dict[str, str]:
    return {each["name"]: each["code"] for each in told["preview"]["left_out"]}


@pytest.mark.rule("R1", "C5")
def test_every_failed_account_is_reconnected_after_a_preview(keyboard: Keyboard) -> None:
    contacted(keyboard)
    keyboard.do("accounts", "connect", "s3", CLEO)
    for account in (ANN, BOB):
        keyboard.do("accounts", "test", account, "--result", "auth_revoked")

    preview = keyboard.do("accounts", "reconnect", "--failed", "--preview")
    assert f"{ANN}: One-Click Reconnect, every setting stays; 2 recipients at stake" in preview
    assert f"to be resumed afterwards: {SPRING}." in preview
    assert CLEO not in preview
    declined = keyboard.type("accounts", "reconnect", "--failed", answer="n\n")
    assert (declined.code, "Nothing was changed." in declined.complaint) == (1, True)

    told = keyboard.do("accounts", "reconnect", "--failed", answer="y\n")
    assert f"{ANN}: reconnected. {BOB}: reconnected. 2 of 2 reconnected. {RESUME_ALL}" in told
    assert statuses(keyboard) == {SPRING: "paused"}, "P2: resuming is the user's act"
    again = keyboard.json("accounts", "reconnect", "--failed", "--yes")
    assert again == {"preview": {"steps": [], "left_out": []}, "done": []}
    assert "Nothing is to be reconnected." in keyboard.do("accounts", "reconnect", "--failed")


@pytest.mark.rule("R2")
def test_one_that_is_refused_stops_none_of_the_others(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    for account in (ANN, BOB):
        keyboard.do("accounts", "test", account, "--result", "auth_revoked")

    ran = keyboard.type(
        *("accounts", "reconnect", "--failed", "--yes", "--json", "--result", "still_failing")
    )

    assert ran.code == 1
    done = json.loads(ran.output)["done"]
    assert names(done, "name") == [ANN, BOB]
    assert {each["refusal"]["reason"] for each in done} == {"still_failing"}


@pytest.mark.rule("P2", "P3")
def test_what_waits_is_resumed_and_what_a_user_paused_or_something_keeps_is_not(
    keyboard: Keyboard,
) -> None:
    contacted(keyboard, 2, "hers", "both")
    keyboard.do("accounts", "connect", "s3", CLEO)
    keyboard.do("campaigns", "create", "cleo", "--from", CLEO)
    keyboard.do("campaigns", "create", "slot", "--slot", "s1")
    for name in ("cleo", "slot"):
        keyboard.do("campaigns", "start", name)
    keyboard.do("campaigns", "pause", "both")
    for account in (ANN, CLEO):
        keyboard.do("accounts", "test", account, "--result", "auth_revoked")
    keyboard.do("accounts", "reconnect", ANN)

    preview = keyboard.json("campaigns", "resume", "--waiting", "--preview")
    assert preview["done"] is None
    assert names(preview["preview"]["steps"]) == ["hers", "slot", SPRING]
    assert preview["preview"]["steps"][2]["go_on"] == 3
    assert left_out(preview) == {"both": "paused_by_user", "cleo": "pause_cause_holds"}
    shown = keyboard.do("campaigns", "resume", "--waiting", "--preview")
    assert f"{SPRING}: 3 recipients go on." in shown
    assert "both: Campaign both was paused by a user" in shown

    told = keyboard.do("campaigns", "resume", "--waiting", "--yes")
    assert "3 of 3 resumed." in told
    assert statuses(keyboard) == {
        "both": "paused",
        "cleo": "paused",
        "hers": "running",
        "slot": "running",
        SPRING: "running",
    }
    assert keyboard.json("campaigns", "resume", "--waiting", "--yes")["done"] == []


@pytest.mark.rule("P3", "T4", "S10")
def test_while_an_hour_runs_nothing_is_resumed_without_the_account(keyboard: Keyboard) -> None:
    contacted(keyboard, 2, "hers")
    keyboard.do("accounts", "disconnect", ANN, "--yes")

    told = keyboard.json("campaigns", "resume", "--waiting", "--yes")

    assert told["done"] == []
    assert left_out(told) == {"hers": "sender_missing", SPRING: "sender_missing"}


@pytest.mark.rule("T2", "T4")
def test_a_disconnected_account_is_re_added_to_every_campaign_that_lost_it(
    keyboard: Keyboard,
) -> None:
    contacted(keyboard, 2, "hers")
    said = keyboard.do("accounts", "disconnect", ANN, "--yes")
    assert "Campaigns that have lost it from FROM EMAIL:" in said
    assert f"{SPRING}: re-added until 20" in said
    assert "2 recipients keep it as sender." in said
    assert said.endswith(
        f"sendledger accounts connect s1 {ANN}, then sendledger accounts readd {ANN}"
    )
    too_early = keyboard.json("accounts", "readd", ANN, "--yes")
    assert left_out(too_early) == {"hers": "sender_not_connected", SPRING: "sender_not_connected"}
    fleet = keyboard.json("accounts", "reconnect", "--failed", "--preview")
    assert left_out(fleet) == {ANN: "disconnected"}

    back = keyboard.do("accounts", "connect", "s1", ANN)
    assert "hers: re-added until 20" in back
    assert back.endswith(f"To re-add it to them: sendledger accounts readd {ANN}")
    keyboard.do("campaigns", "senders", "add", "hers", ANN)
    preview = keyboard.json("accounts", "readd", ANN, "--preview")["preview"]
    assert [(e["campaign_id"], e["kept"], e["expired"]) for e in preview["steps"]] == [
        (SPRING, 2, False)
    ]
    told = keyboard.do("accounts", "readd", ANN, "--yes")
    assert f"{SPRING}: re-added. 1 of 1 re-added. {RESUME_ALL}" in told
    assert {each["outcome"] for each in keyboard.json("clocks")["clocks"]} == {"cured"}
    assert names(keyboard.json("campaigns", "resume", "--waiting", "--yes")["done"], "name") == [
        "hers",
        SPRING,
    ]


@pytest.mark.rule("T3")
def test_another_account_in_the_slot_says_which_campaigns_use_it(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("campaigns", "create", "solo", "--slot", "s1")
    keyboard.do("campaigns", "start", "solo")
    keyboard.do("accounts", "disconnect", ANN, "--yes")

    said = keyboard.do("accounts", "connect", "s1", CLEO)

    assert said == (
        f"{CLEO} is connected in slot s1. Campaigns that send from s1 use the new connection: "
        f"solo. {RESUME_ALL}"
    )
    assert keyboard.json("campaigns", "resume", "--waiting", "--yes")["done"] == [
        {"name": "solo", "refusal": None}
    ]


@pytest.mark.rule("T5")
def test_too_late_it_is_re_added_only_if_that_is_said(
    keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SENDLEDGER_GRACE_PERIOD", "0.001")
    contacted(keyboard)
    keyboard.do("accounts", "disconnect", ANN, "--yes")

    back = keyboard.json("accounts", "connect", "s1", ANN)
    (lost,) = back["lost"]
    assert (lost["campaign_id"], lost["expired"], lost["kept"], lost["free"]) == (
        *(SPRING, True, 0),
        1,
    )
    told = keyboard.json("accounts", "readd", ANN, "--yes")
    assert (told["done"], left_out(told)) == ([], {SPRING: "expired"})
    shown = keyboard.do("accounts", "readd", ANN, "--expired", "--preview")
    assert "it takes only those who received nothing (1 recipient)." in shown
    done = keyboard.json("accounts", "readd", ANN, "--expired", "--yes")["done"]
    assert done == [{"name": SPRING, "refusal": None}]
    assert keyboard.json("campaigns", "show", SPRING)["recipients"]["campaign_stopped"] == 2


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("accounts", "reconnect"), "Name an account; or --failed"),
        (("accounts", "reconnect", ANN, "--failed"), "Name an account; or --failed"),
        (("accounts", "reconnect", ANN, "--preview"), "Name an account; or --failed"),
        (("campaigns", "resume"), "Name a campaign; or --waiting"),
        (("campaigns", "resume", SPRING, "--waiting"), "Name a campaign; or --waiting"),
        (("campaigns", "resume", "--waiting", "--without", ANN), "Name a campaign; or --waiting"),
    ],
)
def test_one_or_all_has_to_be_said(keyboard: Keyboard, words: tuple[str, ...], said: str) -> None:
    keyboard.two_accounts()

    assert said in keyboard.refused(2, *words)


def test_a_program_has_to_agree_beforehand(keyboard: Keyboard) -> None:
    keyboard.two_accounts()
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")

    complaint = keyboard.refused(1, "accounts", "reconnect", "--failed", "--json")

    assert json.loads(complaint)["error"]["code"] == "not_confirmed"


MANY = 150


@pytest.mark.rule("P2")
@pytest.mark.kills
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGKILL], ids=lambda each: each.name)
@IN_A_FILE
def test_what_was_interrupted_is_finished_by_the_same_again(
    keyboard: Keyboard, stop: signal.Signals
) -> None:
    keyboard.two_accounts()
    campaigns = [f"c{number:03}" for number in range(MANY)]
    keyboard.behind(
        *(create(ANN, campaign=each) for each in campaigns), *(start(each) for each in campaigns)
    )
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")
    keyboard.do("accounts", "reconnect", ANN)

    process = spawn("campaigns", "resume", "--waiting", "--yes", "--store", keyboard.store)
    eventually(lambda: resumed(keyboard) > 3 or process.poll() is not None)
    process.send_signal(stop)
    output, _ = process.communicate(timeout=30)

    done = resumed(keyboard)
    assert 3 < done < MANY
    if stop is signal.SIGINT:
        assert process.returncode == 130
        said = [f"{number} of {MANY} resumed." for number in (done, done - 1)]
        assert any(each in output for each in said), "all but the one that was being done"
    rest = keyboard.json("campaigns", "resume", "--waiting", "--yes")["done"]
    assert len(rest) == MANY - done
    assert resumed(keyboard) == MANY


def resumed(keyboard: Keyboard) -> int:
    return sum(status == "running" for status in statuses(keyboard).values())
