"""A header: what separates columns, and what they are called."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from adapters.csv.errors import DuplicateColumnError, MissingColumnError, NotCsvError
from engine.answers.telling.one_line import one_line

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs"}
REQUIRED = "email"


class Header(NamedTuple):
    """``columns`` are lower-cased; one without a name is never used."""

    delimiter: str
    columns: Sequence[str]

    @property
    def separated_by(self) -> str:
        return DELIMITERS[self.delimiter]


def read_header(path: Path, record: str, names: Mapping[str, str]) -> Header:
    """The header, a record in which every quote is closed; ``names`` gives columns another name.

    Raises ``RecipientsFileError``.
    """
    renamed = {_plain(each): _plain(name) for each, name in names.items()}
    readings = [(each, _cells(path, record, each)) for each in DELIMITERS]
    asked = {*renamed, *({REQUIRED} - {*renamed.values()})}
    delimiter, cells = max(readings, key=lambda each: _fit(each[1], asked))
    for missing in sorted(asked - {_plain(each) for each in cells}):
        known = ", ".join(map(one_line, cells)) or "none"
        raise MissingColumnError(path, missing, known)
    columns = [renamed.get(_plain(each), _plain(each)) for each in cells]
    _refuse_duplicates(path, cells, columns)
    return Header(delimiter, columns)


def _fit(cells: Sequence[str], asked: set[str]) -> tuple[int, int]:
    """How many of the columns that must be there are, and how many there are in all."""
    found = {_plain(each) for each in cells}
    return len(asked & found), len(cells)


def _cells(path: Path, record: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([record], delimiter=delimiter), [])
    except csv.Error as error:
        raise NotCsvError(path, 1, error) from error


def _refuse_duplicates(path: Path, cells: Sequence[str], columns: Sequence[str]) -> None:
    first: dict[str, str] = {}
    for cell, column in zip(cells, columns, strict=True):
        if column and column in first:
            raise DuplicateColumnError(path, column, one_line(first[column]), one_line(cell))
        first[column] = cell


def _plain(name: str) -> str:
    return one_line(name).lower()
