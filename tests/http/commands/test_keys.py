"""One request under one key, however often, by whomever, and through however many processes."""

import subprocess
import sys
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.http.commands.callers import Answer, Caller, Door, token
from tests.law.story import ANN, BOB, R1, SPRING, connect, create, start
from tests.workplace import ACME

NEW = {"campaign_id": "autumn", "from_email": [ANN]}
RACERS = 100


@pytest.fixture(autouse=True)
def story(house: Door) -> None:
    house.given(connect(ANN), connect(BOB), create(ANN, to=[R1]), start())


def test_a_command_is_carried_out_and_says_what_it_recorded(ops: Caller) -> None:
    done = ops.do("/campaigns", NEW, "k1")

    assert (done.status, done.replayed) == (200, False), done.text
    assert [each["type"] for each in done.body["events"]] == ["CampaignCreated", "SenderAdded"][
        : done.body["recorded"]
    ]
    event = ops.get(f"/events/{done.body['position']}").body
    assert event["actor"] == "user:token:ops"
    assert event["command_id"] == done.body["command_id"]


def test_repeated_it_gets_the_old_answer_and_says_so(ops: Caller, house: Door) -> None:
    first = ops.do("/campaigns", NEW, "k1")
    ops.do(f"/campaigns/{SPRING}/pause")
    again = ops.do("/campaigns", {"from_email": [ANN], "campaign_id": "autumn"}, "k1")

    assert again.body == first.body
    assert (again.status, again.replayed) == (200, True)
    assert house.recorded("CampaignCreated") == 2


def test_a_refusal_is_repeated_as_it_was(ops: Caller) -> None:
    told = {"account_id": ANN}
    first = ops.do(f"/campaigns/{SPRING}/senders", told, "k1")
    again = ops.do(f"/campaigns/{SPRING}/senders", told, "k1")

    assert (first.status, first.code, first.body["rule"]) == (409, "already_in_campaign", "T4")
    assert first.body["facts"] == {"account": ANN, "campaign": SPRING}
    assert first.headers["content-type"] == "application/problem+json"
    assert again.body == first.body
    assert again.replayed


def test_another_body_under_the_key_is_refused(ops: Caller, house: Door) -> None:
    ops.do("/campaigns", NEW, "k1")
    other = ops.do("/campaigns", {**NEW, "campaign_id": "winter"}, "k1")
    elsewhere = ops.do(f"/campaigns/{SPRING}/pause", None, "k1")
    in_steps = ops.do(f"/accounts/{ANN}/test", None, "k1")

    for each in (other, elsewhere, in_steps):
        assert (each.status, each.code) == (422, "idempotency_key_used"), each.text
    assert house.recorded("CampaignCreated") == 2


def test_two_callers_may_take_the_same_key(ops: Caller, house: Door) -> None:
    other = house.caller("others")
    try:
        assert ops.do("/campaigns", NEW, "k1").status == 200
        assert other.do("/campaigns", {**NEW, "campaign_id": "winter"}, "k1").status == 200
    finally:
        other.close()


@pytest.mark.parametrize("key", ["", "x" * 256, "with\ttab"])
def test_without_a_good_key_nothing_is_done(ops: Caller, house: Door, key: str) -> None:
    headers = {"Idempotency_Key": key} if key else {}
    asked = ops.ask("POST", f"/campaigns/{SPRING}/pause", b"", **headers)

    assert (asked.status, asked.code) == (400, "idempotency_key_missing")
    assert house.recorded("CampaignPaused") == 0


def test_a_key_raced_a_hundred_ways_has_one_effect(house: Door) -> None:
    racing = Caller(house.port, token(house.program, "racer", Role.OPERATOR, ACME))
    secret = racing._token
    racing.close()

    def race(_: int) -> Answer:
        caller = Caller(house.port, secret)
        try:
            return caller.do("/campaigns", NEW, "k1")
        finally:
            caller.close()

    with ThreadPoolExecutor(RACERS) as pool:
        answers = [*pool.map(race, range(RACERS))]

    assert {each.status for each in answers} == {200}, [each.text for each in answers][:3]
    assert {each.text for each in answers} == {answers[0].text}
    assert Counter(each.replayed for each in answers) == {True: RACERS - 1, False: 1}
    assert house.recorded("CampaignCreated") == 2


def test_a_key_raced_through_two_processes_has_one_effect(
    house: Door, settings: EngineSettings
) -> None:
    """The other one serves the same store by itself."""
    secret = token(house.program, "racer", Role.OPERATOR, ACME)
    words = [sys.executable, "-m", "tests.http.commands.other_process", settings.store]
    with subprocess.Popen(
        words,
        stdout=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[3],
    ) as other:
        assert other.stdout is not None
        told = next(line for line in other.stdout if line.startswith("serving "))
        ports = [house.port, int(told.split()[1])]

        def race(number: int) -> Answer:
            caller = Caller(ports[number % 2], secret)
            try:
                return caller.do("/campaigns", NEW, "k1")
            finally:
                caller.close()

        with ThreadPoolExecutor(40) as pool:
            answers = [*pool.map(race, range(RACERS))]
        other.communicate("end\n", timeout=30)

    assert {each.status for each in answers} == {200}, [each.text for each in answers][:3]
    assert {each.text for each in answers} == {answers[0].text}
    assert Counter(each.replayed for each in answers) == {True: RACERS - 1, False: 1}
    assert house.recorded("CampaignCreated") == 2


def test_a_request_of_several_steps_is_kept_as_well(ops: Caller, house: Door) -> None:
    told = {"result": "auth_revoked"}
    first = ops.do(f"/accounts/{ANN}/test", told, "k1")
    again = ops.do(f"/accounts/{ANN}/test", told, "k1")
    other = ops.do(f"/accounts/{ANN}/test", {}, "k1")

    assert first.body["check"]["class"] == "auth_revoked"
    assert (again.body, again.replayed) == (first.body, True)
    assert (other.status, other.code) == (422, "idempotency_key_used")
    assert house.recorded("ConnectionFailed") == 1


def test_what_is_still_being_done_is_not_begun_again(ops: Caller, house: Door) -> None:
    commands = house.program.opened.coordination
    with commands.exclusively(f"http {ACME} {_key_id('k1')}", 1):
        asked = ops.do(f"/accounts/{ANN}/test", {}, "k1")
    after = ops.do(f"/accounts/{ANN}/test", {}, "k1")

    assert (asked.status, asked.code) == (409, "still_running")
    assert after.status == 200


def _key_id(key: str) -> str:
    from adapters.http.commands.keys import key_of
    from engine.work.permissions import Caller as Known

    return key_of(key, Known("token:ops", Role.OPERATOR, ACME), "").id
