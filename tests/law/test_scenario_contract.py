"""The contract of scenario files: what cannot be read, and every reason of refusal."""

from pathlib import Path

import pytest

from adapters.scenario.reader import (
    MAX_BYTES,
    UnreadableScenario,
    parse_scenario,
    read_scenario,
)
from adapters.scenario.report import report
from adapters.scenario.runner import run_scenario

START = "start: 2026-03-02T09:00:00Z\n"
SCRIPT = START + "script:\n"

UNREADABLE = [
    ("", 1, "an empty file"),
    ("start: [\n", 2, "expected YAML"),
    ("- 1\n", 1, "a scenario: start, script"),
    ("script: []\n", 1, "`start`"),
    (START, 1, "`script`"),
    (START + "script: later\n", 2, "a list of steps"),
    (START + "script: []\nscript: []\n", 3, "found it twice"),
    (START + "script: []\nspeed: 2\n", 3, "found 'speed'"),
    ("start: today\nscript: []\n", 1, "ISO 8601"),
    ("start: 2026-03-02T09:00:00\nscript: []\n", 1, "with a zone"),
    ("start: [1]\nscript: []\n", 1, "expected a text"),
    (START + "policy: strict\nscript: []\n", 2, "a mapping of policy values"),
    (START + "policy: {patience: 1h}\nscript: []\n", 2, "found 'patience'"),
    (START + "policy: {grace_period: soon}\nscript: []\n", 2, "a duration like 90m"),
    (START + "policy: {grace_period: 0m}\nscript: []\n", 2, "above zero"),
    (
        START + "policy: {on_account_trouble: panic}\nscript: []\n",
        2,
        "pause_campaign or hold_sender",
    ),
    (SCRIPT + "  - connect\n", 3, "a step: `at`"),
    (SCRIPT + "  - {connect: {slot: s1, account: a@b.test}}\n", 3, "`at`"),
    (SCRIPT + "  - {at: 0m}\n", 3, "exactly one thing"),
    (
        SCRIPT + "  - {at: 0m, pause: {campaign: c}, resume: {campaign: c}}\n",
        3,
        "exactly one thing",
    ),
    (SCRIPT + "  - {at: 0m, explode: {}}\n", 3, "found 'explode'"),
    (SCRIPT + "  - {at: someday, pause: {campaign: c}}\n", 3, "an offset from start"),
    (SCRIPT + "  - {at: 30m1h, pause: {campaign: c}}\n", 3, "an offset from start"),
    (
        SCRIPT + "  - {at: 2h, pause: {campaign: c}}\n  - {at: 1h, pause: {campaign: c}}\n",
        4,
        "not to decrease",
    ),
    (SCRIPT + "  - {at: 2026-03-01T09:00:00Z, pause: {campaign: c}}\n", 3, "not before start"),
    (SCRIPT + "  - {at: 9999999d, pause: {campaign: c}}\n", 3, "within the calendar"),
    (SCRIPT + "  - {at: 0m, pause: c}\n", 3, "a mapping of what pause needs"),
    (SCRIPT + "  - {at: 0m, pause: {}}\n", 3, "pause.campaign: Field required"),
    (SCRIPT + "  - {at: 0m, pause: {campaign: ''}}\n", 3, "at least 1 character"),
    (SCRIPT + "  - {at: 0m, pause: {campaign: c, why: lunch}}\n", 3, "found 'lunch'"),
    (
        SCRIPT + "  - at: 0m\n    connection_fails:\n      account: a@b.test\n      class: bored\n",
        6,
        "found 'bored'",
    ),
    (
        SCRIPT + "  - {at: 0m, one_click_reconnect: {account: a@b.test, result: maybe}}\n",
        3,
        "found 'maybe'",
    ),
    (
        SCRIPT
        + "  - {at: 0m, connect: {slot: s1, account: a@b.test, settings: {sending_speed: 0}}}\n",
        3,
        "greater than or equal to 1",
    ),
    (SCRIPT + "  - {at: 0m, create_campaign: {campaign: c, mode: duet}}\n", 3, "found 'duet'"),
    (SCRIPT + "  - {at: 0m, create_campaign: {campaign: c, mode: single}}\n", 3, "expected `slot`"),
    (
        SCRIPT + "  - {at: 0m, create_campaign: {campaign: c, mode: rotation, slot: s1}}\n",
        3,
        "no `slot`",
    ),
    (SCRIPT + "  - {at: 0m, engine_down: {for: 0m}}\n", 3, "above zero"),
    (SCRIPT + "  - {at: 0m, engine_down: {for: 1h}}\nuntil: 30m\n", 3, "to end by `until`"),
    (SCRIPT + "  - {at: 0m, engine_down: {for: 1h}}\n", 3, "to end by `until`"),
    (
        SCRIPT
        + "  - {at: 0m, engine_down: {for: 1h}}\n"
        + "  - {at: 59m, engine_down: {for: 1h}}\nuntil: 9h\n",
        4,
        "that do not overlap",
    ),
    (SCRIPT + "  - {at: 1h, pause: {campaign: c}}\nuntil: 30m\n", 4, "at or after the last step"),
    (
        SCRIPT + "  - {at: 0m, auto_reply: {campaign: c, recipient: r, until: soon}}\n",
        3,
        "ISO 8601",
    ),
]


