"""Commits to what the directory says about people, before it is written there (F1).

No decision depends on it: a verifier compares the directory with what was recorded.
"""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from aggregates.command import Command
from events.recipient import PeopleCommitted
from events.vocabulary import RecipientId

ALL = "all"
"""There is one stream in each workspace."""


class CommitPeople(Command):
    aggregate: ClassVar[str] = "people"
    taken_when_fenced: ClassVar[bool] = True
    digests: Mapping[RecipientId, str]
    written: bool = False

    @property
    def aggregate_id(self) -> str:
        return ALL


def initial(_: str) -> tuple[()]:
    return ()


def decide(_: tuple[()], command: CommitPeople) -> Sequence[PeopleCommitted]:
    digests = {**command.digests}
    return [PeopleCommitted(digests=digests, written=command.written, occurred_at=command.at)]


def evolve(state: tuple[()], _event: PeopleCommitted) -> tuple[()]:
    return state
