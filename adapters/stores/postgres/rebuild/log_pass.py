"""The whole log, read by one process of a rebuild, which decodes what it folds and no more."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from adapters.stores.postgres.rebuild.hashing import Hash, Share, hash_of_field, topics_of
from adapters.stores.postgres.rebuild.partition import IN_HAND, Folding, Part
from adapters.stores.postgres.store import PostgresStore
from engine.decoding import GapInLog, MissingEnvelope
from engine.ports.log import Page, Row
from engine.projecting import PAGE
from events.catalogue import CATALOGUE
from events.recorded import Recorded

Take = Callable[[Recorded], None]


class Task(NamedTuple):
    """What one process does. The first three are the same for all."""

    end: int
    """Position of the last event."""
    field: str | None
    """Whose values tell which process folds an event."""
    watched: frozenset[str]
    """Topics that somebody folds."""
    pass_over: frozenset[int]
    """Events that every view passes over, so that nobody needs to read them."""
    parts: Sequence[Part]
    check: Share | None
    """Of the events that nobody folds: they need to be readable all the same."""
    in_hand: int = IN_HAND


class Handling(NamedTuple):
    """What a process does with the events of a topic, by their hash; None: not its own."""

    hash: Hash | None
    """None: the position is the hash."""
    takers: Sequence[tuple[Take, ...] | None]


def fold_parts(store: PostgresStore, task: Task, progress: Callable[[int], None]) -> None:
    """Fold these parts and copy their rows out; ``progress`` is told what is done of ``end``.

    Raises ``UnreadableEvent``, ``CannotTake``, ``GapInLog``, ``MissingEnvelope``, ``StoreError``.
    """
    passes = 0
    while task.parts or task.check:
        left = list[Part]()
        for position in LogPass(task).pages(store, left):
            progress((passes * task.end + position) // (passes + 1 + bool(left)))
        passes += 1
        task = task._replace(parts=left, check=None)


class LogPass:
    def __init__(self, task: Task) -> None:
        self._task = task
        self._foldings = [Folding(part, task.in_hand) for part in task.parts]
        self._hash = hash_of_field(task.field) if task.field else None
        self._share_out()

    def pages(self, store: PostgresStore, left: list[Part]) -> Iterator[int]:
        """Positions reached. What is left for another pass is added to ``left``."""
        position, end = 0, self._task.end
        while position < end:
            page = store.read(position, min(PAGE, end - position))
            self._take(page, position, end)
            position = page.rows[-1][0]
            parted = [each.make_room(store) for each in self._foldings]
            if any(parted):
                left.extend(filter(None, parted))
                self._share_out()
            yield position
        for each in self._foldings:
            each.write(store)

    def _share_out(self) -> None:
        self._handlings = {topic: self._handling(topic) for topic in CATALOGUE.decoders}

    def _handling(self, topic: str) -> Handling:
        if topic not in self._task.watched:
            check = self._task.check
            share = range(check.of) if check else ()
            return Handling(
                None, [() if check and check.has(each) else None for each in share] or [None]
            )
        concerned = [each for each in self._foldings if topic in topics_of([each.part.projection])]
        parts = [each.part for each in concerned if each.part.by_event]
        fielded = any(part.projection.share_by for part in parts)
        of = max((part.share.of for part in parts), default=1)
        takers = [_takers(concerned, hashed) for hashed in range(of)]
        return Handling(self._hash if fielded else None, takers)

    def _take(self, page: Page, after: int, end: int) -> None:
        _hold_together(page.rows, after, end)
        for recorded, takers in self._decoded(page):
            for take in takers:
                take(recorded)
        for each in self._foldings:
            each.fold_page(after)

    def _decoded(self, page: Page) -> Iterator[tuple[Recorded, tuple[Take, ...]]]:
        decoders = CATALOGUE.decoders
        envelopes = iter(page.envelopes)
        envelope, last = None, -1
        for row, takers in self._own(page.rows):
            position, stream_id, version, topic, state = row
            try:
                event = decoders[topic](state)
            except (KeyError, ValueError, TypeError):
                self._cannot_read(row)
                continue
            while envelope is None or position > last:
                envelope = next(envelopes, None)
                if envelope is None or envelope.first_position > position:
                    raise MissingEnvelope(position=position, topic=topic)
                last = envelope.last_position
            yield Recorded(position, stream_id, version, event, envelope), takers

    def _own(self, rows: Sequence[Row]) -> Iterator[tuple[Row, tuple[Take, ...]]]:
        handlings = self._handlings
        for row in rows:
            handling = handlings.get(row[3])
            if handling is None:
                self._cannot_read(row)
                continue
            hash_of, takers = handling
            own = takers[(row[0] if hash_of is None else hash_of(row)) % len(takers)]
            if own is not None:
                yield row, own

    def _cannot_read(self, row: Row) -> None:
        position, stream_id, version, topic, state = row
        if position not in self._task.pass_over:
            where = f"position {position} ({stream_id}, version {version})"
            CATALOGUE.decode(topic, state, where)


def _takers(foldings: Iterable[Folding], hashed: int) -> tuple[Take, ...] | None:
    chosen = [
        each.page.append
        for each in foldings
        if not each.part.by_event or each.part.share.has(hashed)
    ]
    return tuple(chosen) or None


def _hold_together(rows: Sequence[Row], after: int, end: int) -> None:
    """Positions are unique and in order, so the last one tells whether one is missing."""
    if not rows:
        raise GapInLog(expected=after + 1, found=end + 1)
    if rows[-1][0] != after + len(rows):
        found = (row[0] for row in rows)
        wanted, there = next(pair for pair in enumerate(found, after + 1) if pair[0] != pair[1])
        raise GapInLog(expected=wanted, found=there)
