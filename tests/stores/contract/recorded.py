"""``append_recorded``: what another copy of the log has goes on where this one ends, as it was."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any

import pytest

from adapters.stores.memory import MemoryStore
from engine.appending import NotContinued
from engine.decoding import decode_page
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError
from engine.ports.log import Entry
from engine.ports.store import Store
from tests.law.story import DAY, NOON
from tests.stores.contract.entries import SEEDS, random_history
from tests.stores.contract.words import SPRING, put, rows, stored
from tests.workplace import ACME

Entries = Sequence[Entry]


def recorded_elsewhere(seed: int = 0) -> Entries:
    """A day earlier, so that no time is that of the store."""
    other = MemoryStore(ManualClock(NOON - DAY))
    random_history(other, seed)
    return other.entries(-1, 10_000)


def commands(entries: Entries) -> list[Entries]:
    found = list[Entries]()
    place = 0
    while place < len(entries):
        count = max(entries[place].envelope.event_count, 1)
        found.append(entries[place : place + count])
        place += count
    return found


def of_count(entries: Entries, count: int) -> int:
    """The place of the first command with so many events, not at the beginning."""
    own = (each[0] for each in commands(entries) if each[0].envelope.event_count == count)
    return next(each.number for each in own if each.number > 5)


Change = Callable[[Entries], Entries]


def envelope_with(number: int, **columns: Any) -> Change:
    def change(entries: Entries) -> Entries:
        wanted = entries[number].envelope
        return [
            each._replace(envelope=each.envelope._replace(**columns))
            if each.envelope == wanted
            else each
            for each in entries
        ]

    return change


def row_with(column: int, value: object) -> Change:
    def change(entries: Entries) -> Entries:
        changed = list(entries)
        number = next(each.number for each in entries[6:] if each.row)
        row = list(entries[number].row or ())
        row[column] = value
        changed[number] = entries[number]._replace(row=tuple(row))  # type: ignore[arg-type]
        return changed

    return change


class RecordedContract:
    """All or none, with the places and times they had."""

    @pytest.mark.parametrize("seed", SEEDS)
    def test_recorded_entries_stand_as_they_were_in_pages_of_any_length(
        self, store: Store, seed: int
    ) -> None:
        entries = recorded_elsewhere(seed)
        whole = commands(entries)
        for first in range(0, len(whole), 1 + seed * 3):
            store.append_recorded([*chain(*whole[first : first + 1 + seed * 3])])

        assert list(store.entries(-1, 10_000)) == list(entries)
        assert store.last_entry() == entries[-1].number
        assert store.unnumbered_envelopes() == 0
        assert list(store.workspaces()) == sorted({each.envelope.workspace for each in entries})
        assert len(list(decode_page(store.read(0, 10_000), 0))) == store.last_position()
        for workspace in store.workspaces():
            with store.look(workspace) as reading:
                assert reading.now == NOON

    def test_what_is_recorded_next_goes_on_after_them(self, store: Store) -> None:
        put(store, "own", *rows(SPRING, 1, 2))
        other = MemoryStore(ManualClock(NOON - DAY))
        put(other, "own", *rows(SPRING, 1, 2))
        put(other, "nothing")
        put(other, "c2", *rows(SPRING, 3))
        store.append_recorded(other.entries(1, 10))
        put(store, "c3", *rows(SPRING, 4))
        put(store, "nothing-more")

        assert [each.number for each in store.entries(-1, 10)] == list(range(6))
        assert stored(store)[-1] == (4, SPRING, 4)
        envelope = store.envelope(ACME, "c2")
        assert envelope is not None
        assert envelope.recorded_at == NOON - DAY

    def test_a_workspace_s_time_goes_on_after_what_was_recorded_in_it(
        self, store: Store, clock: ManualClock
    ) -> None:
        store.append_recorded(recorded_elsewhere())
        clock.time = NOON - 2 * DAY
        with store.look(ACME) as reading:
            assert reading.now == NOON - DAY

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            (lambda entries: entries[1:], "Entry 1 .* the next one is 0"),
            (lambda entries: [*entries[:7], *entries[8:]], "Entry 8 .* the next one is 7"),
            (lambda entries: [*entries, entries[-1]], "the next one is"),
            (lambda entries: entries[::-1], "the next one is 0"),
            (row_with(0, 999), "it has position 999"),
            (row_with(2, 999), "it has .* version 999 of .*, and .* come next"),
            (lambda entries: entries[: of_count(entries, 5) + 3], "is not there as a whole"),
            (
                lambda entries: envelope_with(of_count(entries, 2), event_count=1)(entries),
                "does not begin at|not there as a whole",
            ),
            (
                lambda entries: envelope_with(of_count(entries, 2), first_position=1)(entries),
                "its command does not begin at",
            ),
            (
                lambda entries: envelope_with(of_count(entries, 0), first_position=1)(entries),
                "its command does not begin at",
            ),
            (
                lambda entries: envelope_with(of_count(entries, 0), event_count=1)(entries),
                "not there as a whole",
            ),
        ],
    )
    def test_what_does_not_go_on_where_the_log_ends_is_refused_and_nothing_written(
        self, store: Store, change: Change, said: str
    ) -> None:
        with pytest.raises(NotContinued, match=said):
            store.append_recorded(change(recorded_elsewhere()))

        assert store.last_entry() == -1
        assert list(store.workspaces()) == []

    def test_a_command_that_is_recorded_already_is_refused_and_nothing_written(
        self, store: Store
    ) -> None:
        entries = recorded_elsewhere()
        again = envelope_with(of_count(entries, 0), command_id=entries[0].envelope.command_id)
        same = envelope_with(of_count(entries, 0), workspace=entries[0].envelope.workspace)
        with pytest.raises(StoreError):
            store.append_recorded(again(same(entries)))

        assert store.last_entry() == -1
        assert list(store.workspaces()) == []
