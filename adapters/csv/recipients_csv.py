"""Recipients from a CSV file, line by line: people to take, and lines to tell the user about.

The file is UTF-8, with or without a byte order mark, and begins with a header, whose columns are
separated by commas, semicolons or tabs. Only the column ``email`` is required. The name is the
column ``name``, or ``first_name`` and ``last_name``.
"""

import csv
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO

from adapters.csv.duplicate_addresses import Seen
from adapters.csv.errors import CannotOpenError, NotCsvError, NotUtf8Error
from adapters.csv.header import Header, read_header
from adapters.csv.records import person_or_rejected, undecodable
from engine.work.ports import Line

LONGEST_LINE = 1_000_000
"""Octets. Nothing longer is held in memory."""
NO_NAMES: Mapping[str, str] = MappingProxyType({})


class RecipientsFile:
    """A file of recipients (``Recipients``).

    ``names`` gives columns of the header another name: ``{"Email Address": "email"}``.
    ``skip_undecodable``: a line that is not UTF-8 is rejected by itself, not the whole file.
    """

    def __init__(
        self, path: Path, names: Mapping[str, str] = NO_NAMES, *, skip_undecodable: bool = False
    ) -> None:
        self.path = path
        self._names = names
        self._skip_undecodable = skip_undecodable

    def lines(self) -> Iterator[Line]:
        """Raises ``RecipientsFileError``, for an unreadable line when it is reached."""
        with self._opened() as file, Seen() as seen:
            reading = _Reading(self.path, file, skip_undecodable=self._skip_undecodable)
            delimiter, columns = reading.header(self._names)
            for line, values in reading.records(delimiter):
                rejected = self._skip_undecodable and undecodable(line, columns, values)
                yield line, rejected or person_or_rejected(line, columns, values, seen)

    def header(self) -> Header:
        with self._opened() as file:
            return _Reading(self.path, file, skip_undecodable=False).header(self._names)

    def count(self) -> int:
        """How many records there are. Raises every ``RecipientsFileError`` that reading would."""
        with self._opened() as file:
            reading = _Reading(self.path, file, skip_undecodable=self._skip_undecodable)
            header = reading.header(self._names)
            return sum(1 for _ in reading.records(header.delimiter))

    @contextmanager
    def _opened(self) -> Iterator[BinaryIO]:
        try:
            with self.path.open("rb") as file:
                yield file
        except OSError as error:
            raise CannotOpenError(self.path, error.strerror or error) from error


class _Reading:
    def __init__(self, path: Path, file: BinaryIO, *, skip_undecodable: bool) -> None:
        self._path = path
        self._file = file
        self._lines = 0
        self._skip_undecodable = skip_undecodable
        self._text = self._decoded_lines()

    def header(self, names: Mapping[str, str]) -> Header:
        """Of the first record that is not blank."""
        text = next((text for text in self._text if text.strip()), "")
        while text.count('"') % 2 and len(text) <= LONGEST_LINE:
            more = next(self._text, None)
            if more is None:
                raise NotCsvError(self._path, self._lines, "a quote is not closed")
            text += more
        return read_header(self._path, text, names)

    def records(self, delimiter: str) -> Iterator[tuple[int, list[str]]]:
        """Each record that is not blank, with the line on which it begins."""
        line = self._lines + 1
        try:
            for values in csv.reader(self._text, delimiter=delimiter, strict=True):
                if any(map(str.strip, values)):
                    yield line, values
                line = self._lines + 1
        except csv.Error as error:
            raise NotCsvError(self._path, line, error) from error

    def _decoded_lines(self) -> Iterator[str]:
        next_line = self._file.readline
        while raw := next_line(LONGEST_LINE + 1):
            self._lines += 1
            if len(raw) > LONGEST_LINE:
                raise NotCsvError(self._path, self._lines, f"longer than {LONGEST_LINE} octets")
            yield raw.decode("ascii") if raw.isascii() else self._decoded(raw)

    def _decoded(self, raw: bytes) -> str:
        """Octets that are none of UTF-8 stay, as surrogates, where they are to be skipped."""
        encoding = "utf-8-sig" if self._lines == 1 else "utf-8"
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            if self._lines == 1 or not self._skip_undecodable:
                raise NotUtf8Error(self._path, self._lines) from None
            return raw.decode(encoding, "surrogateescape")
