"""A restored store comes back to where the stream knows it, to the byte; or nothing is written."""

import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes, check_snapshots
from engine.indexes import rebuild_indexes
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.stream.cloud_events import CloudEvent
from engine.stream.reading import UnreadableRecord
from engine.stream.source import StoreAsSource
from engine.work.recover_log import (
    BeginsLate,
    CommandBroken,
    EmptyStream,
    EntryDiffers,
    EntryMissing,
    GenerationDiffers,
    RecoveredLog,
    StreamOfAnotherStore,
    recover_log,
)
from projections.shipped import SHIPPED
from tests.postgres import NamedServer
from tests.proof.victim import moment, opened
from tests.work.copies import Copying, Databases, Files, Place, Told, act, told_of

EARLY, LATE = 120, 300
NOW = ManualClock(moment(LATE))


@pytest.fixture(params=["sqlite", "postgresql"])
def copying(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Copying]:
    if request.param == "sqlite":
        yield Files(tmp_path)
        return
    server: NamedServer = request.getfixturevalue("postgres_server")
    with closing(Databases(server)) as databases:
        yield databases


def within_a_command(records: list[CloudEvent], place: int) -> bool:
    """Is the record an event that the next one is of one command with?"""
    this, following = (dict(records[each].headers) for each in (place, place + 1))
    return "ce_sequence" in this and this["ce_place"] == following["ce_place"]


def history(copying: Copying) -> tuple[Place, Place]:
    """The store, and a backup of it from the middle of its life."""
    original = copying.new()
    act(original, range(EARLY))
    backup = copying.copy(original)
    act(original, range(EARLY, LATE))
    return original, backup


def recover(place: Place, source: Told | StoreAsSource, page: int = 50) -> RecoveredLog:
    with opened(place, NOW) as (store, _):
        return recover_log(store, source, page=page)


@pytest.mark.rule("F1")
def test_a_recovered_store_is_the_original_in_every_row(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)

    found = recover(backup, Told(records))

    assert copying.rows(backup) == copying.rows(original)
    assert found.appended > 300
    assert (found.compared, found.ahead, found.cut_off) == (len(records) - found.appended, 0, 0)
    assert found.raised
    assert found.identity.generation == 2
    with opened(original, NOW) as (before, views), opened(backup, NOW) as (after, own_views):
        assert after.generations()[-1].first_entry == len(records)
        for store, kept in ((before, views), (after, own_views)):
            rebuild_indexes(store)
            ProjectionRunner(store, kept, SHIPPED).catch_up()
        assert before.indexes() == after.indexes()
        for each in SHIPPED:
            assert list(views.rows(each)) == list(own_views.rows(each))
        checks = (check_entries(after), check_indexes(after), check_snapshots(after))
        assert [finding for found in checks for finding in found] == []


def test_recovering_again_changes_nothing_and_raises_no_generation(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)
    first = recover(backup, Told(records))
    again = recover(backup, Told(records))

    assert again == first._replace(compared=len(records), appended=0, raised=False)


def test_what_happens_next_goes_on_and_is_told_under_the_new_generation(copying: Copying) -> None:
    original, backup = history(copying)
    recover(backup, Told(told_of(original)))
    act(backup, range(LATE, LATE + 40))

    with opened(backup, NOW) as (store, _):
        assert [*check_entries(store)] == []
    ids = [dict(each.headers)["ce_id"].partition(b":")[0] for each in told_of(backup)]
    assert ids == sorted(ids)
    assert {each[-2:] for each in ids} == {b".1", b".2"}


def test_a_generation_that_the_stream_tells_of_begins_where_it_began(copying: Copying) -> None:
    original, backup = history(copying)
    with opened(original, NOW) as (store, _):
        begun = store.raise_generation().generation
        first = store.last_entry() + 1
    act(original, range(LATE, LATE + 40))

    found = recover(backup, Told(told_of(original)), page=10_000)

    assert found.identity.generation == begun + 1
    assert copying.rows(backup) == copying.rows(original)
    with opened(backup, NOW) as (store, _):
        assert [each.first_entry for each in store.generations()] == [
            0,
            first,
            found.last_entry + 1,
        ]


def test_a_store_that_is_ahead_of_the_stream_stays_as_it_is(copying: Copying) -> None:
    original, _ = history(copying)
    before = copying.rows(original)

    found = recover(original, Told(told_of(original)[:-7]))

    assert (found.ahead, found.appended, found.raised) == (7, 0, False)
    assert copying.rows(original) == before


def test_a_command_that_the_stream_does_not_tell_to_its_end_is_left_out(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)
    cut = next(n for n in range(len(records) - 20, 0, -1) if within_a_command(records, n))

    found = recover(backup, Told(records[: cut + 1]))

    assert 0 < found.cut_off == cut - found.last_entry
    assert found.raised
    with opened(backup, NOW) as (store, _):
        assert [*check_entries(store)] == []


def test_a_stream_that_begins_later_is_compared_from_where_it_begins(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)

    found = recover(backup, Told(records[100:]))

    assert found.compared + found.appended == len(records) - 100
    assert copying.rows(backup) == copying.rows(original)


Change = Callable[[list[CloudEvent], int], list[CloudEvent]]
"""Of the records, and how many entries the backup has."""


def header(name: str, text: bytes, at: int) -> Change:
    def change(records: list[CloudEvent], end: int) -> list[CloudEvent]:
        place = at if at >= 0 else end + 5
        kept = [each for each in records[place].headers if each[0] != name]
        changed = records[place]._replace(headers=[*kept, (name, text)])
        return [*records[:place], changed, *records[place + 1 :]]

    return change


