"""Whom no campaign ever writes to again, at the keyboard (M7)."""

import json
from pathlib import Path
from typing import Any

import pytest

from events.vocabulary import SuppressedBecause
from tests.cli.keyboard import IN_A_FILE, Keyboard, people_file
from tests.law.story import ANN, SPRING, SUMMER, hear_from

P0, P1, P2 = (f"p{number}@example.com" for number in range(3))


def statuses(keyboard: Keyboard, campaign: str = SPRING) -> dict[str, str]:
    found = keyboard.json("recipients", "list", "--campaign", campaign, "--names")["recipients"]
    return {each["address"]: each["status"] for each in found}


def under_way(keyboard: Keyboard) -> Path:
    """A running campaign of three people; the first received an email."""
    people = people_file(keyboard.folder / "p.csv", 3)
    keyboard.campaign(people)
    keyboard.behind(*hear_from(ANN, str(keyboard.id_of(P0))))
    return people


def listed(keyboard: Keyboard) -> Any:
    return keyboard.json("suppressions", "list", "--names")


def csv(keyboard: Keyboard, text: str, name: str = "sup.csv") -> Path:
    path = keyboard.folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.rule("M7", "F1")
def test_a_person_is_suppressed_by_address_in_every_campaign_and_released_with_a_reason(
    keyboard: Keyboard,
) -> None:
    people = under_way(keyboard)

    assert keyboard.json("suppressions", "add", P0.upper()) == {"suppressed": True, "new": True}
    assert "already suppressed" in keyboard.do("suppressions", "add", str(keyboard.id_of(P0)))
    keyboard.do("suppressions", "add", "new@other.test", "--because", "unsubscribed")
    assert statuses(keyboard) == {P0: "unsubscribed", P1: "pending", P2: "pending"}
    assert [(each["address"], each["because"]) for each in listed(keyboard)["people"]] == sorted(
        [(P0, "operator"), ("new@other.test", "unsubscribed")],
        key=lambda each: str(keyboard.id_of(each[0])),
    )
    shown = keyboard.json("suppressions", "show", P0)
    assert (shown["suppressed"], shown["because"], shown["domain"]) == (True, "operator", False)

    keyboard.do("campaigns", "create", SUMMER, "--from", ANN)
    assert "2 taken" in keyboard.do("campaigns", "import", SUMMER, people)
    release = ("suppressions", "release", P0, "--reason")
    assert "no_reason" in keyboard.refused(3, *release, f"{P0} asked", "--yes")
    declined = keyboard.type(*release, "asked by phone", answer="n\n")
    assert (declined.code, "is suppressed (operator)" in declined.complaint) == (1, True)
    assert keyboard.json(*release, "asked by phone", "--yes") == {"released": True}
    assert statuses(keyboard)[P0] == "unsubscribed", "release revives nobody"
    assert "1 taken" in keyboard.do("campaigns", "import", SUMMER, people)
    assert "no suppression of" in keyboard.refused(4, *release, "again", "--yes")


@pytest.mark.rule("M7")
def test_a_domain_is_suppressed_with_all_below_it_for_the_known_and_for_imports(
    keyboard: Keyboard,
) -> None:
    under_way(keyboard)
    other = csv(keyboard, "email\na@mail.blocked.test\nb@fine.test\nc@bücher.test\n", "o.csv")

    keyboard.do("suppressions", "add", "@Blocked.test")
    keyboard.do("suppressions", "add", "bücher.test")
    keyboard.do("suppressions", "add", "example.com")
    assert {*statuses(keyboard).values()} == {"unsubscribed"}
    assert "1 taken, 0 known already, 0 stopped before, 2 suppressed" in keyboard.do(
        "campaigns", "import", SPRING, other
    )
    assert listed(keyboard)["domains"] == ["blocked.test", "example.com", "xn--bcher-kva.test"]
    assert keyboard.json("suppressions", "show", "x@a.blocked.test")["domain"] is True
    assert "is not suppressed" in keyboard.do("suppressions", "show", "x@notblocked.test")

    keyboard.do("suppressions", "release", "blocked.test", "--reason", "sold", "--yes")
    assert "1 taken" in keyboard.do("campaigns", "import", SPRING, other)
    near = keyboard.refused(4, "suppressions", "release", "exampel.com", "--reason", "x")
    assert "Did you mean example.com" in near


@pytest.mark.rule("M7")
def test_a_file_is_tried_first_and_then_taken_once(keyboard: Keyboard) -> None:
    under_way(keyboard)
    file = csv(keyboard, f"Mail,why\n{P0},x\nn@other.test,x\n@blocked.test,x\nno one,x\n{P0},x\n")
    words = ("suppressions", "import", file, "--map", "Mail=email")

    dry = keyboard.json(*words, "--dry-run")
    assert (dry["people"], dry["domains"], dry["known"]) == (2, ["blocked.test"], 0)
    assert [(each["line"], each["value"]) for each in dry["rejected"]] == [(5, "no one"), (6, P0)]
    assert listed(keyboard) == {"people": [], "domains": []}
    assert keyboard.id_of("n@other.test") is None

    told = keyboard.do(*words, "--because", "complained")
    assert "2 persons and 1 domains are suppressed, 0 were before, 2 are rejected." in told
    again = keyboard.json(*words)
    assert (again["people"], again["domains"], again["known"]) == (0, [], 3)
    assert statuses(keyboard)[P0] == "unsubscribed"
    assert {each["because"] for each in listed(keyboard)["people"]} == {"complained"}


