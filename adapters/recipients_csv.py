"""Recipients from a CSV file, line by line: people to take, and lines to tell the user about.

The file is UTF-8, with or without a byte order mark, and begins with a header. Only the column
``email`` is required. The name is the column ``name``, or ``first_name`` and ``last_name``.
"""

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, NamedTuple

from adapters.addresses import address_problem, normalised
from adapters.one_line import one_line
from adapters.people import Person

LONGEST_LINE = 1_000_000
"""Octets. Nothing longer is held in memory."""
LONGEST_VALUE = 10_000


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


def read_recipients(path: Path) -> Iterator[Person | RejectedLine]:
    """The file's people and rejected lines, in order; only the addresses seen stay in memory.

    Raises ``RecipientsFileError``, for an unreadable line when it is reached.
    """
    try:
        with path.open("rb") as file:
            yield from _Reading(path, file)
    except OSError as error:
        raise CannotOpenError(path, error.strerror or error) from error


class _Reading:
    def __init__(self, path: Path, file: BinaryIO) -> None:
        self._path = path
        self._lines = 0
        self._records = csv.reader(self._text(file), strict=True)
        self._first_seen: dict[str, int] = {}

    def __iter__(self) -> Iterator[Person | RejectedLine]:
        records = self._numbered()
        _, header = next(records, (1, []))
        columns = [one_line(name).lower() for name in header]
        if "email" not in columns:
            raise MissingColumnError(self._path, "email", ", ".join(columns) or "none")
        for line, values in records:
            yield self._person(line, columns, values)

    def _text(self, file: BinaryIO) -> Iterator[str]:
        while raw := file.readline(LONGEST_LINE + 1):
            self._lines += 1
            if len(raw) > LONGEST_LINE:
                raise NotCsvError(self._path, self._lines, f"longer than {LONGEST_LINE} octets")
            try:
                yield raw.decode("utf-8-sig" if self._lines == 1 else "utf-8")
            except UnicodeDecodeError:
                raise NotUtf8Error(self._path, self._lines) from None

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

    def _person(
        self, line: int, columns: Sequence[str], values: Sequence[str]
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
        earlier = self._first_seen.setdefault(address, line)
        if earlier != line:
            return RejectedLine(line, "email", f"stands on line {earlier} already")
        return _person(address, {name: one_line(row[name], LONGEST_VALUE) for name in row})


def _person(address: str, variables: dict[str, str]) -> Person:
    parts = (variables.get("first_name", ""), variables.get("last_name", ""))
    name = variables.get("name") or " ".join(part for part in parts if part)
    return Person(address, one_line(name), variables)
