"""Bring the log of a store that was restored from a backup back to the end of the stream.

Entries that both have are compared; the others are appended with their old positions and times.
What was recorded after the stream's last entry, and never relayed, is lost: a new generation begins
there, so that an id that was published is never published for another event.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import NamedTuple

from engine.ports.errors import StoreError
from engine.ports.log import Entry, StoreIdentity
from engine.ports.store import Store
from engine.stream.cloud_events import CloudEvent
from engine.stream.reading import Reader, Told
from engine.stream.source import StreamSource, generation_of
from engine.stream.without_events import rejection_code
from events.recorded import Envelope

PAGE = 5_000
"""Entries that are compared or written at a time; the entries of a command are never separated."""
MOST_EMPTY = 100
"""The most generations that may have begun at the same entry; all but the last are empty."""
ROW = ("position", "stream", "version", "topic", "state")

Progress = Callable[[int], None]


class RecoveryRefused(StoreError):
    """The stream is not a copy of this store's log."""


class EmptyStream(RecoveryRefused):
    sentence = "The stream {stream} has no entries. Nothing was written; name the right topic."


class StreamOfAnotherStore(RecoveryRefused):
    sentence = (
        "Entry {entry} of the stream belongs to store {told}, but this is store {store}. "
        "Nothing of it was written; name the topic of this store, or another backup."
    )


class BeginsLate(RecoveryRefused):
    sentence = (
        "The stream begins at entry {first}, and the store ends at {last}: the entries in "
        "between are in neither. Nothing was written; restore a later backup."
    )


class EntryMissing(RecoveryRefused):
    sentence = (
        "The stream has no entry {expected}; the next one is {found}. Nothing was written from "
        "there on; look for records that the topic has lost."
    )


class EntryDiffers(RecoveryRefused):
    """``column`` is one of the event or of its envelope."""

    sentence = (
        "Entry {entry} differs: its {column} is not the same in the stream as in the store. "
        "Nothing was written; one of the two was changed, or they have different histories."
    )


class GenerationDiffers(RecoveryRefused):
    sentence = (
        "Entry {entry} is told under generation {told}, and here it is of generation {own}: the "
        "store went its own way from there. Nothing of it was written; restore the backup again."
    )


class CommandBroken(RecoveryRefused):
    sentence = (
        "Entry {entry} of the stream begins a command before the one before it is whole. Nothing "
        "of the two was written; find out who wrote it."
    )


class RecoveredLog(NamedTuple):
    """The result for the log. Entries are numbered from 0; -1 stands for none."""

    identity: StoreIdentity
    last_entry: int
    compared: int
    appended: int
    ahead: int
    """Entries that the store has and the stream does not have yet; if there are any, nothing is
    written."""
    cut_off: int
    """Entries at the stream's end that are not a complete command, and were left out."""
    raised: bool
    """Whether a new generation has begun, because what came after the last entry is unknown."""


def recover_log(
    store: Store,
    source: StreamSource,
    *,
    before_writing: Callable[[], object] = lambda: None,
    progress: Progress = lambda _entry: None,
    page: int = PAGE,
    begin_generation: Callable[[], StoreIdentity] | None = None,
) -> RecoveredLog:
    """Append what the stream has and the store lacks. After an interruption, repeat it: what was
    written is compared.

    ``begin_generation`` is called if a generation begins here (``StoreFence.begin_generation``).

    Nothing is written unless all entries that both have are equal. Raises ``RecoveryRefused``,
    ``UnreadableRecord``, ``UnknownTopic`` and ``NotContinued``; pages written before the error
    stay.
    """
    last = store.last_entry()
    told = _in_order(store.identity.store_id, source.records())
    first = next(told, None)
    if first is None:
        raise EmptyStream(stream=source.name)
    begin = first.entry.number
    if begin > last + 1:
        raise BeginsLate(first=begin, last=last)
    stream = chain([first], told)
    common = range(begin, last + 1)
    compared = _compare(store, stream, common, progress)
    pages = _Pages(stream, page)
    if compared == len(common):
        for generation, entries in pages:
            before_writing()
            _reach_generation(store, generation, entries[0].number)
            store.append_recorded(entries)
            progress(entries[-1].number)
    end, ahead = store.last_entry(), len(common) - compared
    raised = not ahead and store.generations()[-1].first_entry <= end
    identity = (begin_generation or store.raise_generation)() if raised else store.identity
    return RecoveredLog(identity, end, compared, end - last, ahead, pages.left_over, raised)


