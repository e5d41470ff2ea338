"""F1: an event holds only fields that the catalogue knows, and nothing about a person.

Counting the names in the text takes a twentieth of the time of parsing it again; if the number is
right, so are the names, because decoding has found all that are required.
"""

import json
from dataclasses import MISSING, fields

from events.base import Event
from events.catalogue import CATALOGUE

NAMES = {cls: frozenset(field.name for field in fields(cls)) for cls in CATALOGUE.classes.values()}


def _plain(cls: type[Event]) -> bool:
    """Whether every field is always present, and none contains further names."""
    return (
        all(
            field.default is MISSING
            and field.default_factory is MISSING
            and "dict" not in str(field.type)
            for field in fields(cls)
        )
        and not {"report", "settings", "settings_before", "campaigns", "skipped"} & NAMES[cls]
    )


SURE_COUNT = {cls: len(NAMES[cls]) if _plain(cls) else -1 for cls in NAMES}
"""The number of names in a fact of the class; -1 if it varies."""


def foreign(cls: type[Event], state: bytes) -> list[str]:
    """Names in a stored fact that its class does not have."""
    return sorted(json.loads(state).keys() - NAMES[cls])