@pytest.mark.parametrize(
    ("change", "error", "said"),
    [
        (lambda _records, _end: [], EmptyStream, "the topic has no entries"),
        (lambda records, end: records[end + 1 :], BeginsLate, "The stream begins at entry"),
        (lambda records, _end: [*records[:9], *records[10:]], EntryMissing, "no entry 9;.* is 10"),
        (lambda records, _end: [*records[:9], *records[8:]], EntryMissing, "no entry 9;.* is 8"),
        (header("ce_actor", b"user:eve", 3), EntryDiffers, "Entry 3 differs: its actor "),
        (header("ce_command", b"Invented", 3), EntryDiffers, "Entry 3 differs: its command "),
        (
            header("ce_recordedtime", b"2026-03-02T12:00:00.000001Z", 3),
            EntryDiffers,
            "Entry 3 differs: its recorded_at ",
        ),
        (header("ce_entry", b"x", 3), UnreadableRecord, "header ce_entry"),
        (header("ce_specversion", b"9", 3), UnreadableRecord, "Entry 3 .* header ce_specversion"),
    ],
)
def test_a_stream_that_is_no_copy_of_the_log_is_refused_before_anything_is_written(
    copying: Copying, change: Change, error: type[Exception], said: str
) -> None:
    original, backup = history(copying)
    before = copying.rows(backup)
    with opened(backup, NOW) as (store, _):
        end = store.last_entry() + 1

    with pytest.raises(error, match=said):
        recover(backup, Told(change(told_of(original), end)))

    assert copying.rows(backup) == before
    with opened(backup, NOW) as (store, _):
        assert store.identity.generation == 1


def test_a_changed_state_is_refused(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)
    place = next(n for n, each in enumerate(records) if b'"recipient_id":"p' in each.value)
    value = records[place].value.replace(b'"recipient_id":"p', b'"recipient_id":"q')
    records[place] = records[place]._replace(value=value)

    with pytest.raises(EntryDiffers, match=f"Entry {place} differs: its state "):
        recover(backup, Told(records))


def test_the_stream_of_another_store_is_refused(copying: Copying) -> None:
    original, _ = history(copying)
    other = copying.new()
    act(other, range(5))

    with pytest.raises(StreamOfAnotherStore, match="name the topic of this store"):
        recover(other, Told(told_of(original)))


def test_a_store_that_went_its_own_way_is_refused(copying: Copying) -> None:
    original, backup = history(copying)
    with opened(backup, NOW) as (store, _):
        store.raise_generation()
        end = store.last_entry()

    with pytest.raises(GenerationDiffers, match=f"Entry {end + 1} is told under generation 1"):
        recover(backup, Told(told_of(original)))


def test_a_generation_that_nobody_can_have_reached_is_refused(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)
    with opened(backup, NOW) as (store, _):
        end = store.last_entry() + 1
    told = dict(records[end].headers)["ce_id"].replace(b".1:", b".999999999999:")

    with pytest.raises(GenerationDiffers, match="under generation 999999999999"):
        recover(backup, Told(header("ce_id", told, end)(records[: end + 1], end)))


def test_a_backup_on_which_somebody_worked_is_refused(copying: Copying) -> None:
    original, backup = history(copying)
    with opened(backup, NOW) as (store, _):
        end = store.last_entry()
    act(backup, range(LATE + 100, LATE + 140))

    with pytest.raises(EntryDiffers, match=f"Entry {end + 1} differs"):
        recover(backup, Told(told_of(original)))


def test_a_gap_beyond_the_backup_keeps_the_pages_before_it_whole(copying: Copying) -> None:
    original, backup = history(copying)
    records = told_of(original)
    gap = len(records) - 30

    with pytest.raises(EntryMissing, match=f"has no entry {gap}"):
        recover(backup, Told([*records[:gap], *records[gap + 1 :]]))
    with opened(backup, NOW) as (store, _):
        assert [*check_entries(store)] == []
        assert store.last_entry() < gap

    recover(backup, Told(records))
    assert copying.rows(backup) == copying.rows(original)


def test_a_command_between_the_events_of_another_is_refused(copying: Copying) -> None:
    original, backup = history(copying)
    with opened(backup, NOW) as (store, _):
        end = store.last_entry()
    records = told_of(original)
    place = next(n for n in range(end + 1, len(records)) if within_a_command(records, n))
    changed = header("ce_actor", b"user:eve", place + 1)(records, 0)

    with pytest.raises(CommandBroken, match=f"Entry {place + 1} "):
        recover(backup, Told(changed))


@pytest.mark.kills
@pytest.mark.rule("F1")
def test_a_recovery_that_is_killed_anywhere_goes_on_where_it_was(copying: Copying) -> None:
    original, backup = history(copying)
    chance, kills = random.Random(11), 0
    done = False
    while not done:
        command = [sys.executable, "-m", "tests.work.copies", str(original), str(backup), "9"]
        with subprocess.Popen(command, stdout=subprocess.PIPE) as victim:
            assert victim.stdout is not None
            written = [victim.stdout.readline() for _ in range(chance.randrange(2, 12))]
            done = not written[-1]
            if not done:
                victim.kill()
                kills += 1
        with opened(backup, NOW) as (store, _):
            assert [*check_entries(store)] == []

    assert kills >= 3
    assert copying.rows(backup) == copying.rows(original)
    with opened(backup, NOW) as (store, _):
        assert store.identity.generation == 2