def _in_order(store_id: str, records: Iterator[CloudEvent]) -> Iterator[Told]:
    """The stream's entries of this store, checked to have no gaps and no decreasing generations."""
    reader, expected, generation = Reader(), -1, 0
    for record in records:
        told = reader.read(record)
        number = told.entry.number
        if told.store.store_id != store_id:
            raise StreamOfAnotherStore(entry=number, told=told.store.store_id, store=store_id)
        if expected not in {-1, number}:
            raise EntryMissing(expected=expected, found=number)
        if told.store.generation < generation:
            raise GenerationDiffers(entry=number, told=told.store.generation, own=generation)
        expected, generation = number + 1, told.store.generation
        yield told


def _compare(store: Store, told: Iterator[Told], common: range, progress: Progress) -> int:
    """The number of these entries of the store that the stream has too; all of them are equal."""
    generations = store.generations()
    for after in range(common.start - 1, common.stop - 1, PAGE):
        for own in store.entries(after, min(PAGE, common.stop - 1 - after)):
            each = next(told, None)
            if each is None:
                return own.number - common.start
            _require_equal(own, each, generation_of(generations, own.number))
        progress(after)
    return len(common)


def _require_equal(own: Entry, told: Told, generation: int) -> None:
    if told.store.generation != generation:
        raise GenerationDiffers(entry=own.number, told=told.store.generation, own=generation)
    for column in _different(own, told.entry):
        raise EntryDiffers(entry=own.number, column=column)


def _different(own: Entry, told: Entry) -> Iterator[str]:
    if (own.row is None) != (told.row is None):
        yield "kind"
    for column, here, there in zip(ROW, own.row or (), told.row or (), strict=False):
        if here != there:
            yield column
    if own.envelope != told.envelope:
        yield from _different_columns(own.envelope, told.envelope)


def _different_columns(own: Envelope, told: Envelope) -> Iterator[str]:
    for column, here, there in zip(Envelope._fields, own, told, strict=True):
        if column != "rejection" and here != there:
            yield column
    if rejection_code(own) != rejection_code(told):
        yield "rejection"


class _Pages:
    """Complete commands of one generation, ``size`` entries at a time, or as many more as complete
    the last command."""

    def __init__(self, told: Iterator[Told], size: int) -> None:
        self._told = told
        self._size = size
        self.left_over = 0

    def __iter__(self) -> Iterator[tuple[int, Sequence[Entry]]]:
        page, generation = list[Entry](), 0
        for each in self._told:
            if page and _is_whole(page[-1]):
                if len(page) >= self._size or each.store.generation != generation:
                    yield generation, page
                    page = []
            elif page and each.entry.envelope is not page[-1].envelope:
                raise CommandBroken(entry=each.entry.number)
            generation = each.store.generation
            page.append(each.entry)
        whole = len(page)
        while whole and not _is_whole(page[whole - 1]):
            whole -= 1
        self.left_over = len(page) - whole
        if whole:
            yield generation, page[:whole]


def _is_whole(last: Entry) -> bool:
    return last.row is None or last.row[0] == last.envelope.last_position


def _reach_generation(store: Store, generation: int, entry: int) -> None:
    """Begin, before this entry, the generation that began there in the stream."""
    own = store.identity.generation
    if not own <= generation <= own + MOST_EMPTY:
        raise GenerationDiffers(entry=entry, told=generation, own=own)
    for _ in range(generation - own):
        store.raise_generation()
