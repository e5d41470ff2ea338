"""Listing, showing and forgetting recipients at the keyboard."""

from pathlib import Path

import pytest

from tests.cli.keyboard import IN_A_FILE, Keyboard, people_file
from tests.law.story import ANN, BOB, SPRING, hear_from


@pytest.fixture
def filled(keyboard: Keyboard) -> Keyboard:
    """p0 was stopped in spring, by an hour that ran out."""
    keyboard.campaign(people_file(keyboard.folder / "p.csv", 4))
    keyboard.behind(*hear_from(ANN, str(keyboard.id_of("p0@example.com"))))
    return keyboard


def stop_p0(keyboard: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDLEDGER_GRACE_PERIOD", "PT0.000001S")
    keyboard.do("accounts", "disconnect", ANN, "--yes")
    keyboard.do("campaigns", "show", SPRING)
    monkeypatch.delenv("SENDLEDGER_GRACE_PERIOD")


def octets(keyboard: Keyboard) -> bytes:
    """Of the store's files, where it is one that has files of its own."""
    files = keyboard.folder.glob(f"{keyboard.file.name}*")
    return b"".join(path.read_bytes() for path in files)


def test_recipients_are_listed_with_names_filters_and_pages(filled: Keyboard) -> None:
    told = filled.json("recipients", "list", "--campaign", SPRING, "--names")
    assert told["total"] == 4
    assert {each["address"] for each in told["recipients"]} == {
        f"p{n}@example.com" for n in range(4)
    }
    of_ann = filled.json("recipients", "list", "--campaign", SPRING, "--sender", ANN.upper())
    assert of_ann["total"] == 1
    page = filled.json("recipients", "list", "--campaign", SPRING, "--offset", 3, "--limit", 3)
    assert (len(page["recipients"]), page["total"]) == (1, 4)
    assert "recipients" in filled.do("recipients", "list", "--campaign", SPRING, "--names")
    assert "p0@example.com" in filled.do("recipients", "show", "p0@example.com")


def test_a_recipient_is_shown_by_id_and_by_address(filled: Keyboard) -> None:
    by_address = filled.json("recipients", "show", " P0@example.com")
    assert list(by_address) == ["recipient_id", "person", "forgotten_at", "campaigns"]
    assert by_address["person"]["name"] == "Person 0"
    assert filled.json("recipients", "show", by_address["recipient_id"]) == by_address
    assert by_address["campaigns"][0]["sender"] == ANN


@pytest.mark.parametrize(
    ("code", "words", "said"),
    [
        (2, ("list",), "Name the campaign"),
        (4, ("list", "--campaign", "sprung"), f"Did you mean {SPRING}"),
        (4, ("show", "nobody@example.com"), "no recipient nobody@example.com"),
        (4, ("forget", "nobody", "--yes"), "no recipient nobody"),
        (2, ("list", "--campaign", SPRING, "--stopped-since", "2026-01-01T00:00"), "no zone"),
        (2, ("list", "--campaign", SPRING, "--stopped-since", "yesterday"), "Expected a time"),
    ],
)
def test_what_cannot_be_done_is_told(
    filled: Keyboard, code: int, words: tuple[str, ...], said: str
) -> None:
    assert said in filled.refused(code, "recipients", *words)


def test_an_unknown_id_names_the_nearest(filled: Keyboard) -> None:
    known = str(filled.id_of("p1@example.com"))
    wrong = known[:-1] + ("0" if known[-1] != "0" else "1")

    assert f"Did you mean {known}" in filled.refused(4, "recipients", "show", wrong)


def test_forgetting_asks_first(filled: Keyboard) -> None:
    declined = filled.type("recipients", "forget", "p1@example.com", answer="n\n")

    assert declined.code == 1
    assert filled.id_of("p1@example.com")


@IN_A_FILE
@pytest.mark.rule("F1")
def test_the_forgotten_leave_no_octet_and_a_history_that_is_whole(filled: Keyboard) -> None:
    recipient_id = str(filled.id_of("p1@example.com"))
    assert b"p1@example.com" in octets(filled)

    told = filled.json("recipients", "forget", "p1@example.com", "--yes")

    assert list(told) == ["recipient_id", "forgotten_at", "stopped_in"]
    assert (told["recipient_id"], told["stopped_in"]) == (recipient_id, [])
    for trace in (b"p1@example.com", b"Person 1"):
        assert trace not in octets(filled)
    shown = filled.json("recipients", "show", recipient_id)
    assert (shown["person"], shown["forgotten_at"]) == (None, told["forgotten_at"])
    assert shown["campaigns"][0]["campaign_id"] == SPRING
    assert (
        filled.json("recipients", "forget", recipient_id, "--yes")["forgotten_at"]
        == (told["forgotten_at"])
    )


@pytest.mark.rule("F1")
def test_imported_again_the_forgotten_are_new_people(filled: Keyboard) -> None:
    before = filled.id_of("p1@example.com")
    filled.do("recipients", "forget", "p1@example.com", "--yes")

    told = filled.json("campaigns", "import", SPRING, filled.folder / "p.csv")

    assert (told["taken"], told["known"]) == (1, 3)
    assert filled.id_of("p1@example.com") not in (None, before)


@pytest.mark.rule("S4", "F1")
def test_who_was_stopped_stays_refused_after_being_forgotten(
    filled: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = filled.folder / "p.csv"
    stop_p0(filled, monkeypatch)
    told = filled.json("recipients", "forget", "p0@example.com", "--yes")
    assert told["stopped_in"] == [SPRING]

    again = filled.json("campaigns", "import", SPRING, people)

    assert (again["taken"], again["known"], again["stopped"]) == (0, 3, 1)
    report = Path(again["report"]).read_text().splitlines()
    assert report[1] == '2,email,"was stopped in this campaign before, for good",'
    assert b"p0@example.com" not in octets(filled)
    filled.do("campaigns", "create", "summer", "--from", BOB)
    assert filled.json("campaigns", "import", "summer", people)["taken"] == 4
    assert filled.json("campaigns", "import", SPRING, people)["stopped"] == 1


@pytest.mark.rule("S4", "F1")
def test_who_is_stopped_only_after_being_forgotten_is_refused_all_the_same(
    filled: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled.do("recipients", "forget", "p0@example.com", "--yes")
    stop_p0(filled, monkeypatch)

    again = filled.json("campaigns", "import", SPRING, filled.folder / "p.csv")

    assert (again["taken"], again["known"], again["stopped"]) == (0, 3, 1)