@pytest.mark.rule("M7", "F1")
@pytest.mark.parametrize("written", [True, False])
def test_suppression_survives_forgetting(keyboard: Keyboard, *, written: bool) -> None:
    people = under_way(keyboard)
    who = P0 if written else P1
    if written:
        keyboard.do("recipients", "unsubscribed", who, "--campaign", SPRING)
    else:
        keyboard.do("suppressions", "add", who)
    keyboard.do("recipients", "forget", who, "--yes")
    keyboard.do("campaigns", "create", SUMMER, "--from", ANN)

    told = keyboard.do("campaigns", "import", SUMMER, people)
    assert "2 taken, 0 known already, 0 stopped before, 1 suppressed" in told
    assert keyboard.id_of(who) is None, "nobody is written down anew"
    assert keyboard.json("suppressions", "add", who)["new"] is False


@IN_A_FILE
@pytest.mark.rule("M7", "F1")
def test_who_unsubscribes_after_being_forgotten_is_not_written_to_again(keyboard: Keyboard) -> None:
    people = under_way(keyboard)
    recipient = str(keyboard.id_of(P0))
    keyboard.do("recipients", "forget", P0, "--yes")
    keyboard.do("recipients", "unsubscribed", recipient, "--campaign", SPRING)
    keyboard.do("campaigns", "create", SUMMER, "--from", ANN)

    assert "1 suppressed" in keyboard.do("campaigns", "import", SUMMER, people)


@IN_A_FILE
@pytest.mark.rule("M7", "F1")
def test_who_was_released_comes_back_and_is_suppressed_and_forgotten_again(
    keyboard: Keyboard,
) -> None:
    people = under_way(keyboard)
    first = str(keyboard.id_of(P1))
    keyboard.do("suppressions", "add", P1)
    keyboard.do("recipients", "forget", P1, "--yes")
    keyboard.do("suppressions", "release", first, "--reason", "asked by phone", "--yes")
    keyboard.do("campaigns", "create", SUMMER, "--from", ANN)
    assert "3 taken" in keyboard.do("campaigns", "import", SUMMER, people)
    assert keyboard.id_of(P1) not in (first, None)
    keyboard.do("suppressions", "add", P1)
    keyboard.do("recipients", "forget", P1, "--yes")

    keyboard.do("campaigns", "create", "autumn", "--from", ANN)
    assert "1 suppressed" in keyboard.do("campaigns", "import", "autumn", people)


@IN_A_FILE
def test_what_is_nobody_is_refused(keyboard: Keyboard) -> None:
    under_way(keyboard)
    for code, who, said in [
        (2, "x@@y.test", "more than one @"),
        (2, "a b@y.test", "is no email address"),
        (4, "nobody", "There is no recipient nobody"),
        (2, "zoé@x.test", "not ASCII"),
        (4, "", "There is no recipient"),
        (4, "x" * 300 + ".test", "There is no recipient"),
    ]:
        assert said in keyboard.refused(code, "suppressions", "add", who)
        assert said in keyboard.refused(code, "suppressions", "show", who)
    assert "There is no recipient q@x.test" in keyboard.refused(
        4, "suppressions", "release", "q@x.test", "--reason", "x"
    )
    assert (
        "no column email"
        in keyboard.type("suppressions", "import", csv(keyboard, "a,b\n")).complaint
    )
    assert listed(keyboard) == {"people": [], "domains": []}


@IN_A_FILE
@pytest.mark.rule("M7", "F1")
def test_no_event_of_a_suppression_holds_an_address(keyboard: Keyboard) -> None:
    under_way(keyboard)
    keyboard.do("suppressions", "add", "planted@other.test")
    keyboard.do("recipients", "complained", P1, "--campaign", SPRING)

    with keyboard.opened() as opened:
        states = [json.loads(row[4]) for row in opened.store.read(0, 1_000).rows]
    assert "planted" not in json.dumps(states)
    suppressed = {each.get("because") for each in states} & {*SuppressedBecause}
    assert suppressed == {SuppressedBecause.OPERATOR, SuppressedBecause.COMPLAINED}


@IN_A_FILE
@pytest.mark.rule("M5")
def test_an_automatic_reply_is_recorded_and_holds_until_its_date(keyboard: Keyboard) -> None:
    under_way(keyboard)
    away = ("recipients", "away", P0, "--campaign", SPRING)

    assert "is active" in keyboard.do(*away)
    held = keyboard.json(*away, "--until", "2999-01-01T00:00:00Z")
    assert held["recipient"]["status"] == "held"
    assert "has no zone" in keyboard.refused(2, *away, "--until", "2999-01-01T00:00:00")


@IN_A_FILE
@pytest.mark.rule("M7", "M6")
def test_a_person_may_be_suppressed_while_the_store_is_fenced(keyboard: Keyboard) -> None:
    under_way(keyboard)
    with keyboard.opened() as opened:
        opened.fence.close("it came from a backup")

    keyboard.do("suppressions", "add", P1)
    assert "store_fenced" in keyboard.refused(
        3, "suppressions", "release", P1, "--reason", "x", "--yes"
    )
