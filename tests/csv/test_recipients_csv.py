"""A recipients file may hold anything; what comes out is people, or a line to tell about."""

import csv
import io
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.csv.recipients_csv import (
    LONGEST_LINE,
    CannotOpenError,
    MissingColumnError,
    NotCsvError,
    NotUtf8Error,
    RecipientsFileError,
    RejectedLine,
    read_recipients,
)
from adapters.demo.run import RECIPIENTS
from engine.work.ports import Person


def read(tmp_path: Path, content: bytes | str) -> list[Person | RejectedLine]:
    path = tmp_path / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(read_recipients(path))


def test_people_come_with_normalised_address_name_and_variables(tmp_path: Path) -> None:
    text = "Email, First_Name,last_name,company\n  Ada@Example.COM ,Ada,Abara,Alder\n"
    assert read(tmp_path, text) == [
        Person(
            "ada@example.com",
            "Ada Abara",
            {"first_name": "Ada", "last_name": "Abara", "company": "Alder"},
        )
    ]


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_byte_order_mark_and_line_ends_do_not_matter(
    tmp_path: Path, mark: str, newline: str
) -> None:
    text = newline.join([f"{mark}email,name", "zoë@example.com,Zoë", "ada@example.com,Zoë Ä", ""])
    first, second = read(tmp_path, text)
    assert first == RejectedLine(2, "email", "has a character that is not ASCII")
    assert second == Person("ada@example.com", "Zoë Ä", {"name": "Zoë Ä"})


@pytest.mark.parametrize(
    ("line", "column", "problem"),
    [
        ("no-at-sign,x", "email", "is no email address"),
        ("a@b,x", "email", "is no email address"),
        ("a@@example.com,x", "email", "is no email address"),
        ("a b@example.com,x", "email", "is no email address"),
        ("a@example.com>,x", "email", "is no email address"),
        (".a@example.com,x", "email", "is no email address"),
        ("a@-example.com,x", "email", "is no email address"),
        ('"a@example.com\nBcc: b@example.com",x', "email", "is no email address"),
        ("a@example.com\x00,x", "email", "is no email address"),
        (f"{'a' * 65}@example.com,x", "email", "is no email address"),
        (f"a@{'b.' * 130}example.com,x", "email", "is no email address"),
        ("\u212aai@example.com,x", "email", "has a character that is not ASCII"),
        (",x", "email", "is empty"),
        ("a@example.com", "name", "is missing"),
        ("a@example.com,x,y", "name", "more fields follow than the header has"),
    ],
)
def test_a_bad_line_is_rejected_and_named(
    tmp_path: Path, line: str, column: str, problem: str
) -> None:
    found = read(tmp_path, f"email,name\n{line}\nok@example.com,Ok\n")
    assert found[0] == RejectedLine(2, column, problem)
    assert isinstance(found[1], Person)


def test_a_duplicate_names_the_line_it_repeats(tmp_path: Path) -> None:
    found = read(tmp_path, "email\na@example.com\n\nb@example.com\n A@EXAMPLE.com\n")
    assert found[2] == RejectedLine(5, "email", "stands on line 2 already")


def test_what_a_name_holds_stays_on_one_line(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path, 'email,name\na@example.com,"Ada\r\nBcc: x@example.com\u202e\x1b[2J"\n'
    )
    assert isinstance(found, Person)
    assert found.name == "Ada Bcc: x@example.com [2J"


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotOpenError, match="No such file"):
        list(read_recipients(tmp_path / "nowhere.csv"))
    with pytest.raises(CannotOpenError, match="directory"):
        list(read_recipients(tmp_path))


def test_another_encoding_is_told_with_its_line_after_the_lines_before(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\na@example.com,Ada\nb@example.com,Zo\xeb\n")
    reading = read_recipients(path)
    assert isinstance(next(reading), Person)
    with pytest.raises(NotUtf8Error, match="line 3: not UTF-8"):
        next(reading)
    path.write_text("email,name\na@example.com,Ada\n", encoding="utf-16")
    with pytest.raises(NotUtf8Error, match="line 1"):
        list(read_recipients(path))


@pytest.mark.parametrize("header", ["", "\n\n", "mail,name\n", "email;name\n"])
def test_a_missing_column_is_told_with_what_is_there(tmp_path: Path, header: str) -> None:
    with pytest.raises(MissingColumnError, match="no column email"):
        read(tmp_path, header)


def test_an_unclosed_quote_swallows_nothing_silently(tmp_path: Path) -> None:
    with pytest.raises(NotCsvError, match="line 3"):
        read(tmp_path, 'email,name\na@example.com,x\nb@example.com,"y\nc@example.com,z\n')


def test_an_endless_line_is_not_read_to_its_end(tmp_path: Path) -> None:
    with pytest.raises(NotCsvError, match="longer than"):
        read(tmp_path, b"email\n" + b"a" * (LONGEST_LINE + 1))


@given(st.lists(st.lists(st.text(max_size=20), max_size=4), max_size=20))
def test_whatever_a_spreadsheet_writes_is_read_or_told(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    text = io.StringIO()
    csv.writer(text).writerows([["email", "name"], *rows])
    path = tmp_path_factory.mktemp("csv") / "people.csv"
    path.write_bytes(text.getvalue().encode(errors="replace"))
    with suppress(RecipientsFileError):
        for found in read_recipients(path):
            assert isinstance(found, Person | RejectedLine)


def test_the_example_has_300_people_and_some_bad_lines() -> None:
    found = list(read_recipients(RECIPIENTS))
    people = [each for each in found if isinstance(each, Person)]
    assert len(people) == 300
    assert [each.line for each in found if isinstance(each, RejectedLine)] == [
        49,
        104,
        164,
        220,
        276,
    ]
    domains = {each.address.split("@")[1] for each in people}
    assert domains == {"example.com", "example.org", "example.net"}
