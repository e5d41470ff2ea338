"""What must hold after a power cut, and after the death of a process in the midst of a write."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from copy import copy
from dataclasses import dataclass

from adapters.stores.sqlite import SQLiteStore
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.ports.log import Entry
from engine.ports.transactions import Append, NewRow
from events.recorded import Envelope
from tests.simulation.oracles import PAGE, Violated

Came = tuple[Envelope, Sequence[NewRow]]
"""What came of a command; its first position counts from 0."""


@dataclass
class Group:
    """What was handed in together: is stored together or not at all."""

    came: Sequence[Came]
    acknowledged: bool = False


class Durability:
    def __init__(self) -> None:
        self._groups: list[Group] = []

    def copied(self) -> "Durability":
        fresh = Durability()
        fresh._groups = [copy(each) for each in self._groups if each.acknowledged]
        return fresh

    def handed_in(self, appends: Iterable[Append]) -> Group | None:
        came = [each for append in appends for each in _of(append)]
        if came:
            self._groups.append(Group(came))
        return self._groups[-1] if came else None

    def check(self, store: SQLiteStore) -> None:
        """Whatever was acknowledged is there, nothing is there by half, and the file is sound."""
        with store.reading() as c:
            said = c.execute("PRAGMA integrity_check").fetchall()
        _require(said == [("ok",)], f"SQLite finds the file damaged: {said[:1]}")
        for problem in (*check_entries(store), *check_indexes(store)):
            raise Violated(f"the store after a failure: {problem}")
        there = _stored(store.entries(-1, PAGE))
        for group in self._groups:
            found = [there.get(_name(each)) == each for each in group.came]
            if group.acknowledged:
                _require(all(found), f"acknowledged and lost: {group.came[0][0]}")
            _require(all(found) or not any(found), f"stored by half: {group.came[0][0]}")


def _of(append: Append) -> Iterable[Came]:
    rows = list(append.events)
    for each in append.envelopes:
        first = each.first_position - 1
        yield each._replace(first_position=0), rows[first : first + each.event_count]


def _stored(entries: Iterable[Entry]) -> dict[object, Came]:
    rows: dict[Envelope, list[NewRow]] = defaultdict(list)
    for each in entries:
        rows[each.envelope] += [each.row[1:]] if each.row else []
    came = ((key._replace(first_position=0), found) for key, found in rows.items())
    return {_name(each): each for each in came}


def _name(came: Came) -> object:
    return came[0].workspace, came[0].command_id


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violated(otherwise)
