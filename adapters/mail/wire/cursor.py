"""How far the folders of a mailbox have been read: UIDVALIDITY and the last UID, as text (M5)."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError


class Place(NamedTuple):
    """A place in a folder. ``uid`` counts only as long as the folder has that ``validity``."""

    validity: int
    uid: int


UNREAD = Place(0, 0)
_FOLDERS = TypeAdapter(dict[str, Place])


def places(cursor: str) -> dict[str, Place]:
    """The places by folder; none in a text that is not a cursor, so everything is read."""
    try:
        return _FOLDERS.validate_json(cursor) if cursor else {}
    except ValidationError:
        return {}


def text_of(known: Mapping[str, Place]) -> str:
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))
