"""How long a server asks to be left alone, read from its own words."""

import re
from datetime import timedelta

LONGEST = timedelta(hours=24)
_UNITS = {
    "milli": timedelta(milliseconds=1),
    "s": timedelta(seconds=1),
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
}
_UNIT = r"(milli)?(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:(?:ou)?rs?)?)\b"
_ASKED = re.compile(
    r"(?:(?:try|retry|again|wait|later|back[- ]?off|blocked|locked)\b[^\d\r\n]{0,60}"
    rf"(\d{{1,9}}) ?{_UNIT})|retry-after: ?(\d{{1,9}})",
    re.IGNORECASE,
)
_READ = 4_000


def asked_for(text: str) -> timedelta | None:
    """The time that the text names, one day at most; None if it names none."""
    found = _ASKED.search(text[:_READ])
    if found is None:
        return None
    number, milli, unit, seconds = found.groups()
    if seconds:
        return min(timedelta(seconds=int(seconds)), LONGEST)
    return min(int(number) * _UNITS["milli" if milli else unit[0].lower()], LONGEST)
