"""What may change in a published schema: nothing within a version, and little from one to the next.

A later version may have further fields that need not be there, and further values of an enum.
Everything else would break who reads: old consumers new events, or new consumers old ones. Each
version is held against *every* earlier one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import combinations
from typing import Any, NamedTuple

from engine.stream.schemas import Schema

ANNOTATIONS = {"$schema", "$id", "title", "description", "examples"}
"""What binds no value."""
_SUBSCHEMAS = ("items", "additionalProperties", "propertyNames")


class Difference(NamedTuple):
    path: str
    """Of the field, from the event's root; empty for the root itself."""
    says: str
    breaks: bool

    def __str__(self) -> str:
        return f"{self.path or 'the event'} {self.says}"


def incompatible(published: Mapping[str, Schema]) -> Iterator[str]:
    """A sentence for every change that breaks, between any two versions of one event."""
    for name, versions in _by_event(published).items():
        for older, newer in combinations(sorted(versions), 2):
            for found in differences(versions[older], versions[newer]):
                if found.breaks:
                    yield f"{name}.v{newer} breaks v{older}: {found}"


def _by_event(published: Mapping[str, Schema]) -> Mapping[str, Mapping[int, Schema]]:
    found: dict[str, dict[int, Schema]] = defaultdict(dict)
    for full_name, schema in published.items():
        name, _, version = full_name.rpartition(".v")
        found[name][int(version)] = schema
    return found


def differences(older: Schema, newer: Schema, path: str = "") -> Iterator[Difference]:
    """Between two schemas as ``schemas`` draws them; annotations aside."""
    yield from _of_fields(older, newer, path)
    yield from _of_values(older, newer, path)
    for key in _SUBSCHEMAS:
        if key in older and key in newer:
            yield from differences(older[key], newer[key], f"{path}[{key}]")
    handled = {"properties", "required", "enum", *ANNOTATIONS}
    handled |= {key for key in _SUBSCHEMAS if key in older and key in newer}
    for key in sorted((older.keys() | newer.keys()) - handled):
        if older.get(key, ABSENT) != newer.get(key, ABSENT):
            said = f"has another {key}: {older.get(key, ABSENT)}, then {newer.get(key, ABSENT)}"
            yield Difference(path, said, breaks=True)


def _of_fields(older: Schema, newer: Schema, path: str) -> Iterator[Difference]:
    before, after = older.get("properties", {}), newer.get("properties", {})
    needed_before, needed_after = {*older.get("required", ())}, {*newer.get("required", ())}
    for field in sorted(before.keys() | after.keys()):
        place = f"{path}.{field}".lstrip(".")
        if field not in after:
            yield Difference(place, "was removed or renamed", breaks=True)
        elif field not in before:
            yield Difference(place, "is new", breaks=field in needed_after)
        else:
            yield from differences(before[field], after[field], place)
    for field in sorted(needed_before ^ needed_after):
        if field in before and field in after:
            said = "became required" if field in needed_after else "need not be there any more"
            yield Difference(f"{path}.{field}".lstrip("."), said, breaks=True)


def _of_values(older: Schema, newer: Schema, path: str) -> Iterator[Difference]:
    before, after = older.get("enum"), newer.get("enum")
    if before == after:
        return
    if before is None or after is None:
        said = "is an enum now" if before is None else "is an enum no more"
        yield Difference(path, said, breaks=True)
        return
    if gone := [each for each in before if each not in after]:
        yield Difference(path, f"has no value {_listed(gone)} any more", breaks=True)
    if new := [each for each in after if each not in before]:
        yield Difference(path, f"has the new value {_listed(new)}", breaks=False)


def _listed(values: list[Any]) -> str:
    return " or ".join(map(repr, values))


class _Absent:
    def __repr__(self) -> str:
        return "none"


ABSENT = _Absent()
