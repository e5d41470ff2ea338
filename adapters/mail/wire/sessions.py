"""Sessions that stay open between uses: at most one per mailbox and side, and never for long."""

import time
from collections.abc import Callable
from contextlib import suppress
from threading import Lock
from typing import Generic, TypeVar

from adapters.mail.opening import Opening, S
from adapters.mail.refused import NotUnderstood, ServerRefused
from adapters.mail.stages import Failed
from adapters.mail.wire.limits import Keeping
from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import Evidence
from engine.work.ports import AccountTrouble, Mailbox
from engine.work.secret import VaultError
from events.vocabulary import AccountId, FailureClass

T = TypeVar("T")
BROKEN = (ServerRefused, NotUnderstood, OSError)


class SessionFailed(Exception):
    """No session could be opened, or a new one failed; without ``evidence``, the mailbox's access
    could not be read."""

    def __init__(self, evidence: Evidence | None) -> None:
        super().__init__("The mailbox could not be used.")
        self.evidence = evidence

    @property
    def trouble(self) -> AccountTrouble:
        found = classify(self.evidence).failure if self.evidence else None
        return AccountTrouble(found or FailureClass.UNKNOWN)


class _Place(Generic[S]):
    """The place of one account's session while nobody uses it."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.kept: Opening[S] | None = None
        self.uses = 0
        self.since = 0.0


class Sessions(Generic[S]):
    """Sessions of one side, for the mailboxes of a workspace.

    Safe to share between threads: those who want the same account's session wait for their turn. A
    task sets the session's limits itself. A use raises ``SessionFailed``.
    """

    def __init__(self, opening: Callable[[Mailbox], Opening[S]], keeping: Keeping) -> None:
        self._opening = opening
        self._keeping = keeping
        self._lock = Lock()
        self._places: dict[AccountId, _Place[S]] = {}

    def use(self, mailbox: Mailbox, task: Callable[[Opening[S]], T]) -> T:
        """What the task answers. If a kept session fails, the task is repeated once in a new
        session, since the server may have closed the old one long ago."""
        place = self._place(mailbox.account_id)
        with place.lock:
            kept = self._taken(place, mailbox)
            if kept is not None:
                with suppress(*BROKEN):
                    return _used(place, kept, task)
            fresh = self._opened(mailbox)
            place.uses = 0
            try:
                return _used(place, fresh, task)
            except BROKEN as error:
                raise SessionFailed(fresh.stages.evidence(error)) from None

    def tidy_up(self) -> None:
        """Close sessions that were idle for too long; to be called now and then."""
        self._close_if(self._is_due)

    def close(self) -> None:
        """Close all sessions that are not in use, with a goodbye."""
        self._close_if(lambda _: True)

    def _close_if(self, due: Callable[[_Place[S]], bool]) -> None:
        with self._lock:
            places = [*self._places.values()]
        for place in places:
            if place.lock.acquire(blocking=False):
                try:
                    if place.kept is not None and due(place):
                        _leave(place)
                finally:
                    place.lock.release()

    def _is_due(self, place: _Place[S]) -> bool:
        idle = time.monotonic() - place.since
        return idle >= self._keeping.idle or place.uses >= self._keeping.uses

    def _place(self, account_id: AccountId) -> _Place[S]:
        with self._lock:
            return self._places.setdefault(account_id, _Place())

    def _taken(self, place: _Place[S], mailbox: Mailbox) -> Opening[S] | None:
        """The kept session; None if it is due to close or was opened by other credentials (R2)."""
        kept = place.kept
        if kept is None:
            return None
        if kept.mailbox.credentials != mailbox.credentials or self._is_due(place):
            _leave(place)
            return None
        place.kept = None
        return kept

    def _opened(self, mailbox: Mailbox) -> Opening[S]:
        try:
            opening = self._opening(mailbox)
            opening.open()
        except VaultError:
            raise SessionFailed(None) from None
        except Failed:
            raise SessionFailed(opening.stages.side.evidence) from None
        return opening


def _used(place: _Place[S], opened: Opening[S], task: Callable[[Opening[S]], T]) -> T:
    try:
        answer = task(opened)
    except BaseException:
        opened.session.close()
        raise
    if opened.spent:
        opened.session.close()
    else:
        place.kept, place.since = opened, time.monotonic()
        place.uses += 1
    return answer


def _leave(place: _Place[S]) -> None:
    kept, place.kept = place.kept, None
    if kept is not None:
        kept.session.__exit__(None, None, None)
