"""How far the folders of a mailbox are read: by UIDVALIDITY and the last UID, as a text (M5)."""

import json
from collections.abc import Mapping
from typing import NamedTuple

from pydantic import TypeAdapter, ValidationError


class Place(NamedTuple):
    """``uid`` counts only as long as the folder has that ``validity``."""

    validity: int
    uid: int


UNREAD = Place(0, 0)
_FOLDERS = TypeAdapter(dict[str, Place])


def places(cursor: str) -> dict[str, Place]:
    """By folder. Of a text that is no cursor nothing is known: all is read from the beginning."""
    try:
        return _FOLDERS.validate_json(cursor) if cursor else {}
    except ValidationError:
        return {}


def text_of(known: Mapping[str, Place]) -> str:
    return json.dumps(known, ensure_ascii=False, separators=(",", ":"))
