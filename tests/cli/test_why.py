"""``recipients why``: what a support person reads out, and on which events it rests."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from typer.testing import CliRunner

from adapters.cli.why import why
from adapters.screen.program import group
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.directory import SQLiteDirectory
from aggregates.command import DEFAULT_POLICY, Policy
from engine.ports.clock import ManualClock
from engine.work.ports import Person
from events.vocabulary import RefusalFault
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOLD_SENDER,
    HOUR,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    REPLIED,
    SLOTS,
    SOLO,
    SPRING,
    UNREACHABLE,
    accepted,
    add_sender,
    attempt_notice,
    connect,
    create,
    create_single,
    disconnect,
    fail,
    hear_from,
    incident,
    one_click,
    out_of_office,
    pause,
    refused,
    remove_sender,
    reserve,
    resume,
    signal,
    start,
    unknown,
)
from tests.workplace import ACME, Workplace, much_happens

LONG_AGO, LONG_AHEAD = NOON.replace(year=2020), NOON.replace(year=2926)
"""On either side of the clock on the wall, by which the command goes."""
app = group()
app.command()(why)


class Told(NamedTuple):
    """The command's answer as JSON."""

    told: dict[str, Any]

    def section(self, name: str) -> list[str]:
        return [each["text"] for each in self.told["sentences"] if each["section"] == name]

    def position(self, part: str) -> int:
        """Of the one sentence with these words."""
        (found,) = (each for each in self.told["sentences"] if part in each["text"])
        return int(found["position"])

    def says(self, section: str, *parts: str) -> None:
        text = " ".join(self.section(section))
        for part in parts:
            assert part in text, f"{part!r} is not in {text!r}"

    def events(self) -> list[str]:
        return [each["event"] for each in self.told["sentences"]]


class Desk:
    """A store file, told command by command, and the support person in front of it."""

    def __init__(self, path: Path, policy: Policy = DEFAULT_POLICY) -> None:
        self.path = path
        clock = ManualClock(NOON)
        self.workplace = Workplace(SQLiteStore(path, clock), clock, policy)

    def running(self) -> "Desk":
        """A rotation campaign, and R1 and R2 heard from Ann."""
        self.workplace.given(
            *(connect(each) for each in (ANN, BOB)),
            create(ANN, BOB),
            start(),
            hear_from(ANN, R1, R2),
        )
        return self

    def ask(self, recipient: str, campaign: str = SPRING) -> Told:
        ran = self.type(recipient, "--campaign", campaign, "--json")
        assert ran.exit_code == 0, ran.stderr
        return Told(json.loads(ran.stdout))

    def type(self, *words: str) -> Any:
        where = ("--store", str(self.path), "--workspace", ACME)
        return CliRunner().invoke(app, [*words, *where], catch_exceptions=False)

    def positions(self, told: Told) -> None:
        """Every sentence stands on the event it names."""
        log = {each.position: each for each in self.workplace.log}
        for sentence in told.told["sentences"]:
            recorded = log[sentence["position"]]
            assert sentence["event"] == type(recorded.event).__name__
            assert sentence["event_id"] == recorded.event_id


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "store.db").running()


@pytest.fixture
def ahead(tmp_path: Path) -> Desk:
    """A desk whose deadlines have not passed when the command asks."""
    desk = Desk(tmp_path / "ahead.db")
    desk.workplace.at(LONG_AHEAD)
    return desk.running()


