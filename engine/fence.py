"""The restore fence: a store that may lack some of its past decides nothing that depends on it
(M6)."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from enum import Enum
from threading import Lock
from time import monotonic
from typing import Protocol

from engine.group_commit import LeadingQueue
from engine.ports.coordination import Alarm, Coordination
from engine.ports.errors import ReadOnlyStore, StoreError
from engine.ports.log import Log, StoreIdentity
from engine.ports.store import Store
from engine.ports.witness import Noted, SignedLog, Witness
from processors import roster

ALARM = "restore fence"
"""The subject of the operators' alarm. As long as it stands, the store is fenced: only a person
opens it, whatever the witness says by then."""
LOOK_AGAIN = 1.0
"""Seconds after which an open fence is checked again: another process may have closed it."""
MOST = 64

NO_WITNESS = (
    "it has sent messages before, and in the folder of the setting witness there is no witness of "
    "how far it went"
)
UNREADABLE = "it has sent messages before, and its witness cannot be read ({said})"
BEHIND = "its witness knows event {known}, and the store ends at {last}"
OTHER = "its witness knows another event at position {known} than the store has there"


class StoreIsFenced(StoreError):
    sentence = "The store is fenced: {reason}. It sends and relays nothing until it is reconciled."


class Standing(Enum):
    """A store compared with something that knows how far its log went."""

    LEVEL = "level"
    """The store has everything that is known there."""
    BEHIND = "behind"
    OTHER = "other"
    """The two have different histories."""


def standing(known: int, last: int, same: Callable[[], bool]) -> Standing:
    """Compare the two. ``known`` and ``last``: places in the log. ``same``: whether both have the
    same fact there."""
    if known > last:
        return Standing.BEHIND
    return Standing.LEVEL if same() else Standing.OTHER


class Fence(Protocol):
    doubts: int
    """How often the store was lost: what is known about it is valid only until the next time."""

    def closed(self) -> str | None:
        """Why the store is fenced, as the end of a sentence; None if it is open."""
        ...

    def doubt(self) -> None:
        """Note that the store was lost: it may come back with another history."""
        ...

    def part_ways(self) -> None:
        """To be called before anything is recorded in a fenced store: from here on, no copy of the
        log is the same."""
        ...


class Unfenced:
    """The fence of a store that is only used for rehearsals: nothing leaves it."""

    doubts = 0

    def closed(self) -> str | None:
        return None

    def doubt(self) -> None:
        pass

    def part_ways(self) -> None:
        pass


class StoreFence:
    """The fence of a store, judged at the first question; once open, it stays open unless an alarm
    is raised or the store is lost. Safe to share between threads.

    Without a ``witness``, a store that has sent a planned message is fenced for this process alone:
    others may have one. ``monotonic``: seconds, by a clock that cannot be set.
    """

    def __init__(
        self,
        store: Store,
        witness: Witness | None = None,
        coordination: Coordination | None = None,
        monotonic: Callable[[], float] = monotonic,
    ) -> None:
        self._store, self._witness, self._coordination = store, witness, coordination
        self._monotonic = monotonic
        self.signed: SignedLog | None = None
        """The signed log, if there is one: it is a witness, too."""
        self._open = self._parted = False
        self.doubts = 0
        self._again = 0.0
        self._lock = Lock()
        self._notes: LeadingQueue[_Note] = LeadingQueue(self._write, MOST)

    def closed(self) -> str | None:
        if self._open and self._monotonic() < self._again:
            return None
        with self._lock:
            doubts = self.doubts
            told = next((each.text for each in self._alarms()), None)
            reason = told or (None if self._open else self._judged())
            self._open = reason is None and doubts == self.doubts
            self._again = self._monotonic() + LOOK_AGAIN
            return reason

    def doubt(self) -> None:
        self.doubts += 1
        self._open = False

    def part_ways(self) -> None:
        """Begin a generation, once after each restore, so that the ids of published events keep
        their meaning."""
        closed_at = self.closed_at
        with self._lock:
            last = self._store.generations()[-1]
            late = closed_at is not None and last.began_at >= closed_at
            if not self._parted and (last.number == 1 or not late):
                self.begin_generation()
            self._parted = True

    def begin_generation(self) -> StoreIdentity:
        """Begin a generation under a number that was never used, not even in a history that a
        backup has replaced since. Generations that are left out are empty.

        If the witness cannot be written, only the store and its signed log tell what was used.
        """
        number = self._store.identity.generation
        if self.signed is not None:
            number = max(number, self.signed.generation())
        drawn = number + 1
        if self._witness is not None:
            with suppress(OSError):
                drawn = self._witness.draw_generation(number)
        while self._store.identity.generation < drawn - 1:
            self._store.raise_generation()
        return self._store.raise_generation(self.signed.named() if self.signed else None)

    @property
    def closed_at(self) -> datetime | None:
        """When it was first known that the store may lack something."""
        return next((each.since for each in self._alarms()), None)

    def known(self) -> Noted | None:
        """What the witness has noted. Raises ``OSError``."""
        return self._witness.read() if self._witness else None

    def begin(self) -> None:
        """M6: have the witness note something before the first reservation: if a process ended
        between that and its own note, the store would have sent, and have no witness. Raises
        ``OSError``, and ``StoreIsFenced``."""
        if self.closed() is None and self.known() is None:
            last = self._store.last_position()
            event_id = event_at(self._store, last)
            if event_id is not None:
                self.note(last, event_id)

    def note(self, position: int, event_id: str) -> None:
        """M6: have the witness note an event, after a reservation's commit and before its submit.
        Raises ``OSError`` if nothing can be noted, and ``StoreIsFenced``."""
        if self._witness is None:
            raise OSError("nobody named a witness of how far the store went")
        self._store.reach_disk()
        note = _Note(Noted(position, event_id))
        self._notes.submit(note)
        if note.error is not None:
            raise note.error
        if not note.kept:
            raise OSError("another thread was to note it, and did not")

    def close(self, reason: str) -> None:
        """Raise an alarm for operators, until the store is reconciled."""
        if self._coordination is not None:
            with suppress(ReadOnlyStore):
                self._coordination.alarm(ALARM, reason)

    def open(self) -> None:
        """Open the fence: the store is reconciled, and its history counts from here on. Raises
        ``OSError``."""
        last = self._store.last_position()
        event_id = event_at(self._store, last)
        if self._witness is not None and event_id is not None:
            self._witness.begin_anew(Noted(last, event_id))
        if self._coordination is not None:
            self._coordination.calm(ALARM)
        self._open, self._parted = True, False

    def _write(self, notes: "Sequence[_Note]") -> None:
        latest = max((each.noted for each in notes), key=lambda noted: noted.position)
        try:
            self._keep(latest)
        except (OSError, StoreError) as error:
            for each in notes:
                each.error = error
        else:
            for each in notes:
                each.kept = True

    def _keep(self, noted: Noted) -> None:
        """Note the event. If another process has noted a later one, the store must have that."""
        assert self._witness is not None
        reason = self.closed()
        if reason is None:
            kept = self._witness.note(noted)
            reason = None if kept == noted else self._held_against(kept)
            if reason is not None:
                self._open = False
                self.close(reason)
        if reason is not None:
            raise StoreIsFenced(reason=reason)

    def _alarms(self) -> list[Alarm]:
        alarms = self._coordination.alarms() if self._coordination else ()
        return [each for each in alarms if each.about == ALARM]

    def _judged(self) -> str | None:
        """Why the store is fenced. The witness is read first: whatever it had noted by then, a
        sound store has by now."""
        if self._coordination is not None and self._coordination.workers() is None:
            return None
        reason = self.signed.lacking() if self.signed else None
        if reason is None:
            try:
                noted = self.known()
            except OSError as error:
                said = error.strerror or str(error)
                return UNREADABLE.format(said=said) if self._has_sent else None
            if noted is None:
                return NO_WITNESS if self._has_sent else None
            reason = self._held_against(noted)
        if reason is not None:
            self.close(reason)
        return reason

    def _held_against(self, noted: Noted) -> str | None:
        last = self._store.last_position()
        found = standing(
            noted.position,
            last,
            lambda: event_at(self._store, noted.position) == noted.event_id,
        )
        match found:
            case Standing.LEVEL:
                return None
            case Standing.BEHIND:
                return BEHIND.format(known=noted.position, last=last)
            case Standing.OTHER:
                return OTHER.format(known=noted.position)

    @property
    def _has_sent(self) -> bool:
        return self._store.anywhere_on_roster(roster.SENT)


class _Note:
    """Something to be noted; ``kept`` or ``error`` is set once it was tried."""

    def __init__(self, noted: Noted) -> None:
        self.noted = noted
        self.kept = False
        self.error: Exception | None = None


def event_at(log: Log, position: int) -> str | None:
    """The id of the event at that position; None for position 0."""
    if position < 1:
        return None
    ((place, *_),), (envelope, *_) = log.read(position - 1, 1)
    return envelope.event_id(place - envelope.first_position)
