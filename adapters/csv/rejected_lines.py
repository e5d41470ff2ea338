"""The report of an import: a CSV file with a row for each line that brought nobody.

It is the importer's own file about his own data, so it may show what stood there.
"""

import csv
from typing import IO

from engine.answers.telling.one_line import one_line
from engine.work.ports import RejectedLine

_BEGIN_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


class RejectedLines:
    """Writes into a file of octets, and nothing before the first rejected line."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._rows = csv.writer(self, lineterminator="\n")
        self._begun = False

    def add(self, rejected: RejectedLine) -> None:
        if not self._begun:
            self._begun = True
            self._rows.writerow(RejectedLine._fields)
        number, *texts = rejected
        self._rows.writerow([number, *(harmless(one_line(str(each))) for each in texts)])

    def write(self, text: str) -> int:
        """For the CSV writer."""
        return self._file.write(text.encode())


def harmless(text: str) -> str:
    """The text, so that no spreadsheet takes it for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(_BEGIN_A_FORMULA) else text
