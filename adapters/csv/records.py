"""What one record brings: a person, or what is wrong with it."""

import re
from collections.abc import Sequence

from adapters.csv.duplicate_addresses import Seen
from engine.answers.telling.one_line import one_line
from engine.work.addresses import ascii_form, normalised, recipient_problem
from engine.work.ports import Person, RejectedLine

LONGEST_VALUE = 10_000
NO_VARIABLE = "", "email"
_UNDECODED = re.compile("[\udc80-\udcff]")


def person_or_rejected(
    line: int, columns: Sequence[str], values: Sequence[str], seen: Seen
) -> Person | RejectedLine:
    if len(values) < len(columns):
        return RejectedLine(line, columns[len(values)], "is missing")
    if len(values) > len(columns):
        extra = values[len(columns)]
        return RejectedLine(line, columns[-1], "more fields follow than the header has", extra)
    given = values[columns.index("email")]
    problem = recipient_problem(given)
    if problem:
        return RejectedLine(line, "email", problem, given)
    address = normalised(given)
    earlier = seen.first_line(address if address.isascii() else ascii_form(address), line)
    if earlier != line:
        return RejectedLine(line, "email", f"is the same address as on line {earlier}", given)
    pairs = zip(columns, values, strict=True)
    return _person(address, {name: _value(text) for name, text in pairs if name not in NO_VARIABLE})


def _value(text: str) -> str:
    return text if text.isalnum() and len(text) <= LONGEST_VALUE else one_line(text, LONGEST_VALUE)


def undecodable(line: int, columns: Sequence[str], values: Sequence[str]) -> RejectedLine | None:
    """Names the column in which the first octet stands that is none of UTF-8; None if all are."""
    at = next((n for n, value in enumerate(values) if _UNDECODED.search(value)), None)
    if at is None:
        return None
    octets = values[at].encode("utf-8", "surrogateescape")
    column = columns[min(at, len(columns) - 1)]
    return RejectedLine(line, column, "is not UTF-8", octets.decode("utf-8", "backslashreplace"))


def _person(address: str, variables: dict[str, str]) -> Person:
    parts = (variables.get("first_name", ""), variables.get("last_name", ""))
    name = variables.get("name") or " ".join(filter(None, parts))
    return Person(address, one_line(name), variables)
