"""The server whose console is looked at."""

from typing import NamedTuple
from urllib.parse import urlsplit

from adapters.composition.access import staff_of
from adapters.composition.programs import Program
from engine.work.staff import Staff

ADMIN = "admin-of-all"
PASSWORD = "correct horse battery staple"  # noqa: S105 of the tests' own staff


class Place(NamedTuple):
    url: str
    program: Program

    @property
    def staff(self) -> Staff:
        return staff_of(self.program.opened)

    @property
    def position(self) -> int:
        return self.program.opened.store.last_position()

    def has(self, url: str) -> bool:
        """Whether the address is of this server, or none of any."""
        parts = urlsplit(url)
        return parts.scheme in {"data", "about"} or url.startswith(f"{self.url}/")