@pytest.mark.parametrize(("text", "line", "expected"), UNREADABLE)
def test_what_cannot_be_read_is_refused_whole_with_its_line(
    text: str, line: int, expected: str
) -> None:
    with pytest.raises(UnreadableScenario) as unreadable:
        parse_scenario(text, "story.yaml")

    assert unreadable.value.line == line
    assert expected in unreadable.value.expected
    assert str(unreadable.value) == f"story.yaml:{line}: {unreadable.value.expected}"


def test_a_file_that_is_not_there_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(UnreadableScenario, match=r"missing\.yaml:1: expected a file"):
        read_scenario(tmp_path / "missing.yaml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "picture.yaml").write_bytes(b"\x89PNG\xff")

    with pytest.raises(UnreadableScenario, match="expected UTF-8 text"):
        read_scenario(tmp_path / "picture.yaml")


def test_a_file_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with (tmp_path / "large.yaml").open("wb") as large:
        large.truncate(MAX_BYTES + 1)

    with pytest.raises(UnreadableScenario, match="expected at most 50,000,000 bytes"):
        read_scenario(tmp_path / "large.yaml")


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(UnreadableScenario, match="this deep"):
        parse_scenario("&a [*a]", "story.yaml")


BEGIN = """
  - {at: 0m, connect: {slot: s1, account: ann@acme.test}}
  - {at: 0m, connect: {slot: s2, account: bob@acme.test}}
  - at: 0m
    create_campaign:
      {campaign: spring, mode: rotation, from: [ann@acme.test, bob@acme.test], recipients: [r1, r2]}
  - {at: 0m, create_campaign: {campaign: solo, mode: single, slot: s1, recipients: [x1]}}
"""
RUNNING = BEGIN + "  - {at: 0m, start: {campaign: spring}}\n"
HEARD = RUNNING + (
    "  - {at: 0m, email_accepted: {campaign: spring, recipient: r1, account: ann@acme.test}}\n"
)
STOPPED = HEARD + (
    "  - {at: 0m, disconnect: {account: ann@acme.test}}\n  - {at: 2h, resume: {campaign: spring}}\n"
)
FAIL = "  - {at: 0m, connection_fails: {account: ann@acme.test, class: auth_revoked}}\n"

REFUSALS = [
    ("slot_occupied", BEGIN, "connect: {slot: s1, account: cleo@acme.test}"),
    ("already_connected", BEGIN, "connect: {slot: s3, account: ann@acme.test}"),
    (
        "not_connected",
        BEGIN + "  - {at: 0m, disconnect: {account: ann@acme.test}}\n",
        "disconnect: {account: ann@acme.test}",
    ),
    ("unknown_account", BEGIN, "disconnect: {account: nobody@acme.test}"),
    ("unknown_campaign", BEGIN, "start: {campaign: nowhere}"),
    ("unknown_recipient", RUNNING, "reply: {campaign: spring, recipient: nobody}"),
    ("unknown_slot", BEGIN, "create_campaign: {campaign: new, mode: single, slot: s9}"),
    ("name_taken", BEGIN, "create_campaign: {campaign: spring, mode: rotation}"),
    *(
        (reason, BEGIN, f"one_click_reconnect: {{account: ann@acme.test, result: {reason}}}")
        for reason in (
            "still_failing",
            "insufficient_scope",
            "identity_mismatch",
            "configuration_changed",
        )
    ),
    ("already_in_campaign", BEGIN, "add_sender: {campaign: spring, account: ann@acme.test}"),
    ("not_a_rotation_campaign", BEGIN, "add_sender: {campaign: solo, account: bob@acme.test}"),
    (
        "sender_not_connected",
        BEGIN + FAIL,
        "start: {campaign: spring}",
    ),
    (
        "sender_not_in_campaign",
        RUNNING + "  - {at: 0m, remove_sender: {campaign: spring, account: ann@acme.test}}\n",
        "email_accepted: {campaign: spring, recipient: r1, account: ann@acme.test}",
    ),
    (
        "no_sender",
        BEGIN + "  - {at: 0m, disconnect: {account: ann@acme.test}}\n",
        "start: {campaign: solo}",
    ),
    (
        "sender_missing",
        HEARD + "  - {at: 90m, disconnect: {account: ann@acme.test}}\n",
        "resume: {campaign: spring}",
    ),
    ("campaign_not_running", BEGIN, "pause: {campaign: spring}"),
    ("pause_cause_holds", RUNNING + FAIL, "resume: {campaign: spring}"),
    ("already_running", RUNNING, "start: {campaign: spring}"),
    (
        "recipient_stopped",
        STOPPED,
        "email_accepted: {campaign: spring, recipient: r1, account: bob@acme.test}",
    ),
    (
        "recipient_terminal",
        HEARD + "  - {at: 0m, reply: {campaign: spring, recipient: r1}}\n",
        "email_accepted: {campaign: spring, recipient: r1, account: ann@acme.test}",
    ),
    (
        "fixed_sender_is_other",
        HEARD,
        "email_accepted: {campaign: spring, recipient: r1, account: bob@acme.test}",
    ),
    (
        "already_received_email",
        HEARD,
        "assign: {campaign: spring, recipient: r1, account: bob@acme.test}",
    ),
    (
        "sender_held",
        HEARD + "  - {at: 0m, auto_reply: {campaign: spring, recipient: r1, until: 9d}}\n",
        "email_accepted: {campaign: spring, recipient: r1, account: ann@acme.test}",
    ),
]
OF_THE_CONTRACT = """
    slot_occupied already_connected not_connected unknown_account unknown_campaign
    unknown_recipient unknown_slot name_taken still_failing insufficient_scope
    identity_mismatch configuration_changed already_in_campaign not_a_rotation_campaign
    sender_not_connected sender_not_in_campaign no_sender sender_missing
    campaign_not_running pause_cause_holds already_running recipient_stopped
    recipient_terminal fixed_sender_is_other already_received_email sender_held
"""


@pytest.mark.parametrize(("reason", "history", "step"), REFUSALS, ids=[r[0] for r in REFUSALS])
def test_a_step_the_law_refuses_is_listed_with_its_reason(
    reason: str, history: str, step: str
) -> None:
    scenario = parse_scenario(f"{SCRIPT}{history}  - {{at: 2h, {step}}}\n", "story.yaml")

    told = report(run_scenario(scenario))["refused"]

    assert [(each["step"], each["command"], each["reason"]) for each in told] == [
        (len(scenario.steps), step.partition(":")[0], reason)
    ]
    assert told[0]["message"].endswith(".")


def test_every_reason_of_the_contract_was_reached() -> None:
    assert {reason for reason, _, _ in REFUSALS} == set(OF_THE_CONTRACT.split())


def test_a_refused_step_changes_nothing_and_the_story_goes_on() -> None:
    def events(text: str) -> object:
        return [
            (each["type"], each["data"])
            for each in report(run_scenario(parse_scenario(text, "story.yaml")))["events"]
        ]

    end = "  - {at: 3h, pause: {campaign: spring}}\n"
    refused = "  - {at: 2h, start: {campaign: spring}}\n"

    assert events(SCRIPT + RUNNING + refused + end) == events(SCRIPT + RUNNING + end)


def test_the_defaults_are_those_of_the_contract() -> None:
    scenario = parse_scenario(START + "script: []\n", "story.yaml")

    ending = report(run_scenario(scenario))

    assert ending == {
        "at": "2026-03-02T09:00:00Z",
        "accounts": {},
        "campaigns": {},
        "clocks": [],
        "notifications": [],
        "refused": [],
        "events": [],
    }
    assert str(scenario.policy.grace_period) == "1:00:00"
    assert str(scenario.policy.resolution_window) == "9 days, 0:00:00"
    assert scenario.policy.on_account_trouble == "pause_campaign"


def test_an_account_is_its_trimmed_and_lower_cased_address() -> None:
    script = SCRIPT + "  - {at: 0m, connect: {slot: s1, account: ' Ann@Acme.TEST '}}\n"

    ending = report(run_scenario(parse_scenario(script, "story.yaml")))

    assert list(ending["accounts"]) == ["ann@acme.test"]


def test_steps_come_before_clocks_of_the_same_instant_and_until_itself_has_happened() -> None:
    script = SCRIPT + HEARD + "  - {at: 0m, disconnect: {account: ann@acme.test}}\n"
    reply = "  - {at: 1h, reply: {campaign: spring, recipient: r1}}\n"

    def status(text: str) -> object:
        ending = report(run_scenario(parse_scenario(text, "story.yaml")))
        return ending["campaigns"]["spring"]["recipients"]["r1"]["status"]

    assert status(script + "until: 59m59s\n") == "held"
    assert status(script + "until: 1h\n") == "campaign_stopped"
    assert status(script + reply + "until: 1h\n") == "replied"


def test_a_stop_says_when_and_why_and_nobody_else_does() -> None:
    ending = report(run_scenario(parse_scenario(SCRIPT + STOPPED, "story.yaml")))

    assert ending["campaigns"]["spring"]["recipients"] == {
        "r1": {
            "status": "campaign_stopped",
            "sender": "ann@acme.test",
            "sender_fixed": True,
            "emails_received": 1,
            "stopped_at": "2026-03-02T10:00:00Z",
            "stop_reason": "grace_period_expired",
        },
        "r2": {"status": "pending", "sender": None, "sender_fixed": False, "emails_received": 0},
    }
