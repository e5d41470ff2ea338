"""Email addresses as they come from outside: normalised, and refused if no mail can reach them.

Plain addresses of RFC 5321 only: no quoted local part, no comment. A recipient's domain may be
internationalised (RFC 5891); the part before the ``@`` is ASCII.
"""

import re
from functools import lru_cache

from engine.answers.telling.one_line import one_line

_WORD = r"[a-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_WORD}(?:\.{_WORD})*", re.ASCII)
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+{_LABEL}", re.ASCII)
_ADDRESS = re.compile(f"{_LOCAL.pattern}@{_DOMAIN.pattern}", re.ASCII)
LONGEST, LONGEST_LOCAL = 254, 64
_NOT_IN_NAMES = str.maketrans(dict.fromkeys('()<>[]:;@\\,"', " "))


def normalised(address: str) -> str:
    """The address, trimmed and lower-cased, otherwise unchanged."""
    return address.strip().lower()


def ascii_form(address: str) -> str:
    """The address with its domain in ASCII (A-labels), by which addresses are compared.

    Raises ``ValueError`` if the domain has no such form.
    """
    local, at, domain = address.rpartition("@")
    return address if domain.isascii() else f"{local}{at}{_a_labels(domain)}"


def address_problem(address: str) -> str | None:
    """What is wrong with the address, in words that follow its column's name; None if nothing
    is."""
    plain = normalised(address)
    if not plain:
        return "is empty"
    if not address.isascii():
        foreign = next(char for char in address if not char.isascii())
        shown = f" {foreign}" if foreign.isprintable() else ""
        return f"has a character that is not ASCII: U+{ord(foreign):04X}{shown}"
    if _ADDRESS.fullmatch(plain) and len(plain) <= LONGEST and plain.find("@") <= LONGEST_LOCAL:
        return None
    return f"is no email address: {_detail(plain)}"


def recipient_problem(address: str) -> str | None:
    """Like ``address_problem``, for an address whose domain may be internationalised."""
    if address.isascii():
        return address_problem(address)
    local, at, domain = address.strip().rpartition("@")
    if not local.isascii() or not at or not domain.isprintable():
        return address_problem(address)
    try:
        return address_problem(ascii_form(normalised(address)))
    except ValueError as error:
        return f"is no email address: its domain is none ({error})"


def domain_named(text: str) -> str | None:
    """The domain, in ASCII, if the text is a domain (``acme.test`` or ``@acme.test``) and nothing
    else; otherwise None."""
    try:
        plain = ascii_form(normalised(text).removeprefix("@").strip("."))
    except ValueError:
        return None
    return plain if len(plain) < LONGEST and _DOMAIN.fullmatch(plain) else None


def display_name(name: str) -> str:
    """The name in a form that needs no quotes before an address.

    ``email.message`` loses the quotes of a long name when it folds the header (Python 3.11.7), and
    the quoted text would then be read as addresses.
    """
    return one_line(name.translate(_NOT_IN_NAMES))


def _detail(plain: str) -> str:
    local = plain.partition("@")[0]
    if plain.count("@") != 1:
        return "it has no @" if "@" not in plain else "it has more than one @"
    if any(char.isspace() or not char.isprintable() for char in plain):
        return "it has a blank or a control character inside"
    if len(plain) > LONGEST or len(local) > LONGEST_LOCAL:
        return f"it is too long; at most {LONGEST} characters, {LONGEST_LOCAL} of them before the @"
    if not _LOCAL.fullmatch(local):
        return "what stands before the @ cannot be the name of a mailbox"
    return "what follows the @ is no domain such as example.com"


@lru_cache(4_096)
def _a_labels(domain: str) -> str:
    import idna  # noqa: PLC0415 its tables are large, and few addresses need them

    return idna.encode(domain, uts46=True).decode()
