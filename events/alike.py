"""Facts that differ in one text: the 100,000 stops of an expiry are one fact and their ids."""

from abc import abstractmethod
from bisect import bisect_right
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import fields
from itertools import accumulate, chain
from typing import TypeVar, overload

from events.base import Event

E = TypeVar("E", bound=Event)


class _Facts(Sequence[E]):
    """Facts that are made anew whenever they are gone through."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    @overload
    def __getitem__(self, place: int) -> E: ...
    @overload
    def __getitem__(self, place: slice) -> list[E]: ...
    def __getitem__(self, place: int | slice) -> E | list[E]:
        if isinstance(place, slice):
            return list(self)[place]
        return self._at(range(len(self))[place])

    @abstractmethod
    def _at(self, place: int) -> E: ...


class Alike(_Facts[E]):
    """Facts like ``one`` but for the field ``field``, in which each has one of ``texts``.

    ``one`` is validated; raises ``UnicodeEncodeError`` for a text that no store could hold.
    """

    def __init__(self, one: E, field: str, texts: Sequence[str]) -> None:
        "".join(texts).encode()
        self.one = one
        self.field = field
        self.texts = texts

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[E]:
        return self.with_texts(self.texts)

    def _at(self, place: int) -> E:
        return next(self.with_texts(self.texts[place : place + 1]))

    def with_texts(self, texts: Iterable[str]) -> Iterator[E]:
        cls = type(self.one)
        new, vary = cls.__new__, getattr(cls, self.field).__set__
        same = [
            (getattr(cls, field.name).__set__, getattr(self.one, field.name))
            for field in fields(cls)
            if field.name != self.field
        ]
        for text in texts:
            fact = new(cls)
            vary(fact, text)
            for put, shared in same:
                put(fact, shared)
            yield fact


class _Joined(_Facts[E]):
    def __init__(self, runs: Sequence[Sequence[E]]) -> None:
        self.runs = runs
        self._ends = list(accumulate(map(len, runs)))

    def __len__(self) -> int:
        return self._ends[-1]

    def __iter__(self) -> Iterator[E]:
        return chain.from_iterable(self.runs)

    def _at(self, place: int) -> E:
        run = bisect_right(self._ends, place)
        return self.runs[run][place - self._ends[run]]


def joined(*several: Sequence[E]) -> Sequence[E]:
    """All of them, in order; those that are alike stay together."""
    found = [run for each in several for run in runs(each) if run]
    if any(isinstance(run, Alike) for run in found):
        return _Joined(found)
    return list(chain.from_iterable(found))


def runs(facts: Sequence[E]) -> Sequence[Sequence[E]]:
    """The facts in order; those that are alike are an ``Alike``."""
    return facts.runs if isinstance(facts, _Joined) else (facts,)


def of_classes(facts: Sequence[E], classes: Container[type[Event]]) -> Iterator[tuple[int, E]]:
    """Those of one of the classes, each with its place among all."""
    place = 0
    for run in runs(facts):
        if not isinstance(run, Alike):
            yield from ((at, each) for at, each in enumerate(run, place) if type(each) in classes)
        elif type(run.one) in classes:
            yield from enumerate(run, place)
        place += len(run)


def count(facts: Sequence[E], classes: type[Event] | tuple[type[Event], ...]) -> int:
    """How many are of these classes."""
    return sum(
        len(run) * isinstance(run.one, classes)
        if isinstance(run, Alike)
        else sum(isinstance(each, classes) for each in run)
        for run in runs(facts)
    )
