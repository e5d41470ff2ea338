"""What every fact has: it is frozen, and it says when it happened (F1, F2)."""

from typing import ClassVar, TypeVar, dataclass_transform

from pydantic.dataclasses import dataclass

from events.vocabulary import Instant

T = TypeVar("T", bound=type)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def fact(cls: T) -> T:
    """Make the class a frozen pydantic dataclass with slots.

    It is validated like a model, in a third of a model's time and a seventh of its memory: a stop
    of a campaign is 100,000 of these at once.
    """
    return dataclass(frozen=True, slots=True, kw_only=True)(cls)  # type: ignore[return-value]


@fact
class Event:
    """A fact in the past tense. Its class name is its name on the wire; see ``events.catalogue``.

    ``occurred_at`` is when the fact became true, in UTC. Who caused it, by which command, and when
    it was recorded stand once per command, in the ``Envelope``.
    """

    version: ClassVar[int] = 1
    """Version of the fact's shape on the wire; raised together with an upcaster."""

    occurred_at: Instant
