"""Until when somebody is away, by explicit patterns: what is ambiguous is no date (M5).

A library would guess: ``09.03.`` as September, a telephone number as a year.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from adapters.mail.inbound import date_words as words

LETTERS = 20_000
"""Of a text; somebody who is away says so early."""
FARTHEST = timedelta(days=730)
PAST = timedelta(days=120)
"""A date without a year that was so long ago at most is past, else the next one is meant."""
BEFORE, AFTER = 8, 6
"""Words between a date and what makes it an end."""

_TOKENS = re.compile(r"\d{1,12}|[^\W\d_]{1,40}|[^\w\s]|\n\s*\n")
_MONTH = {name: at for at, row in enumerate(words.MONTHS, start=1) for name in row.split()}
_UNTIL = {word: language for language, row in words.UNTIL.items() for word in row.split()}
_PASSED_OVER = frozenset(words.PASSED_OVER.split())
_AFTERWARDS, _JOINING = frozenset(words.AFTERWARDS.split()), frozenset(words.JOINING.split())
_SHORT_DAYS = frozenset(words.SHORT_DAYS.split())
_NOT_AN_ABSENCE = frozenset(words.NOT_AN_ABSENCE.split())
_ENGLISH_ORDINALS = frozenset(("st", "nd", "rd", "th"))
_ORDINALS = _ENGLISH_ORDINALS | {"er", "o", "a", "e", "°", "."}
_OF = frozenset(("of", "de", "del", "di", "d", "'", ",", "."))
_POLISH = frozenset(words.POLISH_MONTHS.split())


class Found(NamedTuple):
    """A date in the text, from token ``begin`` up to ``end``; ``year`` None where none is said.

    ``swapped`` is the other reading, month first, where both are possible.
    """

    begin: int
    end: int
    year: int | None
    month: int
    day: int
    swapped: bool = False


def until(text: str, today: date) -> date | None:
    """The latest date that ends an absence. ``text`` is in ``plain`` letters, ``today`` the day
    on which it was written."""
    tokens = _TOKENS.findall(text[:LETTERS].replace("t/m", "tot"))
    ends = (_dated(each, today) for each in _ends(tokens))
    return max((each for each in ends if each and each <= today + FARTHEST), default=None)


def _ends(tokens: Sequence[str]) -> Iterator[Found]:
    before: Found | None = None
    at = 0
    while at < len(tokens):
        found = _date_at(tokens, at)
        if found is None:
            at += 1
            continue
        language = _language_of_end(tokens, found) or _of_range(tokens, found, before)
        if language and not _speaks_of_else(tokens, found.begin):
            through = _through(tokens, found)
            if through or not found.swapped or language != "en":
                yield through or found
        elif through := _through(tokens, found):
            yield through
        before, at = found, found.end


def _language_of_end(tokens: Sequence[str], found: Found) -> str | None:
    at = found.begin - 1
    for _ in range(BEFORE):
        word = tokens[at] if at >= 0 else ""
        if word in _UNTIL and not (word == "do" and _of_portuguese(tokens, found, at)):
            return _UNTIL[word]
        dot = word == "." and at > 0 and tokens[at - 1] in _SHORT_DAYS
        if word not in _PASSED_OVER and word not in _SHORT_DAYS and not dot:
            break
        at -= 1
    for word in tokens[found.end : found.end + AFTER]:
        if word in {".", ";", "!", "?"} or "\n" in word:
            break
        if word in _AFTERWARDS:
            return "en" if word in {"back", "again"} else "other"
    return None


def _of_portuguese(tokens: Sequence[str], found: Found, at: int) -> bool:
    """``do`` is Polish for until, Portuguese for of the, and short for Donderdag."""
    month = next((each for each in tokens[found.begin : found.end] if each in _MONTH), None)
    return (month is not None and month not in _POLISH) or (at > 0 and tokens[at - 1] == "partir")


def _of_range(tokens: Sequence[str], found: Found, before: Found | None) -> str | None:
    """Is it the second date of ``5.5. - 9.5.``, or of ``10 - 31 July``?"""
    at = found.begin - 1
    while at > 0 and tokens[at] in _PASSED_OVER - _JOINING:
        at -= 1
    if at < 1 or tokens[at] not in _JOINING:
        return None
    first = tokens[at - 2] if tokens[at - 1] in _ORDINALS else tokens[at - 1]
    if before is not None and at - before.end in {0, 1}:
        return "other"
    named = any(each in _MONTH for each in tokens[found.begin : found.end])
    return "other" if named and _number(first, 31) else None


def _through(tokens: Sequence[str], found: Found) -> Found | None:
    """``July 10-31``: the second day."""
    dash, day = (*tokens[found.end : found.end + 2], "", "")[:2]
    behind = (*tokens[found.end + 2 : found.end + 3], "")[0]
    named_first = tokens[found.begin] in _MONTH
    if named_first and dash == "-" and _number(day, 31) and behind not in {"/", ":", "-", *_MONTH}:
        return found._replace(day=int(day), end=found.end + 2)
    return None


def _speaks_of_else(tokens: Sequence[str], at: int) -> bool:
    sentence = []
    for word in reversed(tokens[max(0, at - 12) : at]):
        if word in {"!", "?", ";"} or "\n" in word:
            break
        sentence.append(word)
    return not _NOT_AN_ABSENCE.isdisjoint(sentence)


def _date_at(tokens: Sequence[str], at: int) -> Found | None:
    if at and tokens[at - 1] in {"+", "/"} and tokens[at].isdigit():
        return None
    if tokens[at] in _MONTH:
        return _month_first(tokens, at)
    if _number(tokens[at], 31):
        return _numeric(tokens, at) or _day_first(tokens, at)
    return _iso(tokens, at) if len(tokens[at]) == 4 and tokens[at].isdigit() else None


def _month_first(tokens: Sequence[str], at: int) -> Found | None:
    """``May 5th, 2026``."""
    day = at + 2 if tokens[at + 1 : at + 2] == ["."] else at + 1
    if day >= len(tokens) or not _number(tokens[day], 31) or tokens[day + 1 : day + 2] == [":"]:
        return None
    ordinal = [*tokens[day + 1 : day + 2], ""][0] in _ENGLISH_ORDINALS
    year, end = _year(tokens, day + 1 + ordinal)
    return Found(at, end, year, _MONTH[tokens[at]], int(tokens[day]))


def _day_first(tokens: Sequence[str], at: int) -> Found | None:
    """``5. Mai 2026``, ``5th of May``, ``5 de mayo de 2026``, ``1er mai``."""
    month = at + 1
    while month < min(at + 4, len(tokens)) and tokens[month] in _ORDINALS | _OF:
        month += 1
    if month >= len(tokens) or tokens[month] not in _MONTH:
        return None
    year, end = _year(tokens, month + 1)
    return Found(at, end, year, _MONTH[tokens[month]], int(tokens[at]))


def _numeric(tokens: Sequence[str], at: int) -> Found | None:
    """``05.05.``, ``05/05/2026``, ``5-5-26``."""
    first, mark, second, again, third = (*tokens[at : at + 5], *[""] * 5)[:5]
    if mark not in {".", "/", "-"} or not _number(second, 31):
        return None
    year, end = None, at + 3
    if again == mark:
        end += mark == "."
        if len(third) in {2, 4} and third.isdigit():
            year, end = int(third) + (2000 if len(third) == 2 else 0), at + 5
    if year is None and (mark == "-" or (mark == "." and again != ".")):
        return None
    day, month = int(first), int(second)
    swapped = mark != "." and day <= 12 and month <= 12 and day != month
    if month > 12:
        day, month = month, day
    return Found(at, end, year, month, day, swapped) if month <= 12 else None


def _iso(tokens: Sequence[str], at: int) -> Found | None:
    year, dash, month, again, day = (*tokens[at : at + 5], *[""] * 5)[:5]
    if (dash, again) != ("-", "-") or not _number(month, 12) or not _number(day, 31):
        return None
    return Found(at, at + 5, int(year), int(month), int(day))


def _year(tokens: Sequence[str], at: int) -> tuple[int | None, int]:
    """The year behind day and month, if one stands there, and the token after it."""
    then = at
    while then < min(at + 3, len(tokens)) and tokens[then] in _OF:
        then += 1
    if then < len(tokens) and len(tokens[then]) == 4 and tokens[then].startswith("20"):
        return (int(tokens[then]), then + 1) if tokens[then].isdecimal() else (None, at)
    return None, at


def _number(token: str, most: int) -> bool:
    return token.isascii() and token.isdecimal() and len(token) <= 2 and 1 <= int(token) <= most


def _dated(found: Found, today: date) -> date | None:
    """Without a year: the last such date if it is past but lately, else the next one (``PAST``)."""
    years = range(today.year - 1, today.year + 2) if found.year is None else [found.year]
    dates = [each for year in years if (each := _valid(year, found))]
    return next((each for each in dates if found.year or each >= today - PAST), None)


def _valid(year: int, found: Found) -> date | None:
    try:
        return date(year, found.month, found.day)
    except ValueError:
        return None