def test_stopped_by_a_failure_that_nobody_repaired(desk: Desk) -> None:
    desk.workplace.given(
        fail(ANN, UNREACHABLE),
        fail(ANN),
        attempt_notice(ANN, incident(ANN), delivered=True),
    )
    desk.workplace.at(NOON + 2 * DAY).tell(one_click(ANN, found=UNREACHABLE))
    desk.workplace.at(NOON + 4 * DAY).given(fail(ANN))
    desk.workplace.at(NOON + NINE_DAYS + HOUR).tick()

    told = desk.ask(R1)

    assert told.told["status"] == "campaign_stopped"
    told.says(
        "answer",
        "On 2026-03-11 12:00:00 UTC, r1 became Campaign Stopped in spring, for good, because "
        "ann@acme.test failed and was not repaired in time.",
        "It was recorded late, on 2026-03-11 13:00:00 UTC, which changed nothing.",
    )
    told.says(
        "happened",
        "the mail server accepted an email from ann@acme.test to r1",
        "a background connection test of ann@acme.test failed at the stage TCP: the mail server "
        "could not be reached.",
        "The permission to use this mailbox was revoked or has lapsed.",
        "the failure of ann@acme.test started a clock in spring, with the deadline 2026-03-11 "
        "12:00:00 UTC and 2 recipients at stake",
        "started in spring ran out: 2 recipients became Campaign Stopped",
    )
    told.says(
        "told",
        "On 2026-03-02 12:00:00 UTC, notice 1 (failure) was issued to the owner of ann@acme.test: "
        "2 recipients at stake until 2026-03-11 12:00:00 UTC.",
        "On 2026-03-02 12:00:00 UTC, notice 1 about ann@acme.test was delivered through maildir.",
        "No attempt to deliver notice 2 is recorded.",
    )
    told.says(
        "tried",
        "On 2026-03-04 12:00:00 UTC, One-Click Reconnect of ann@acme.test by the user test was "
        "refused: the connection test still failed.",
        "On 2026-03-06 12:00:00 UTC, a background connection test of ann@acme.test failed",
    )
    told.says(
        "avoidable",
        "The stop could have been avoided until 2026-03-11 12:00:00 UTC by One-Click Reconnect of "
        "ann@acme.test, which keeps every setting.",
    )
    desk.positions(told)


def test_stopped_by_a_disconnect_that_nobody_undid(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN), attempt_notice(ANN, incident(ANN), delivered=False))
    desk.workplace.at(NOON + HOUR).tick()

    told = desk.ask(R1)

    told.says("answer", "was disconnected and not back in FROM EMAIL in time")
    told.says(
        "happened",
        "On 2026-03-02 12:00:00 UTC, ann@acme.test was disconnected by the user test",
        "ann@acme.test was taken out of FROM EMAIL of spring by its disconnect; 2 recipients are "
        "held until it is added again.",
    )
    told.says("told", "notice 1 about ann@acme.test could not be delivered through maildir")
    told.says("tried", "Nothing was tried to bring ann@acme.test back in time.")
    told.says(
        "avoidable",
        "until 2026-03-02 13:00:00 UTC by connecting ann@acme.test again and adding it to "
        "FROM EMAIL of spring again (both).",
    )
    assert told.section("now") == []
    desk.positions(told)


