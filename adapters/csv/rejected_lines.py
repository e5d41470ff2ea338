"""The report of an import: a CSV file with a row for each line that brought nobody."""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from adapters.csv.recipients_csv import RecipientsFileError, RejectedLine

_BEGIN_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class CannotReportError(RecipientsFileError):
    sentence = "The report {} cannot be written: {}."


class RejectedLines:
    """Counts what it writes. No row holds anything of the person, so the report names nobody."""

    def __init__(self, file: TextIO) -> None:
        self.count = 0
        self._rows = csv.writer(file, lineterminator="\n")
        self._rows.writerow(RejectedLine._fields)

    def add(self, rejected: RejectedLine) -> None:
        self.count += 1
        self._rows.writerow([rejected.line, harmless(rejected.column), harmless(rejected.problem)])


@contextmanager
def rejected_lines(path: Path) -> Iterator[RejectedLines]:
    """A report at this path, instead of one that is there."""
    try:
        file = path.open("w", encoding="utf-8", newline="")
    except OSError as error:
        raise CannotReportError(path, error.strerror or error) from error
    with file:
        yield RejectedLines(file)


def harmless(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGIN_A_FORMULA) else text
