"""The part of ``Log`` and ``Maintenance`` that the stream is told by."""

import random
from datetime import datetime

import pytest

from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError
from engine.ports.log import Entry, Generation
from engine.ports.store import Store
from engine.ports.transactions import Append, NewRow
from events.recorded import Envelope
from tests.law.story import HOUR, NOON, start
from tests.stores.contract.words import BETA, SPRING, envelope, put, rows
from tests.workplace import ACME, Workplace, much_happens

SEEDS = range(5)


def told(store: Store) -> list[str]:
    return [_told(each) for each in store.entries(-1, 1_000)]


def _told(entry: Entry) -> str:
    return f"{entry.row[0]}" if entry.row else entry.envelope.command_id


def derived(store: Store, order: list[str]) -> list[tuple[int, str, int | None]]:
    """Entry, command and position, by the formula alone: ``order`` are the commands that came to
    nothing, as they were committed."""
    page = store.read(0, 1_000_000)
    known = (store.envelope(*each.split("/", 1)) for each in order)
    nothing = [each for each in known if each is not None]
    found: list[tuple[int, str, int | None]] = [
        (each.first_position + number - 2, each.command_id, None)
        for number, each in enumerate(nothing, 1)
    ]
    for row in page.rows:
        (holds,) = (e for e in page.envelopes if e.first_position <= row[0] <= e.last_position)
        before = sum(each.first_position <= row[0] for each in nothing)
        found.append((row[0] - 1 + before, holds.command_id, row[0]))
    return sorted(found)


def random_history(store: Store, seed: int) -> list[str]:
    """Appends of one to three commands in one or two workspaces, half of which come to nothing.

    Answers those, in the order of commits.
    """
    chance = random.Random(seed)
    versions, order = {ACME: 0, BETA: 0}, list[str]()
    for number in range(40):
        chosen = chance.sample([ACME, BETA], chance.choice([1, 1, 2]))
        with store.transactions(dict.fromkeys(sorted(chosen), ())) as opened:
            for workspace, transaction in opened.items():
                events, envelopes = list[NewRow](), list[Envelope]()
                for command in range(chance.choice([1, 1, 3])):
                    count = chance.choice([0, 0, 1, 2, 5])
                    command_id = f"{number}.{command}"
                    made = envelope(transaction, command_id, count, workspace)
                    envelopes.append(made._replace(first_position=len(events) + 1))
                    first = versions[workspace] + 1
                    versions[workspace] += count
                    events += rows(f"{workspace}:campaign:spring", *range(first, first + count))
                    if not count:
                        order.append(f"{workspace}/{command_id}")
                transaction.append(Append(events, envelopes, {}, []))
    return order


