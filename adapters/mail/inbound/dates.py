"""Until when somebody is away, by explicit patterns: what is ambiguous is not a date (M5).

A library would guess: ``09.03.`` as September, a telephone number as a year.
"""

import re
from collections.abc import Sequence
from datetime import date, timedelta

from adapters.mail.inbound import date_words as words

LETTERS = 20_000
"""Characters of a text that are read; somebody who is away says so early."""
FARTHEST = timedelta(days=730)
PAST = timedelta(days=120)
"""A date without a year means the first one that is not further back than this."""


def _any(row: str) -> str:
    return "|".join(sorted(map(re.escape, row.split()), key=len, reverse=True))


_MONTH = {name: at for at, row in enumerate(words.MONTHS, start=1) for name in row.split()}
_UNTIL = {word: language for language, row in words.UNTIL.items() for word in row.split()}
_NAME, _TH = _any(" ".join(_MONTH)), r"(?:st|nd|rd|th)?"
_DATE = re.compile(
    r"\b(?P<iso>20\d\d-\d\d-\d\d)\b"
    r"|\b(?P<day>\d{1,2})(?:st|nd|rd|th|er|[oae°])?\.? {0,2}(?:of |de |del |di |d')?"
    rf"(?P<month>{_NAME})\b\.?(?:,? (?:de |del )?(?P<year>20\d\d)\b)?"
    rf"|\b(?P<named>{_NAME})\b\.? (?P<on>\d{{1,2}}){_TH}\b(?!:)"
    rf"(?: ?(?:-|to|through|thru) ?(?:the )?(?P<to>\d{{1,2}}){_TH}\b"
    rf"(?![:/]|\.\d| ?[ap]m\b| (?:{_NAME})))?"
    r"(?:,? (?P<in>20\d\d)\b)?"
    r"|(?<![\d+])(?<![./]\d)(?P<first>\d{1,2})(?P<mark>[./-])(?P<second>\d{1,2})(?!\d)"
    r"(?:(?P=mark)(?P<short>20\d\d|\d\d(?!\d|[:.]\d))?)?(?!\d|:| ?(?:uhr|h|[ap]m)\b)"
)
_GAP = rf"(?:[ '(*:,_/-]|\b(?:{_any(words.PASSED_OVER)})\b|\b(?:{_any(words.SHORT_DAYS)})\b\.?)"
_BEFORE = re.compile(rf"\b(?P<until>{_any(' '.join(_UNTIL))})\b{_GAP}{{0,16}}$")
_AFTER = re.compile(rf"(?: [^.;!?\n ]+){{0,5}} (?:(?P<back>back|again)|{_any(words.AFTERWARDS)})\b")
_RANGE = re.compile(
    rf"(?:^| )(?:(?P<en>to|through|thru)|{_any(words.JOINING)}) {_GAP}{{0,16}}$|(?P<dash>-) ?$"
)
_FROM = re.compile(rf"\b\d{{1,2}}(?:st|nd|rd|th|er|[oae°])?\.? ?(?:-|{_any(words.JOINING)}) ?$")
_ELSE = re.compile(rf"\b(?:{_any(words.NOT_AN_ABSENCE)})\b")

Found = re.Match[str]


def until(text: str, today: date) -> date | None:
    """The latest date that ends an absence. ``text`` is in ``plain`` letters; ``today`` is the day
    on which it was written."""
    text = re.sub(r"\n\s*\n", "\n", text[:LETTERS].replace("t/m", "tot"))
    text = re.sub(r"[^\S\n]+|(?<![.!?;\n])\n", " ", text)
    dates = list(_DATE.finditer(text))
    order = _order(dates)
    ends = [
        _dated(each, language, order, today)
        for at, each in enumerate(dates)
        if (language := _ending(text, each, dates[at - 1] if at else None))
    ]
    return max((each for each in ends if each and each <= today + FARTHEST), default=None)


def _ending(text: str, found: Found, previous: Found | None) -> str | None:
    """The language in which the text says that an absence ends at that date, or None."""
    before, after = text[max(0, found.start() - 90) : found.start()], text[found.end() :][:90]
    if _ELSE.search(re.split(r"[.!?;\n]\s", before)[-1]):
        return None
    if (said := _BEFORE.search(before)) and not _portuguese(said, before, found):
        return _UNTIL[said["until"]]
    if said := _AFTER.match(after):
        return "en" if said["back"] else "other"
    between = text[previous.end() : found.start()] if previous else before
    if found["to"] or (found["month"] and _FROM.search(before)):
        return "other"
    said = _RANGE.search(between) if previous and len(between) < 40 else None
    return None if said is None else "en" if said["en"] or said["dash"] else "other"


def _portuguese(said: Found, before: str, found: Found) -> bool:
    """Whether ``do`` before a date is Portuguese for "of the" (``a partir do dia 5 de maio``)
    rather than Polish for "until"."""
    polish = found["month"] in words.POLISH_MONTHS.split() if found["month"] else True
    return said["until"] == "do" and (not polish or before[: said.start()].endswith("partir "))


def _order(dates: Sequence[Found]) -> str | None:
    """Whether days or months come first in ``5/6``, if other dates leave no doubt."""
    pairs = [(int(each["first"]), int(each["second"])) for each in dates if each["mark"] == "/"]
    known = {"day" for first, _ in pairs if first > 12} | {"month" for _, day in pairs if day > 12}
    return known.pop() if len(known) == 1 else None


def _dated(found: Found, language: str, order: str | None, today: date) -> date | None:
    if found["iso"]:
        return _valid(*map(int, found["iso"].split("-")))
    day, month, year = found["day"] or found["to"] or found["on"], 0, found["year"] or found["in"]
    if found["mark"]:
        pair = _numeric(found, language, order)
        if pair is None:
            return None
        day, month, year = *pair, found["short"]
    month = month or _MONTH[found["month"] or found["named"]]
    if year:
        return _valid(int(year) % 100 + 2000, month, int(day))
    years = (today.year - 1, today.year, today.year + 1)
    dates = (each for year in years if (each := _valid(year, month, int(day))))
    return next((each for each in dates if each >= today - PAST), None)


def _numeric(found: Found, language: str, order: str | None) -> tuple[int, int] | None:
    """Day and month; None if the two could be swapped, or the numbers be something else."""
    first, second, mark = int(found["first"]), int(found["second"]), found["mark"]
    whole = found["short"] or found[0].endswith(".")
    if not whole and ((mark == "-" and language != "nl") or (mark == "." and len(found[0]) < 5)):
        return None
    if second > 12:
        return (second, first) if whole or mark == "/" else None
    if mark == "." or first > 12 or first == second or language != "en":
        return first, second
    return {"day": (first, second), "month": (second, first), None: None}[order]


def _valid(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
