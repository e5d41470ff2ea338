"""The turns that accounts take at the log; all waiting turns share one transaction: group commit
across accounts and workspaces.

In its turn an account has the outcome of its last message recorded, its next one reserved and the
one after that planned. A reservation is on the disk, and noted by the witness, before the turn ends
(M2, M6).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from engine.engine import Engine
from engine.gc_pause import collect_seldom
from engine.group_commit import MOST, LeadingQueue
from engine.reply import Reply, Request
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.ports import Directory
from events.campaign import SendReserved
from events.recorded import Recorded
from events.vocabulary import AccountId, RecipientId


class Witness(Protocol):
    def begin(self) -> None:
        """To be called before the first reservation. Raises ``OSError``."""
        ...

    def note(self, position: int, event_id: str) -> None:
        """Note, outside the store, that the log reached this event. Raises ``OSError``."""
        ...


INTERRUPTED = InterruptedError("another thread was to record and note it, and did not")


@dataclass(eq=False)
class Turn:
    dispatch: Dispatch
    account_id: AccountId
    requests: Sequence[Request]
    reserves: bool
    """Whether the last of the requests reserves a message."""
    more: bool
    """Whether to plan another message."""
    reserved: Recorded | None = None
    """The reservation; None if the law refused it after all: another command came first, or the
    sender is gone."""
    latest: Recorded | None = None
    """The last reservation of the same transaction."""
    draft: Draft | None = None
    error: Exception | None = None
    unnoted: Exception | None = None
    """Set if the reservation stands but could not be noted by the witness."""


class Turns:
    """The turns of all accounts of a process. Safe to share between threads."""

    def __init__(self, engine: Engine, witness: Witness, directory: Directory) -> None:
        self._engine, self._witness, self._directory = engine, witness, directory
        collect_seldom()
        self._queue: LeadingQueue[Turn] = LeadingQueue(self._serve, MOST)
        self._notes: LeadingQueue[Turn] = LeadingQueue(self._note, MOST)
        self._noted: Recorded | None = None
        self._begun = False

    def take(self, turn: Turn) -> None:
        """Take a turn, and return when it is done; raises the error of its requests."""
        self._queue.submit(turn)
        if turn.error is not None:
            raise turn.error
        if turn.latest is self._noted:
            turn.unnoted = None
        elif turn.reserved is not None:
            self._notes.submit(turn)

    def _serve(self, turns: Sequence[Turn]) -> None:
        recording = [each for each in turns if each.requests]
        for each in recording:
            each.error = INTERRUPTED
        if not self._begun and any(each.reserves for each in recording):
            self._witness.begin()
            self._begun = True
        pages = [(each.dispatch.workspace, each.requests) for each in recording]
        for turn, answer in zip(recording, self._engine.execute_pages(pages), strict=True):
            if isinstance(answer, Exception):
                turn.error = answer
            else:
                _take_in(turn, answer)
        reserved = [each.reserved for each in recording if each.reserved is not None]
        latest = max(reserved, key=_position, default=None)
        for each in recording:
            each.latest = latest
        self._plan([each for each in turns if each.more and each.error is None])

    def _note(self, turns: Sequence[Turn]) -> None:
        """Note the latest reservation, and with it all earlier ones; the next transaction goes on
        meanwhile."""
        latest = max((each.latest for each in turns if each.latest), key=_position)
        error = None
        try:
            if latest is not self._noted:
                self._witness.note(latest.position, latest.event_id)
                self._noted = latest
        except Exception as raised:  # noqa: BLE001 raised in every turn that reserved
            error = raised
        for each in turns:
            each.unnoted = error

    def _plan(self, turns: Sequence[Turn]) -> None:
        """Plan the next messages. A reserved message leaves even if planning the next one fails."""
        try:
            at = self._engine.store.now()
            for each in turns:
                each.draft = each.dispatch.next_from(each.account_id, at)
            self._address([each for each in turns if each.draft is not None])
        except Exception as error:  # noqa: BLE001 raised in turns that reserved nothing
            for each in turns:
                each.draft = None
                each.error = None if each.reserved is not None else error

    def _address(self, turns: Sequence[Turn]) -> None:
        """Look up all recipients at once: a query for each would take longer than writing the
        letter."""
        wanted: dict[str, list[RecipientId]] = {}
        for each in turns:
            assert each.draft is not None
            ids = wanted.setdefault(each.dispatch.workspace, [])
            ids.append(each.draft.plan.recipient_id)
        found = {name: self._directory.people(name, ids) for name, ids in wanted.items()}
        for each in turns:
            assert each.draft is not None
            person = found[each.dispatch.workspace].get(each.draft.plan.recipient_id)
            each.draft = each.draft._replace(person=person)


def _position(recorded: Recorded) -> int:
    return recorded.position


def _take_in(turn: Turn, replies: Sequence[Reply]) -> None:
    turn.error = None
    turn.dispatch.follow_own([*chain.from_iterable(each.recorded for each in replies)])
    if not turn.reserves:
        return
    last = replies[-1]
    found = (each for each in last.recorded if isinstance(each.event, SendReserved))
    turn.reserved = next(found, None) if last.refusal is None else None
    turn.unnoted = INTERRUPTED
