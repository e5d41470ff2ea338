"""Events and the proofs that they were signed: alone, or as a case with its sentences."""

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Annotated, Any, NamedTuple, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.ports.log import Entry
from engine.proof.errors import CaseNotProved, NotAsSigned, NotGrownFrom
from engine.proof.merkle import (
    Node,
    NotProved,
    consistency,
    inclusion,
    leaf_hash,
    require_consistent,
    root_by_inclusion,
)
from engine.proof.notes import Checkpoint
from engine.proof.records import EPOCH, MICROSECOND, committed, nonce
from events.recorded import Envelope

Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ProvedEvent(_Part):
    """A recorded event, and the proof that it was signed. Its nonce is shown; the envelope's key is
    not, since other events of the envelope could be guessed with it."""

    entry: int
    position: int
    stream: str
    version: int
    topic: str
    state: str
    envelope: dict[str, str | int | None]
    """The columns of ``Envelope``, in the form that its digest takes."""
    nonce: Hash
    path: list[Hash]

    @property
    def as_entry(self) -> Entry:
        """The event as an entry. Raises ``TypeError`` and ``OverflowError`` for an invalid
        envelope."""
        if self.envelope.keys() != {*Envelope._fields}:
            raise TypeError
        columns: dict[str, Any] = {**self.envelope}
        recorded_at = EPOCH + timedelta(microseconds=columns.pop("recorded_at"))
        row = self.position, self.stream, self.version, self.topic, self.state.encode()
        return Entry(self.entry, Envelope(**columns, recorded_at=recorded_at), row)

    def is_in(self, tree: Checkpoint) -> bool:
        with suppress(NotProved, TypeError, OverflowError):
            leaf = leaf_hash(committed(bytes.fromhex(self.nonce), self.as_entry))
            return root_by_inclusion(self.entry, tree.size, leaf, _octets(self.path)) == tree.root
        return False


class Since(_Part):
    """An older checkpoint, from which the tree grew."""

    size: int
    root: Hash
    path: list[Hash]

    def begins(self, tree: Checkpoint) -> bool:
        old = bytes.fromhex(self.root)
        with suppress(NotProved):
            require_consistent(self.size, old, tree.size, tree.root, _octets(self.path))
            return True
        return False


class SignedEvents(_Part):
    checkpoint: str
    """A signed note."""
    since: Since | None
    events: Annotated[list[ProvedEvent], Field(min_length=1)]

    @classmethod
    def of(cls, text: str) -> Self:
        """Parse the file. Raises ``CaseNotProved``."""
        try:
            return cls.model_validate(json.loads(text, object_pairs_hook=_once_each))
        except ValidationError as error:
            first = error.errors()[0]
            problem = f"{'.'.join(map(str, first['loc']))}: {first['msg']}"
        except (ValueError, RecursionError) as error:
            problem = str(error)
        raise CaseNotProved(found=f"it is no case file ({problem})")

    @property
    def octets(self) -> bytes:
        """The file's content, laid out for people to read."""
        return f"{self.model_dump_json(indent=2)}\n".encode()

    def require_proved(self, tree: Checkpoint, noted: Checkpoint | None) -> None:
        """Check that the events are in the tree, and that it grew from the checkpoint that was
        ``noted``.

        Raises ``CaseNotProved``. Whether ``case`` says what they hold is not checked here.
        """
        numbers, known = [each.entry for each in self.events], [tree[:3]]
        if numbers != sorted({*numbers}):
            raise CaseNotProved(found="its events are not in order")
        for each in self.events:
            if not each.is_in(tree):
                raise CaseNotProved(found=f"position {each.position} is not in the signed log")
        if since := self.since:
            known.append((tree.origin, since.size, bytes.fromhex(since.root)))
            if not since.begins(tree):
                raise CaseNotProved(found="the log does not continue from the older checkpoint")
        if noted is not None and noted[:3] not in known:
            raise CaseNotProved(found="nothing in it leads to the checkpoint that was noted")


class _Words(_Part):
    sendledger_case: Annotated[int, Field(ge=1, le=1)]
    case: dict[str, Any]
    """The case, in the form of ``engine.answers.telling.case``."""


class CaseFile(SignedEvents, _Words):
    """A case: how it is told, which comes first in the file, and its events with their proofs."""


def read(text: str) -> SignedEvents:
    """Parse the file; the result is a ``CaseFile`` if it holds a case. Raises ``CaseNotProved``."""
    return (CaseFile if '"sendledger_case"' in text else SignedEvents).of(text)


class Prover(NamedTuple):
    """Finds proofs in the tree of a checkpoint."""

    tree: Checkpoint
    node: Node

    def event(self, entry: Entry, key: bytes) -> ProvedEvent:
        """The event with its proof. ``key``: that of its envelope. Raises ``NotAsSigned``, and the
        errors for missing tiles."""
        assert entry.row is not None
        recorded_at = (entry.envelope.recorded_at - EPOCH) // MICROSECOND
        position, stream, version, topic, state = entry.row
        found = ProvedEvent(
            entry=entry.number,
            position=position,
            stream=stream,
            version=version,
            topic=topic,
            state=state.decode(errors="replace"),
            envelope={**entry.envelope._asdict(), "recorded_at": recorded_at},
            nonce=nonce(key, entry.number).hex(),
            path=[each.hex() for each in inclusion(entry.number, self.tree.size, self.node)],
        )
        if not found.is_in(self.tree):
            raise NotAsSigned(entry=entry.number)
        return found

    def since(self, noted: Checkpoint) -> Since:
        """The proof that the tree grew from the noted checkpoint. Raises ``NotGrownFrom``."""
        path = [each.hex() for each in consistency(noted.size, self.tree.size, self.node)]
        found = Since(size=noted.size, root=noted.root.hex(), path=path)
        if noted.origin != self.tree.origin or not found.begins(self.tree):
            raise NotGrownFrom(size=self.tree.size, noted=noted.size)
        return found


def _octets(path: Sequence[str]) -> list[bytes]:
    return [bytes.fromhex(each) for each in path]


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key stands twice")
    return found
