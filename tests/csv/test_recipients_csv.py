"""A recipients file may hold anything; what comes out is people, or a line to tell about."""

import csv
import io
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.csv.errors import (
    CannotOpenError,
    DuplicateColumnError,
    MissingColumnError,
    NotCsvError,
    NotUtf8Error,
    RecipientsFileError,
)
from adapters.csv.recipients_csv import LONGEST_LINE, RecipientsFile
from engine.work.ports import Person, RejectedLine

RECIPIENTS = Path(__file__).parents[2] / "examples" / "recipients.csv"
Found = Person | RejectedLine


def read(tmp_path: Path, content: bytes | str, **names: str) -> list[Found]:
    path = tmp_path / "people.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return [*found_in(path, **names)]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "people.csv"
    path.write_text(text, encoding="utf-8")
    return path


def found_in(path: Path, **names: str) -> Iterator[Found]:
    return (found for _, found in RecipientsFile(path, names).lines())


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
    assert first == RejectedLine(
        2, "email", "has a character that is not ASCII: U+00EB ë", "zoë@example.com"
    )
    assert second == Person("ada@example.com", "Zoë Ä", {"name": "Zoë Ä"})


NO_MAILBOX = "what stands before the @ cannot be the name of a mailbox"
NO_DOMAIN = "what follows the @ is no domain such as example.com"
BLANK = "it has a blank or a control character inside"
TOO_LONG = "it is too long; at most 254 characters, 64 of them before the @"


@pytest.mark.parametrize(
    ("address", "problem"),
    [
        ("no-at-sign", "is no email address: it has no @"),
        ("a@b", f"is no email address: {NO_DOMAIN}"),
        ("a@@example.com", "is no email address: it has more than one @"),
        ("a b@example.com", f"is no email address: {BLANK}"),
        ("a@example.com>", f"is no email address: {NO_DOMAIN}"),
        (".a@example.com", f"is no email address: {NO_MAILBOX}"),
        ("a@-example.com", f"is no email address: {NO_DOMAIN}"),
        ("a@example.com\nBcc: x", f"is no email address: {BLANK}"),
        ("a@example.com\x00", f"is no email address: {BLANK}"),
        (f"{'a' * 65}@example.com", f"is no email address: {TOO_LONG}"),
        (f"a@{'b.' * 130}example.com", f"is no email address: {TOO_LONG}"),
        ("\u212aai@example.com", "has a character that is not ASCII: U+212A \u212a"),
        ("a@b\u200d.com", "has a character that is not ASCII: U+200D"),
        ("a@-ü.com", "is no email address: its domain is none (Label must not"),
        ("a@\u2603.com", "is no email address: its domain is none (Codepoint U+2603"),
        ("", "is empty"),
    ],
)
def test_what_is_no_address_is_rejected_with_the_reason_and_what_stood_there(
    tmp_path: Path, address: str, problem: str
) -> None:
    found, other = read(tmp_path, f'email,name\n"{address}",x\nok@example.com,Ok\n')
    assert isinstance(found, RejectedLine)
    assert (found.line, found.column, found.value) == (2, "email", address)
    assert found.problem.startswith(problem)
    assert isinstance(other, Person)


@pytest.mark.parametrize(
    ("line", "rejected"),
    [
        ("a@example.com", RejectedLine(2, "name", "is missing")),
        (
            "a@example.com,x,y",
            RejectedLine(2, "name", "more fields follow than the header has", "y"),
        ),
    ],
)
def test_a_line_of_another_length_is_rejected(
    tmp_path: Path, line: str, rejected: RejectedLine
) -> None:
    assert read(tmp_path, f"email,name\n{line}\n") == [rejected]


