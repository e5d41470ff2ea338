"""The log commits to what the directory will say about people before it is written there (F1)."""

from collections.abc import Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from aggregates.people import CommitPeople
from engine.engine import Engine
from engine.reply import Request
from events.vocabulary import RecipientId

AT_ONCE = 1_000
"""Digests in one event."""


class Committing(NamedTuple):
    """Implements ``Commits`` for one workspace, on behalf of one actor."""

    engine: Engine
    workspace: str
    actor: str

    def __call__(self, digests: Mapping[RecipientId, str], *, written: bool = False) -> None:
        requests = list(self._requests(digests, written=written))
        self.engine.execute_page(self.workspace, requests)

    def _requests(self, digests: Mapping[RecipientId, str], *, written: bool) -> Iterator[Request]:
        rest = iter(digests.items())
        while few := dict(islice(rest, AT_ONCE)):
            command_id = f"{'written' if written else 'people'}-{next(iter(few.values()))[:32]}"
            yield Request(CommitPeople(digests=few, written=written), command_id, self.actor)
