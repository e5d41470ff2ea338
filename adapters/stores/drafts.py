"""Rows of a directory as they are to be: the log commits to them before they are written."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from adapters.stores.ids_and_digests import KEY_OCTETS, random_ids, variables_text
from engine.work.ports import DirectoryRow, Person
from events.vocabulary import RecipientId

Told = tuple[str, str]
"""Name and variables, as a directory keeps them."""


class Completion(NamedTuple):
    """Of a row that lacks something."""

    recipient_id: RecipientId
    address: str
    old: Told
    old_salt: bytes
    """None at all where nothing commits to the row."""
    new: Told


class Drafts(NamedTuple):
    """Of one enrolment. Those without salt are committed to by nobody."""

    new: Sequence[DirectoryRow]
    """In order of address, and of id."""
    changed: Mapping[Completion, DirectoryRow]

    def digests(self) -> dict[RecipientId, str]:
        return digests((*self.new, *self.changed.values()))


def drafted(
    workspace: str, new: Mapping[str, Person], changes: Sequence[Completion], *, salted: bool
) -> Drafts:
    addresses, ids = sorted(new), random_ids(len(new))
    people = [new[each] for each in addresses]
    salts = _salts(len(new) + len(changes), salted=salted)
    return Drafts(
        [
            DirectoryRow(workspace, known_as, address, each.name, variables_text(each), salt)
            for known_as, address, each, salt in zip(ids, addresses, people, salts, strict=False)
        ],
        {
            each: DirectoryRow(workspace, each.recipient_id, each.address, *each.new, salt)
            for each, salt in zip(changes, salts[len(new) :], strict=True)
        },
    )


def digests(rows: Iterable[DirectoryRow]) -> dict[RecipientId, str]:
    return {each.recipient_id: each.digest for each in rows}


def _salts(count: int, *, salted: bool) -> list[bytes | None]:
    octets = secrets.token_bytes(KEY_OCTETS * count) if salted else b""
    return [octets[at : at + KEY_OCTETS] or None for at in range(0, KEY_OCTETS * count, KEY_OCTETS)]