def test_reconnected_but_never_readded(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    desk.workplace.at(NOON + 12 * MINUTE).given(connect(ANN))
    desk.workplace.at(NOON + HOUR).tick()

    told = desk.ask(R1)

    told.says(
        "tried",
        "ann@acme.test was connected in slot s1 by the user test. That was 12 minutes after it was "
        "lost; but it was never added to FROM EMAIL of spring again.",
    )
    desk.positions(told)


def test_reconnected_and_readded_too_late(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    desk.workplace.at(NOON + 12 * MINUTE).given(connect(ANN))
    desk.workplace.at(NOON + 2 * HOUR).given(add_sender(ANN))

    desk.ask(R1).says(
        "tried",
        "but it was added to FROM EMAIL of spring again by the user test only on "
        "2026-03-02 14:00:00 UTC (#",
        "after the deadline",
    )


def test_connected_again_only_after_the_hour(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    desk.workplace.at(NOON + 2 * HOUR).given(connect(ANN))

    told = desk.ask(R1)

    told.says("happened", "The clock had run out by then; that undoes no stop.")
    told.says("tried", "Nothing was tried")


def test_a_disconnect_on_top_of_a_failure_tells_both(desk: Desk) -> None:
    desk.workplace.given(fail(ANN))
    desk.workplace.at(NOON + DAY).given(disconnect(ANN))
    desk.workplace.at(NOON + DAY + HOUR).tick()

    told = desk.ask(R1)

    told.says("happened", "started in spring ended: a disconnect took its place")
    told.says(
        "avoidable",
        "until 2026-03-11 12:00:00 UTC by One-Click Reconnect",
        "until 2026-03-03 13:00:00 UTC by connecting",
    )


@pytest.mark.parametrize(
    ("refusal", "words"),
    [
        ("insufficient_scope", "full mail access was not granted; the box must be ticked"),
        ("identity_mismatch", "another mailbox answered; that takes a Two-Step Reconnect"),
    ],
)
def test_a_one_click_that_was_rejected_says_why(desk: Desk, refusal: str, words: str) -> None:
    desk.workplace.given(fail(ANN))
    assert desk.workplace.tell(one_click(ANN, refusal)).refusal is not None
    desk.workplace.at(NOON + NINE_DAYS).tick()

    told = desk.ask(R1)

    told.says("tried", words)
    assert "OneClickRejected" in told.events()


def test_many_background_checks_are_told_as_their_last_with_their_number(desk: Desk) -> None:
    desk.workplace.given(fail(ANN), *(fail(ANN) for _ in range(20)))
    desk.workplace.at(NOON + NINE_DAYS).tick()

    (text,) = desk.ask(R1).section("tried")

    assert text.endswith("It was the last of 20 failed background tests.")


def test_in_flight_at_the_expiry_and_stopped_when_the_outcome_came(desk: Desk) -> None:
    desk.workplace.given(reserve(ANN, R3, "late"), disconnect(ANN))
    desk.workplace.at(NOON + HOUR).tick()
    desk.workplace.at(NOON + 2 * HOUR).given(accepted(R3, "late"))

    told = desk.ask(R3)

    told.says(
        "answer", "On 2026-03-02 14:00:00 UTC, r3 became Campaign Stopped in spring, for good"
    )
    told.says(
        "happened",
        "A message was already on its way when the clock ran out, since 2026-03-02 12:00:00 UTC.",
        "the recipient was stopped under the same incident",
    )
    desk.positions(told)


def test_held_because_the_sender_is_held(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "store.db", HOLD_SENDER)
    desk.workplace.at(LONG_AHEAD)
    desk.running().workplace.given(fail(ANN))

    told = desk.ask(R1)

    told.says("answer", "r1 is held in spring: contacted before, and waiting.")
    told.says(
        "now",
        "Nothing is sent from ann@acme.test.",
        "spring is running; emails go out by its schedule and the speed limits.",
        "A clock runs until 2926-03-11 12:00:00 UTC; after that r1 becomes Campaign Stopped, for "
        "good. This can be avoided by One-Click Reconnect of ann@acme.test, which keeps every "
        "setting. When the clock started, 2 recipients of spring were at stake.",
    )
    told.says("tried", "Nothing was tried to bring ann@acme.test back so far.")
    desk.positions(told)


def test_a_stop_that_no_worker_has_recorded_is_told_as_what_it_is(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "store.db")
    desk.workplace.at(LONG_AGO)
    desk.running().workplace.given(fail(ANN))

    told = desk.ask(R1)

    told.says(
        "answer",
        "On 2020-03-11 12:00:00 UTC, r1 became Campaign Stopped in spring, for good",
        "It is not recorded yet, which changes nothing.",
    )
    assert told.position("r1 became Campaign Stopped") > len(desk.workplace.log)


def test_away_until_a_date(ahead: Desk) -> None:
    desk = ahead
    desk.workplace.given(out_of_office(R1, LONG_AHEAD + 3 * DAY))

    told = desk.ask(R1)

    assert told.told["status"] == "held"
    told.says("now", "the person is away: nothing is sent before 2926-03-05 12:00:00 UTC.")
    assert told.position("An automatic reply says") == desk.workplace.log[-1].position


def test_resumed_without_the_account(ahead: Desk) -> None:
    desk = ahead
    desk.workplace.given(disconnect(ANN), resume(without=[ANN]))

    told = desk.ask(R1)

    told.says(
        "happened",
        "spring was resumed by the user test without ann@acme.test, with 2 recipients at stake "
        "until 2926-03-02 13:00:00 UTC.",
    )
    told.says("now", "ann@acme.test is not in FROM EMAIL of spring", "spring is running")
    desk.positions(told)


def test_taken_out_of_from_email_by_a_user(desk: Desk) -> None:
    desk.workplace.given(remove_sender(ANN, confirmed=2))

    told = desk.ask(R1)

    told.says("happened", "was taken out of FROM EMAIL of spring by the user test; 2 recipients")
    told.says("now", "waits until it is added again")


def test_paused_by_a_user(desk: Desk) -> None:
    desk.workplace.given(pause())

    told = desk.ask(R1)

    told.says("answer", "r1 is active in spring")
    told.says(
        "now", "spring is paused: nothing is sent. On ", "spring was paused by the user test."
    )


def test_a_cured_failure_waits_for_a_user_to_resume(desk: Desk) -> None:
    desk.workplace.given(fail(ANN))
    desk.workplace.at(NOON + DAY).given(one_click(ANN))

    told = desk.ask(R1)

    told.says("happened", "started in spring ended in time: nobody was stopped")
    told.says(
        "tried", "One-Click Reconnect of ann@acme.test by the user test succeeded: every setting"
    )
    told.says("told", "notice 2 (cured) was issued to the owner of ann@acme.test: all is well")
    told.says("now", "it waits for a user to resume it")


def test_a_cured_disconnect_was_reconnected_and_readded(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    desk.workplace.at(NOON + 12 * MINUTE).given(connect(ANN), add_sender(ANN))

    desk.ask(R1).says(
        "tried",
        "That was 12 minutes after it was lost; and it was added to FROM EMAIL of spring again by "
        "the user test on",
    )


def test_a_single_sender_campaign_waits_without_a_clock(desk: Desk) -> None:
    desk.workplace.given(
        connect(CLEO),
        create_single(SLOTS[CLEO]),
        start(SOLO),
        hear_from(CLEO, R1, campaign=SOLO),
        disconnect(CLEO),
    )

    told = desk.ask(R1, SOLO)

    assert (told.told["status"], told.told["sender"]) == ("held", CLEO)
    told.says("now", "Nothing is sent from cleo@acme.test.", "solo is paused")
    assert "GracePeriodStarted" not in told.events()


def test_nothing_was_sent_yet(desk: Desk) -> None:
    desk.ask(R3).says("answer", "r3 is pending in spring: no email yet.")


def test_a_campaign_that_was_never_started(desk: Desk) -> None:
    desk.workplace.given(create(ANN, campaign="summer"))

    desk.ask(R1, "summer").says("now", "summer was never started: nothing is sent.")


def test_replied(desk: Desk) -> None:
    desk.workplace.given(signal(REPLIED, R1), signal(REPLIED, R1))

    told = desk.ask(R1)

    told.says("answer", "On 2026-03-02 12:00:00 UTC, r1 replied. Nothing more is sent in spring.")
    told.says("happened", "r1 was reported as replied after the end, which changed nothing")
    assert told.section("now") == []


def test_emails_are_told_first_and_last_with_their_number(desk: Desk) -> None:
    desk.workplace.given(*(hear_from(ANN, R1) for _ in range(4)))

    told = desk.ask(R1)

    assert told.events().count("EmailAccepted") == 2 + 1, "first, last, and the answer"
    told.says("happened", "It was the last of 5 emails.")


def test_unknown_and_refused_sends_are_told(desk: Desk) -> None:
    desk.workplace.given(reserve(BOB, R3, "a"), unknown(R3, "a"))
    desk.workplace.given(reserve(ANN, R2, "b"), refused(R2, "b", RefusalFault.OTHER))

    desk.ask(R3).says("happened", "went out with an unknown outcome, which counts as received")
    desk.ask(R2).says("happened", "was refused for good", "sending to r2 failed for good")


def test_every_recipient_of_a_busy_store_is_told_on_events_that_exist(tmp_path: Path) -> None:
    desk = Desk(tmp_path / "store.db")
    much_happens(desk.workplace)
    for campaign, recipients in (
        (SPRING, (R1, R2, R3, "r4", "r5", "r6", "r7")),
        (SOLO, (R1, R2, R3, "r4")),
    ):
        for recipient in recipients:
            told = desk.ask(recipient, campaign)
            assert told.section("answer")
            assert told.section("happened")
            desk.positions(told)


def test_the_shape_of_the_json(desk: Desk) -> None:
    told = desk.ask(R1).told

    assert list(told) == [
        "workspace",
        "campaign_id",
        "recipient_id",
        "person",
        "status",
        "sender",
        "not_before",
        "sentences",
    ]
    assert list(told["sentences"][0]) == [
        "section",
        "text",
        "position",
        "event_id",
        "event",
        "occurred_at",
        "recorded_at",
        "actor",
    ]


def test_a_person_reads_the_same_sentences_with_their_positions(desk: Desk) -> None:
    desk.workplace.given(fail(ANN))
    desk.workplace.at(NOON + NINE_DAYS).tick()

    ran = desk.type(R1, "--campaign", SPRING)

    lines = " ".join(ran.stdout.split())
    assert ran.exit_code == 0
    assert "Recipient r1: not in the directory. Times are in UTC." in lines
    for sentence in desk.ask(R1).told["sentences"]:
        assert sentence["text"].replace(" UTC", "") in lines
        assert re.search(rf"#{sentence['position']}\b", lines)


def test_a_person_reads_times_in_a_zone_of_choice_and_a_program_in_utc(desk: Desk) -> None:
    words = (R1, "--campaign", SPRING, "--zone", "Europe/Berlin")

    shown = " ".join(desk.type(*words).stdout.split())

    assert "Times are in Europe/Berlin." in shown
    assert "On 2026-03-02 13:00:00, r1 was added to spring by the user test." in shown
    assert json.loads(desk.type(*words, "--json").stdout)["sentences"][0]["occurred_at"] == (
        "2026-03-02T12:00:00Z"
    )


def test_an_unknown_zone_is_refused(desk: Desk) -> None:
    ran = desk.type(R1, "--campaign", SPRING, "--zone", "Europe/Berln")

    assert ran.exit_code == 2
    assert "There is no time zone Europe/Berln." in ran.stderr


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("r9", "--campaign", SPRING), "There is no recipient of spring r9. Did you mean r"),
        ((R1, "--campaign", "sprin"), "There is no campaign sprin. Did you mean spring?"),
    ],
)
def test_an_unknown_name_gets_the_nearest_known(
    desk: Desk, words: tuple[str, ...], complaint: str
) -> None:
    ran = desk.type(*words)

    assert ran.exit_code == 4
    assert complaint in ran.stderr


@pytest.fixture
def enrolled(desk: Desk) -> Callable[[], str]:
    """Ann's reader enters the directory, and a campaign."""

    def enrol() -> str:
        store = SQLiteStore(desk.path)
        try:
            person = Person("grace@example.com", "Grace Hopper")
            (recipient,) = SQLiteDirectory(store).enrol(ACME, [person])
        finally:
            store.close()
        desk.workplace.given(create(BOB, to=[recipient], campaign="summer"))
        return recipient

    return enrol


def test_a_person_is_found_by_id_and_by_address(desk: Desk, enrolled: Callable[[], str]) -> None:
    recipient = enrolled()

    for name in (recipient, "Grace@Example.com "):
        asked = desk.ask(name, "summer")
        asked.says("answer", "Grace Hopper is pending in summer: no email yet.")
        told = asked.told
        assert told["recipient_id"] == recipient
        assert told["person"] == {"name": "Grace Hopper", "address": "grace@example.com"}
    assert "Grace Hopper <grace@example.com>" in desk.type(recipient, "--campaign", "summer").stdout


def test_a_forgotten_person_is_still_explained_by_id(
    desk: Desk, enrolled: Callable[[], str]
) -> None:
    recipient = enrolled()
    store = SQLiteStore(desk.path)
    try:
        end = store.last_position()
        assert SQLiteDirectory(store).forget(ACME, {recipient: []}, end)
    finally:
        store.close()

    told = desk.ask(recipient, "summer")

    assert told.told["person"] is None
    assert told.section("answer")
    assert desk.type("grace@example.com", "--campaign", "summer").exit_code == 4
    shown = desk.type(recipient, "--campaign", "summer").stdout
    assert f"Recipient {recipient}: forgotten on" in shown
    assert "Grace" not in shown
