"""What a campaign sends by itself, at the keyboard: set, checked before the start, previewed."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from adapters.yaml_files.sequence import MAX_BYTES
from events.campaign import SequenceSet
from tests.cli.keyboard import IN_A_FILE, Keyboard
from tests.law.story import ANN, NO_GAP, SPRING, accepted, reserve_step, update_settings

SEQUENCE = """
zone: Europe/Berlin
window: {days: [mon, tue, wed, thu, fri], from: "09:00", to: "24:00"}
daily_limit: 100
exclusive: true
steps:
  - name: intro
    subject: Hello {{ first_name }}
    text: |
      Dear {{ first_name }},
      how is {{ company }}?
  - name: nudge
    after: 3d12h
    html: <p>Still there, {{ first_name }}?</p>
"""
PEOPLE = "email,first_name,company\nben@x.test,Ben,Acme\nzoe@x.test,<Zoe>,\n"
AT_ANY_TIME = (
    "zone: UTC\nsteps:\n- {name: intro, subject: Hi, text: 'Hi'}\n- {name: nudge, text: 'Hm'}\n"
)


def file(keyboard: Keyboard, text: str, name: str = "sequence.yaml") -> Path:
    path = keyboard.folder / name
    path.write_text(text, encoding="utf-8")
    return path


def campaign(keyboard: Keyboard, people: str = PEOPLE) -> None:
    """A draft with two people, of whom Zoe has no company."""
    keyboard.do("accounts", "connect", "s1", ANN)
    keyboard.do("accounts", "settings", ANN, "--sender-name", "Ann Lee", "--signature", "Ann, Acme")
    keyboard.do("campaigns", "create", SPRING, "--from", ANN)
    keyboard.do("campaigns", "import", SPRING, file(keyboard, people, "people.csv"))


def set_up(keyboard: Keyboard, text: str = SEQUENCE, *words: str) -> str:
    return keyboard.do("campaigns", "sequence", "set", SPRING, file(keyboard, text), *words)


def first_email(keyboard: Keyboard, address: str) -> None:
    """The person received the first step."""
    recipient = str(keyboard.id_of(address))
    keyboard.behind(update_settings(ANN, NO_GAP), reserve_step(ANN, recipient))
    with keyboard.opened() as opened:
        sent = [each for each in opened.store.read(0, 1_000).rows if each[3].startswith("SendR")]
    send_id = json.loads(sent[-1][4])["send_id"]
    keyboard.behind(accepted(recipient, send_id))


def facts(keyboard: Keyboard) -> str:
    with keyboard.opened() as opened:
        return "\n".join(str(row[4]) for row in opened.store.read(0, 1_000).rows)


@pytest.mark.rule("F3")
def test_what_is_missing_is_listed_before_the_start_and_never_sent_as_a_gap(
    keyboard: Keyboard,
) -> None:
    campaign(keyboard)
    assert "zoe@x.test │ intro │ company" in set_up(keyboard)

    ran = keyboard.type("campaigns", "sequence", "check", SPRING)
    assert ran.code == 1
    assert "1 letter of 2 recipients still to be written to cannot be written." in ran.output
    told = json.loads(keyboard.type("campaigns", "sequence", "check", SPRING, "--json").output)
    (lacking,) = told["missing"]
    assert (told["recipients"], told["forgotten"], told["changes"]) == (2, 0, [])
    assert lacking["recipient_id"] == keyboard.id_of("zoe@x.test")
    assert (lacking["step"], lacking["variables"]) == ("intro", ["company"])

    declined = keyboard.type("campaigns", "start", SPRING, answer="n\n")
    assert (declined.code, "zoe@x.test" in declined.output) == (1, True)
    error = json.loads(keyboard.refused(1, "campaigns", "start", SPRING, "--json"))["error"]
    assert (error["code"], error["missing"]) == ("not_confirmed", [lacking])
    assert keyboard.json("campaigns", "show", SPRING)["campaign"]["status"] == "draft"

    keyboard.do("campaigns", "import", SPRING, file(keyboard, PEOPLE.replace(">,", ">,Zoo"), "p"))
    assert "0 letters" in keyboard.do("campaigns", "sequence", "check", SPRING)
    assert "is started" in keyboard.do("campaigns", "start", SPRING)


@IN_A_FILE
def test_an_import_tells_what_the_steps_will_lack(keyboard: Keyboard) -> None:
    campaign(keyboard, "email,first_name,company\nben@x.test,Ben,Acme\n")
    set_up(keyboard)

    ran = keyboard.type("campaigns", "import", SPRING, file(keyboard, PEOPLE, "more.csv"))
    assert "What the steps need is missing of 1 recipient" in ran.complaint
    assert ran.code == 0


@IN_A_FILE
def test_a_letter_is_shown_as_the_recipient_would_get_it_from_the_sender(
    keyboard: Keyboard,
) -> None:
    campaign(keyboard)
    set_up(keyboard)
    preview = ("campaigns", "sequence", "preview", SPRING)

    shown = keyboard.do(*preview, "ben@x.test")
    assert f"Step intro, from Ann Lee <{ANN}> to ben@x.test Subject: Hello Ben" in shown
    assert "Dear Ben, how is Acme? Ann, Acme" in shown
    nudge = keyboard.json(*preview, str(keyboard.id_of("ben@x.test")), "--step", "nudge")
    assert nudge["subject"] == "Re: Hello Ben"
    assert "Still there, Ben?" in nudge["text"]
    assert (nudge["account_id"], nudge["sender_name"]) == (ANN, "Ann Lee")
    assert "needs company, which the recipient lacks" in keyboard.refused(1, *preview, "zoe@x.test")
    assert "Did you mean nudge" in keyboard.refused(4, *preview, "ben@x.test", "--step", "nudgo")
    assert "no recipient" in keyboard.refused(4, *preview, "max@x.test")


@IN_A_FILE
def test_a_sequence_is_shown_as_a_file_that_sets_the_same(keyboard: Keyboard) -> None:
    campaign(keyboard)
    odd = {"name": "odd", "after": "1d1h1m1s", "text": "a\u202eb \U0001f600\x07 '\"\\\n: - # |"}
    told = yaml.safe_load(SEQUENCE)
    told["steps"].append(odd)
    set_up(keyboard, json.dumps(told, indent="\t"))
    first = keyboard.json("campaigns", "sequence", "show", SPRING)["sequence"]
    shown = keyboard.type("campaigns", "sequence", "show", SPRING).output

    assert first["steps"][-1] == odd
    assert yaml.safe_load(shown) == first
    position = last_position(keyboard)
    set_up(keyboard, shown)
    assert last_position(keyboard) == position, "nothing was to be changed"


def last_position(keyboard: Keyboard) -> int:
    with keyboard.opened() as opened:
        return opened.store.last_position()


@IN_A_FILE
@pytest.mark.rule("M2")
def test_a_change_under_way_says_whom_it_concerns_and_touches_only_what_is_not_sent(
    keyboard: Keyboard,
) -> None:
    campaign(keyboard)
    set_up(keyboard, AT_ANY_TIME)
    keyboard.do("campaigns", "start", SPRING)
    first_email(keyboard, "ben@x.test")
    renamed = file(keyboard, AT_ANY_TIME.replace("intro", "hello"))

    seen = keyboard.json("campaigns", "sequence", "set", SPRING, renamed, "--preview")
    assert seen["set"] is False
    assert seen["changes"] == [{"next": "nudge", "becomes": "hello", "recipients": 1}]
    declined = keyboard.type("campaigns", "sequence", "set", SPRING, renamed, answer="n\n")
    assert "1 recipient: gets hello next, not nudge." in declined.output
    assert declined.code == 1
    error = json.loads(
        keyboard.refused(1, "campaigns", "sequence", "set", SPRING, renamed, "--json")
    )
    assert error["error"]["changes"] == seen["changes"]
    before = keyboard.json("campaigns", "sequence", "show", SPRING)["sequence"]
    assert [each["name"] for each in before["steps"]] == ["intro", "nudge"]

    changed = set_up(keyboard, AT_ANY_TIME.replace("Hm", "Hm, {{ first_name }}"))
    assert "sends 2 steps, by the clocks of UTC" in changed
    assert "zone_is_fixed" in keyboard.refused(
        3, "campaigns", "sequence", "set", SPRING, file(keyboard, SEQUENCE), "--yes"
    )
    sets = [
        row for row in rows(keyboard) if row[3] == SequenceSet.__name__ or "SequenceSet" in row[3]
    ]
    assert len({json.loads(row[4])["sequence"]["mail_id"] for row in sets}) == 1


def rows(keyboard: Keyboard) -> list[Any]:
    with keyboard.opened() as opened:
        return [*opened.store.read(0, 1_000).rows]


@IN_A_FILE
@pytest.mark.rule("F1")
def test_no_text_may_hold_a_recipient_s_address(keyboard: Keyboard) -> None:
    campaign(keyboard)
    for text in ("write <Ben@X.test>.", "<a href='mailto:ben@x.test?subject=x'>", "'ben@x.test'"):
        named = AT_ANY_TIME.replace("text: 'Hm'", f'html: "{text}"')
        path = file(keyboard, named)
        complaint = keyboard.refused(2, "campaigns", "sequence", "set", SPRING, path)
        assert "Step nudge holds a recipient's address" in complaint
    set_up(keyboard, AT_ANY_TIME.replace("text: 'Hm'", f"text: {ANN} or help@x.test"))
    assert "ben@x.test" not in facts(keyboard)


HOSTILE = [
    ("", "expected a sequence"),
    ("- a", ":1: expected a sequence: zone, window"),
    ("zone: UTC\nsteps: []\n", ":2: steps: "),
    ("zone: Moon/Base\nsteps: [{name: a, text: b}]", ":1: zone: Value error, expected a time zone"),
    ("zone: UTC\nzone: UTC\n", ":2: expected 'zone' once"),
    ("zone: UTC\ncolour: red\nsteps: [{name: a}]", ":2: expected daily_limit, exclusive, steps"),
    ("zone: UTC\nsteps:\n- {name: a, afer: 3d}", ":3: steps.0.afer: Extra inputs"),
    (
        "zone: UTC\nsteps:\n- {name: a, after: soon}",
        ":3: steps.0.after: Value error, expected a dur",
    ),
    (f"zone: UTC\nsteps:\n- {{name: a, after: {'9' * 5000}d}}", "at most some centuries"),
    ("zone: UTC\ndaily_limit: 0\nsteps: [{name: a, text: b}]", ":2: daily_limit: "),
    ("zone: UTC\nwindow: {from: '25:00'}\nsteps: [{name: a, text: b}]", ":2: window.from"),
    ("zone: UTC\nwindow: {days: [moonday]}\nsteps: [{name: a, text: b}]", ":2: window.days"),
    ("zone: UTC\nsteps: [{name: a, text: [b]}]", "steps.0.text: Input should be a valid string"),
    ("&a [*a]", "no nesting this deep"),
    ("[" * 5_000, "expected YAML"),
    ("zone: UTC\nsteps: [{name: a, text: !!python/object/apply:os.system [ls]}]", "valid string"),
    ("{", "expected YAML"),
    ("zone: UTC\nsteps:\n- {name: a, subject: x}", "Step a, text, line 1: it is empty"),
    ("zone: UTC\nsteps:\n- {name: a, text: x}", "Step a has no subject"),
    ("zone: UTC\nsteps:\n- {name: a, subject: x, text: '{{ 7 * 7 }}'}", "Step a, text, line 1"),
    ("zone: UTC\nsteps:\n- {name: a, subject: x, text: '{% for a in b %}{% endfor %}'}", "Step a"),
    ('zone: UTC\nsteps:\n- {name: a, subject: x, text: "' + "@" * 90_000 + '"}', None),
    ('{"zone": "UTC", "steps": [{"name": "a", "subject": "\\ud83d"}]}', "half a character"),
    ("x" * (MAX_BYTES + 1), "expected at most 500,000 bytes"),
]


@IN_A_FILE
def test_a_hostile_file_is_refused_with_its_line_and_what_was_expected(keyboard: Keyboard) -> None:
    campaign(keyboard)
    position = last_position(keyboard)
    for text, said in HOSTILE:
        path = file(keyboard, text)
        if said is not None:
            complaint = keyboard.refused(2, "campaigns", "sequence", "set", SPRING, path)
            assert said in complaint, complaint[:300]
            assert len(complaint) < 1_000
            assert last_position(keyboard) == position
        else:
            keyboard.do("campaigns", "sequence", "set", SPRING, path, "--preview")
    path.write_bytes(b"\xff\xfe\x00zone")
    assert "expected UTF-8" in keyboard.refused(2, "campaigns", "sequence", "set", SPRING, path)
    missing = keyboard.refused(2, "campaigns", "sequence", "set", SPRING, keyboard.folder / "none")
    assert "none:1: expected a file: No such file" in missing
    several = AT_ANY_TIME.replace("nudge", "intro")
    assert "bad_sequence" in keyboard.refused(
        3, "campaigns", "sequence", "set", SPRING, file(keyboard, several)
    )


@IN_A_FILE
def test_a_campaign_without_a_sequence_says_how_to_set_one(keyboard: Keyboard) -> None:
    campaign(keyboard)
    for words in (("show", SPRING), ("check", SPRING), ("preview", SPRING, "ben@x.test")):
        complaint = keyboard.refused(1, "campaigns", "sequence", *words)
        assert f"sendledger campaigns sequence set {SPRING} FILE" in complaint
    assert "no campaign" in keyboard.refused(4, "campaigns", "sequence", "show", "sprang")


@IN_A_FILE
def test_who_was_forgotten_is_told_apart_and_keeps_nobody_from_a_start(keyboard: Keyboard) -> None:
    campaign(keyboard)
    set_up(keyboard)
    keyboard.do("recipients", "forget", "zoe@x.test", "--yes")

    assert "Nothing is sent to 1 recipient: forgotten." in keyboard.do("campaigns", "start", SPRING)
