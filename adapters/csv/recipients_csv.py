"""Recipients from a CSV file, line by line: people to take, and lines to tell the user about.

The file is UTF-8, with or without a byte order mark, and begins with a header. Only the column
``email`` is required. The name is the column ``name``, or ``first_name`` and ``last_name``.
"""

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple

from adapters.csv.duplicate_addresses import Seen
from engine.answers.telling.one_line import one_line
from engine.work.addresses import address_problem, normalised
from engine.work.ports import Person

LONGEST_LINE = 1_000_000
"""Octets. Nothing longer is held in memory."""
LONGEST_VALUE = 10_000
_ESCAPED = re.compile("[\udc80-\udcff]")


class RecipientsFileError(Exception):
    """The file cannot be read as a list of recipients.

    ::

        RecipientsFileError
        ├── CannotOpenError  missing, a folder, not permitted
        ├── NotUtf8Error     another encoding
        ├── NotCsvError      no columns can be told apart
        └── MissingColumnError
    """

    sentence = "{}"

    def __init__(self, *about: object) -> None:
        super().__init__(self.sentence.format(*about))


class CannotOpenError(RecipientsFileError):
    sentence = "{} cannot be read: {}."


class NotUtf8Error(RecipientsFileError):
    sentence = "{}, line {}: not UTF-8. Save the file as CSV with the encoding UTF-8."


class NotCsvError(RecipientsFileError):
    sentence = "{}, line {}: not readable as CSV ({}). Correct the line and import again."


class MissingColumnError(RecipientsFileError):
    sentence = "{} has no column {}; its columns are {}. Separate columns by commas."


class RejectedLine(NamedTuple):
    """A line that brings nobody. ``line`` counts from 1, the header included."""

    line: int
    column: str
    problem: str


Read = tuple[int, Person | RejectedLine]
"""The line on which a record begins, and what it brings."""


def read_recipients(path: Path) -> Iterator[Person | RejectedLine]:
    """The file's people and rejected lines, in order, in bounded memory.

    Raises ``RecipientsFileError``, for an unreadable line when it is reached.
    """
    return (found for _, found in read_lines(path))


def read_lines(path: Path, *, skip_undecodable: bool = False) -> Iterator[Read]:
    """As ``read_recipients``, with line numbers.

    ``skip_undecodable``: a line that is not UTF-8 is rejected by itself, not the whole file.
    """
    with _opened(path) as file, Seen() as seen:
        yield from _Reading(path, file, skip_undecodable).people(seen)


def count_lines(path: Path, *, skip_undecodable: bool = False) -> int:
    """How many records there are. Raises every ``RecipientsFileError`` that reading would."""
    with _opened(path) as file:
        _, records = _Reading(path, file, skip_undecodable).table()
        return sum(1 for _ in records)


@contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    try:
        with path.open("rb") as file:
            yield file
    except OSError as error:
        raise CannotOpenError(path, error.strerror or error) from error


class _Reading:
    def __init__(self, path: Path, file: BinaryIO, skip_undecodable: bool) -> None:
        self._path = path
        self._lines = 0
        self._skip_undecodable = skip_undecodable
        self._undecodable = False
        self._records = csv.reader(self._text(file), strict=True)

    def table(self) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
        """The columns, and each record that follows."""
        records = self._numbered()
        _, header = next(records, (1, []))
        columns = [one_line(name).lower() for name in header]
        if "email" not in columns:
            raise MissingColumnError(self._path, "email", ", ".join(columns) or "none")
        return columns, records

    def people(self, seen: Seen) -> Iterator[Read]:
        columns, records = self.table()
        for line, values in records:
            if self._undecodable:
                self._undecodable = False
                yield line, RejectedLine(line, _undecodable(columns, values), "is not UTF-8")
            else:
                yield line, _found(line, columns, values, seen)

    def _text(self, file: BinaryIO) -> Iterator[str]:
        while raw := file.readline(LONGEST_LINE + 1):
            self._lines += 1
            if len(raw) > LONGEST_LINE:
                raise NotCsvError(self._path, self._lines, f"longer than {LONGEST_LINE} octets")
            yield self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        encoding = "utf-8-sig" if self._lines == 1 else "utf-8"
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            if self._lines == 1 or not self._skip_undecodable:
                raise NotUtf8Error(self._path, self._lines) from None
            self._undecodable = True
            return raw.decode(encoding, "surrogateescape")

    def _numbered(self) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it begins."""
        while True:
            line = self._lines + 1
            try:
                values = next(self._records, None)
            except csv.Error as error:
                raise NotCsvError(self._path, line, error) from error
            if values is None:
                return
            if any(value.strip() for value in values):
                yield line, values


def _undecodable(columns: Sequence[str], values: Sequence[str]) -> str:
    """The column in which the first octet stands that is none of UTF-8."""
    named = zip(columns, values, strict=False)
    return next((column for column, value in named if _ESCAPED.search(value)), columns[0])


def _found(
    line: int, columns: Sequence[str], values: Sequence[str], seen: Seen
) -> Person | RejectedLine:
    if len(values) < len(columns):
        return RejectedLine(line, columns[len(values)], "is missing")
    if len(values) > len(columns):
        return RejectedLine(line, columns[-1], "more fields follow than the header has")
    row = dict(zip(columns, values, strict=True))
    problem = address_problem(row["email"])
    if problem:
        return RejectedLine(line, "email", problem)
    address = normalised(row.pop("email"))
    earlier = seen.first_line(address, line)
    if earlier != line:
        return RejectedLine(line, "email", f"stands on line {earlier} already")
    return _person(address, {name: one_line(text, LONGEST_VALUE) for name, text in row.items()})


def _person(address: str, variables: dict[str, str]) -> Person:
    parts = (variables.get("first_name", ""), variables.get("last_name", ""))
    name = variables.get("name") or " ".join(filter(None, parts))
    return Person(address, one_line(name), variables)
