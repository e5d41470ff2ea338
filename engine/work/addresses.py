"""Email addresses as they come from outside: normalised, and refused when nobody can answer there.

Plain addresses of RFC 5321 only: no quoted local part, no comment, nothing beyond ASCII.
"""

import re

from engine.answers.telling.one_line import one_line

_ADDRESS = re.compile(
    r"(?P<local>[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*)"
    r"@(?P<domain>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)",
    re.ASCII,
)
LONGEST, LONGEST_LOCAL = 254, 64
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('()<>[]:;@\\,"', " "))


def normalised(address: str) -> str:
    """Trimmed and lower-cased, nothing else."""
    return address.strip().lower()


def address_problem(address: str) -> str | None:
    """What is wrong with it, in words that follow its column's name; None when nothing is."""
    plain = normalised(address)
    if not plain:
        return "is empty"
    if not address.isascii():
        return "has a character that is not ASCII"
    if len(plain) > LONGEST or plain.find("@") > LONGEST_LOCAL or not _ADDRESS.fullmatch(plain):
        return "is no email address"
    return None


def display_name(name: str) -> str:
    """The name, fit to stand before an address without quotes.

    ``email.message`` loses the quotes of a long name when it folds the header (Python 3.11.7), and
    what was quoted would be addresses.
    """
    return one_line(name.translate(_NOT_IN_NAMES))