class EntriesContract:
    """Events and envelopes without events in one order, without a gap."""

    def test_an_empty_log_has_no_entry(self, store: Store) -> None:
        assert store.last_entry() == -1
        assert list(store.entries(-1, 10)) == []
        assert list(store.entries(5, 10)) == []

    def test_what_came_to_nothing_stands_before_the_event_whose_place_it_would_have_taken(
        self, store: Store
    ) -> None:
        put(store, "nothing-yet")
        put(store, "c1", *rows(SPRING, 1, 2))
        put(store, "nothing-here", workspace=BETA)
        put(store, "nothing-again")
        put(store, "c2", *rows(SPRING, 3))
        put(store, "nothing-more")

        expected = ["nothing-yet", "1", "2", "nothing-here", "nothing-again", "3", "nothing-more"]
        assert told(store) == expected
        assert [each.number for each in store.entries(-1, 1_000)] == list(range(7))
        assert store.last_entry() == 6

    @pytest.mark.parametrize("seed", SEEDS)
    def test_entries_are_what_the_formula_says_in_runs_of_any_length(
        self, store: Store, seed: int
    ) -> None:
        expected = derived(store, random_history(store, seed))
        assert [each[0] for each in expected] == list(range(store.last_entry() + 1))
        for limit in (1, 2, 3, 7, len(expected) - 1, len(expected), len(expected) + 1):
            found = list[Entry]()
            while run := store.entries(len(found) - 1, limit):
                assert len(run) == min(limit, len(expected) - len(found))
                found += run
            numbers = [(e.number, e.envelope.command_id, e.row and e.row[0]) for e in found]
            assert numbers == expected
        assert store.unnumbered_envelopes() == 0
        for position in (0, 1, 5, store.last_position()):
            begun = [e for e in found if e.envelope.first_position <= position]
            envelopes = {(e.envelope.workspace, e.envelope.command_id) for e in begun}
            assert store.counted_until(position) == (position, len(envelopes))

    def test_every_entry_comes_with_its_row_and_envelope(
        self, store: Store, clock: ManualClock
    ) -> None:
        workplace = Workplace(store, clock)
        workplace.tell(start())
        much_happens(workplace)
        page = store.read(0, 1_000)
        entries = store.entries(-1, 1_000)

        assert [each.row for each in entries if each.row] == list(page.rows)
        assert [e for e in dict.fromkeys(each.envelope for each in entries) if e.event_count] == [
            *page.envelopes
        ]
        refused = [each.envelope for each in entries if each.row is None]
        assert refused[0].rejection
        assert all(store.envelope(each.workspace, each.command_id) == each for each in refused)

    def test_a_transaction_that_fails_takes_no_entry(self, store: Store) -> None:
        put(store, "nothing")
        with pytest.raises(StoreError):
            put(store, "nothing")
        put(store, "c1", *rows(SPRING, 1))

        assert told(store) == ["nothing", "1"]

    def test_a_store_has_an_id_of_its_own_and_begins_in_generation_one(self, store: Store) -> None:
        store_id, generation = store.identity
        assert len(store_id) == 32
        assert int(store_id, 16)
        assert generation == 1
        assert store.identity == (store_id, 1)
        (first,) = store.generations()
        assert first[:3] == (1, 0, 1)

    def test_a_new_generation_begins_after_the_last_entry(
        self, store: Store, clock: ManualClock
    ) -> None:
        put(store, "nothing")
        put(store, "c1", *rows(SPRING, 1, 2))
        before = store.identity
        clock.time = NOON + HOUR

        assert store.raise_generation() == (before.store_id, 2)

        assert store.identity == (before.store_id, 2)
        assert store.generations()[1] == Generation(2, 3, 3, NOON + HOUR)
        put(store, "c2", *rows(SPRING, 3))
        (entry,) = store.entries(2, 10)
        assert entry.row is not None
        assert (entry.number, entry.row[0]) == store.generations()[1][1:3]

    def test_a_generation_may_begin_with_an_entry_that_names_a_checkpoint(
        self, store: Store, clock: ManualClock
    ) -> None:
        store.raise_generation("nothing is named in an empty log")
        assert store.last_entry() == -1
        put(store, "c1", *rows(SPRING, 1, 2))
        (last, *_) = store.entries(0, 10)[::-1]
        clock.time = NOON + HOUR

        store.raise_generation("log/1:2:abc")

        assert store.generations()[2][:3] == (3, 2, 3)
        (first,) = store.entries(1, 10)
        assert (first.number, first.row, first.named) == (2, None, "log/1:2:abc")
        assert first.envelope.workspace == last.envelope.workspace
        assert first.envelope.recorded_at == last.envelope.recorded_at
        put(store, "c2", *rows(SPRING, 3))
        store.raise_generation("log/1:2:abc")
        assert [each.named for each in store.entries(2, 10)] == [None, "log/1:2:abc"]

    def test_a_copy_gets_an_id_of_its_own_and_begins_anew(
        self, store: Store, clock: ManualClock
    ) -> None:
        put(store, "c1", *rows(SPRING, 1))
        old = store.raise_generation()
        clock.time = at = datetime.fromisoformat("2026-03-01T00:00:00Z")

        new = store.renew_identity()

        assert new.store_id != old.store_id
        assert new.generation == 1
        assert store.identity == new
        assert list(store.generations()) == [Generation(1, 0, 1, at)]
