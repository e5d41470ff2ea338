"""What every fact has: it is frozen, and it says when it happened (F1, F2)."""

from typing import ClassVar

from pydantic import BaseModel, ConfigDict

from events.vocabulary import Instant


class Event(BaseModel):
    """A fact in the past tense. Its class name is its name on the wire; see ``events.catalogue``.

    ``occurred_at`` is when the fact became true, in UTC. Who caused it, by which command, and when
    it was recorded stand once per command, in the ``Envelope``.
    """

    model_config = ConfigDict(frozen=True)

    version: ClassVar[int] = 1
    """Version of the fact's shape on the wire; raised together with an upcaster."""

    occurred_at: Instant
