"""What a store is called: a file's path, or a URL; and how to tell of it without its password."""

import re
from pathlib import Path

SCHEMES = ("sqlite", "postgresql", "postgres")
EXPECTED = "a path, sqlite:///path or postgresql://user@host:5432/database"

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):/", re.IGNORECASE)
_SERVER = re.compile(r"postgres(?:ql)?://([^/?#]*)")
_PASSWORDS = re.compile(r"(:/+[^:/?#@]*):.*@|([?&](?:ssl)?password=)[^&#]*", re.DOTALL)


class NoStoreUrl(ValueError):
    """The name is that of no kind of store; the text says what is expected."""


def scheme_of(url: str) -> str | None:
    """None for a path."""
    found = _SCHEME.match(url)
    return found[1] if found else None


def checked(url: str) -> str:
    """The name, if there may be a store of it. Raises ``NoStoreUrl``."""
    scheme = scheme_of(url)
    if not url or url == "sqlite:///" or (scheme is not None and scheme not in SCHEMES):
        raise NoStoreUrl(f"expected {EXPECTED}")
    if scheme == "sqlite" and not url.startswith("sqlite:///"):
        raise NoStoreUrl(f"expected {EXPECTED}")
    if scheme in {"postgresql", "postgres"}:
        server = _SERVER.match(url)
        if server is None:
            raise NoStoreUrl(f"expected {EXPECTED}")
        if server[1].count("@") > 1:
            raise NoStoreUrl("expected %40 for an @ in a name or a password")
    return url


def without_password(url: str) -> str:
    """As it may be told to anybody."""
    return _PASSWORDS.sub(lambda found: f"{found[2]}…" if found[2] else f"{found[1]}:…@", url)


def own_folder(url: str) -> Path | None:
    """In which an embedded store lies; None for a server's."""
    path = url.removeprefix("sqlite:///")
    return None if scheme_of(path) else Path(path).resolve().parent