def test_a_duplicate_names_the_line_it_repeats(tmp_path: Path) -> None:
    found = read(tmp_path, "email\na@example.com\n\nb@example.com\n A@EXAMPLE.com\n")
    problem = "is the same address as on line 2"
    assert found[2] == RejectedLine(5, "email", problem, " A@EXAMPLE.com")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("zoe@bücher.example", "ZOE@xn--bcher-kva.example"),
        ("zoe@xn--bcher-kva.example", "zoe@BÜCHER.example"),
        ("zoe@bu\u0308cher.example", "zoe@bücher.example"),
    ],
)
def test_a_domain_is_kept_as_given_and_compared_in_its_ascii_form(
    tmp_path: Path, one: str, other: str
) -> None:
    person, rejected = read(tmp_path, f"email\n{one}\n{other}\n")
    assert person == Person(one)
    assert isinstance(rejected, RejectedLine)
    assert rejected.problem == "is the same address as on line 2"


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_what_separates_columns_is_told_from_the_header(
    tmp_path: Path, separator: str, mark: str
) -> None:
    text = f'{mark}name{separator}"email"\n"Ada, of; A"{separator}a@example.com\n'
    assert read(tmp_path, text) == [Person("a@example.com", "Ada, of; A", {"name": "Ada, of; A"})]


def test_other_separators_inside_a_name_of_a_column_do_not_count(tmp_path: Path) -> None:
    (found,) = read(tmp_path, "email,a;b;c;d\na@example.com,x\n")
    assert found == Person("a@example.com", "", {"a;b;c;d": "x"})


@pytest.mark.parametrize("header", ["email,name,Email", "email,Name,name", "a;email;b; A "])
def test_a_column_twice_is_refused(tmp_path: Path, header: str) -> None:
    with pytest.raises(DuplicateColumnError, match="twice"):
        read(tmp_path, f"{header}\na@example.com,b@example.com,c\n")


def test_columns_without_a_name_are_not_used(tmp_path: Path) -> None:
    assert read(tmp_path, "email,,\na@example.com,x,y\n") == [Person("a@example.com")]


def test_a_header_may_stand_on_several_lines(tmp_path: Path) -> None:
    ((line, found),) = RecipientsFile(
        written(tmp_path, '"Email\nAddress";name\na@b.cc;A\n'), {"email address": "email"}
    ).lines()
    assert (line, found) == (3, Person("a@b.cc", "A", {"name": "A"}))


def test_columns_of_another_name_are_taken_as_told(tmp_path: Path) -> None:
    text = "Email Address;Given;last_name\na@example.com;Ada;Abara\n"
    names = {"EMAIL ADDRESS": "email", "given": "first_name"}
    assert read(tmp_path, text, **names) == [
        Person("a@example.com", "Ada Abara", {"first_name": "Ada", "last_name": "Abara"})
    ]


def test_a_name_for_a_column_that_is_there_already_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DuplicateColumnError, match="email twice, as email and E-Mail"):
        read(tmp_path, "email,E-Mail\na@example.com,b@example.com\n", **{"E-Mail": "email"})


def test_a_name_for_a_column_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingColumnError, match="no column e-mail; its columns are email, name"):
        read(tmp_path, "email,name\na@example.com,A\n", **{"E-Mail": "name"})


def test_what_a_name_holds_stays_on_one_line(tmp_path: Path) -> None:
    (found,) = read(
        tmp_path, 'email,name\na@example.com,"Ada\r\nBcc: x@example.com\u202e\x1b[2J"\n'
    )
    assert isinstance(found, Person)
    assert found.name == "Ada Bcc: x@example.com [2J"


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(CannotOpenError, match="No such file"):
        list(found_in(tmp_path / "nowhere.csv"))
    with pytest.raises(CannotOpenError, match="directory"):
        list(found_in(tmp_path))


def test_another_encoding_is_told_with_its_line_after_the_lines_before(tmp_path: Path) -> None:
    path = tmp_path / "people.csv"
    path.write_bytes(b"email,name\na@example.com,Ada\nb@example.com,Zo\xeb\n")
    reading = found_in(path)
    assert isinstance(next(reading), Person)
    with pytest.raises(NotUtf8Error, match="line 3: not UTF-8"):
        next(reading)
    path.write_text("email,name\na@example.com,Ada\n", encoding="utf-16")
    with pytest.raises(NotUtf8Error, match="line 1"):
        list(found_in(path))


@pytest.mark.parametrize("header", ["", "\n\n", "mail,name\n", "email|name\n", "e;mail\n"])
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
        for found in found_in(path):
            assert isinstance(found, Person | RejectedLine)


def test_the_example_has_300_people_and_some_bad_lines() -> None:
    found = list(found_in(RECIPIENTS))
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
