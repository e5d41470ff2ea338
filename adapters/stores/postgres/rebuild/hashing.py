"""Which rows of a view a process folds, told by events that are not decoded yet."""

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple
from zlib import crc32

from engine.ports.log import Row
from events.catalogue import CATALOGUE
from projections.projection import Projection, RowKey

Hash = Callable[[Row], int]


class Share(NamedTuple):
    """One of ``of`` parts into which hashes fall; number 0 of 1 is everything."""

    of: int = 1
    number: int = 0

    def has(self, hashed: int) -> bool:
        return hashed % self.of == self.number

    def halves(self) -> tuple["Share", "Share"]:
        return Share(2 * self.of, self.number), Share(2 * self.of, self.number + self.of)


def shared_field(projections: Iterable[Projection]) -> str | None:
    """The field whose values are shared out; a view that would use another is folded whole."""
    return next((each.share_by for each in projections if each.share_by), None)


def hash_of_field(field: str) -> Hash:
    """Hashes an event's value of that field, which stands plainly in nearly every event.

    A quote within a value is escaped, so the pattern fits no part of one. An event that cannot be
    read has its position for a hash: whoever gets it will say so.
    """
    plainly = re.compile(rb'"%s":"(?:([^"\\]*)")?' % field.encode()).search

    def hashed(row: Row) -> int:
        found = plainly(row[4])
        if found is not None and (value := found[1]) is not None:
            return crc32(value)
        try:
            return hash_of_text(getattr(CATALOGUE.decoders[row[3]](row[4]), field))
        except (KeyError, ValueError, TypeError):
            return row[0]

    return hashed


def hash_of_key(projection: Projection) -> Callable[[RowKey], int]:
    """The same hash of a row's key as of the events that concern the row."""
    field = projection.share_by
    if field is None:
        return lambda key: hash_of_text("\0".join(key))
    index = projection.row._fields.index(field)
    return lambda key: hash_of_text(key[index])


def topics_of(projections: Iterable[Projection]) -> frozenset[str]:
    """What these watch by its names on the wire, older versions included."""
    names = {event.__name__ for each in projections for event in each.watches}
    return frozenset(topic for topic in CATALOGUE.decoders if topic.split("/")[0] in names)


def hash_of_text(text: str) -> int:
    return crc32(text.encode())
