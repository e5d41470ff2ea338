"""When an account is checked next, from what its last check found (C2, C5).

Everything here is pure: randomness comes from a digest of the account's name, so every worker,
before and after a restart, arrives at the same times.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from engine.ports.check_schedule import ScheduledCheck
from events.vocabulary import FailureClass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = timedelta(seconds=60)
"""A routine check that is later than this waits for its next turn: no burst after a standstill."""
SOONEST = timedelta(seconds=30)
LONGEST = timedelta(hours=6)
"""The longest wait between two checks of an account that does not pass."""
LONGEST_BACK_OFF = timedelta(hours=24)
"""The longest wait at a server's request, however long it asks to be left alone."""
LAST_BEFORE_DEADLINE = timedelta(minutes=10)
"""A failed account is checked once more between this long and twice as long before its deadline.
This is the last chance to cure it in time (S2, C5), so it overrides what a server asks for."""
JITTER = 0.1


class Trouble(NamedTuple):
    """The trouble of a failed account; ``deadline_at`` is when its nine days are over."""

    deadline_at: datetime | None = None


class CheckTimes(NamedTuple):
    """``period`` is the time between two checks of an account that works. It fails after ``misses``
    transient failures, the last at least ``span`` after the first (C2)."""

    period: timedelta = timedelta(minutes=15)
    misses: int = 3
    span: timedelta = timedelta(minutes=15)

    def turn_after(self, check: ScheduledCheck, moment: datetime) -> datetime:
        """The account's next turn: once in every period, at an offset of the account's own."""
        phase = self.period * _chance("\0".join(check.key))
        periods = (moment - EPOCH - phase) // self.period
        return EPOCH + phase + (periods + 1) * self.period

    def at_next_turn(self, check: ScheduledCheck, now: datetime) -> ScheduledCheck:
        return check._replace(due_at=self.turn_after(check, now))

    def planned_anew(self, check: ScheduledCheck, now: datetime) -> ScheduledCheck:
        """The check as after one that passed, with its count of tries reset."""
        checked_at = min(check.checked_at, now) if check.checked_at else None
        return self.at_next_turn(check, now)._replace(tries=0, checked_at=checked_at)

    def is_too_late(self, check: ScheduledCheck, now: datetime) -> bool:
        """Whether the check is to be skipped: a late routine check is, one of an account in trouble
        never."""
        return check.tries == 0 and now - check.due_at > LATE

    def is_out_of_time(self, check: ScheduledCheck, now: datetime) -> bool:
        """Whether the check is planned further ahead than any rule allows, because the clock was
        set back."""
        checked_later = check.checked_at is not None and check.checked_at > now
        longest = max(self.period * 2, LONGEST_BACK_OFF * (1 + JITTER))
        return checked_later or check.due_at - now > longest

    def after(
        self,
        check: ScheduledCheck,
        now: datetime,
        found: FailureClass | None,
        trouble: Trouble | None = None,
        back_off: timedelta | None = None,
    ) -> ScheduledCheck:
        """The next check, after one that ended ``now`` and ``found`` this failure (None: it
        passed).

        ``trouble`` is given if the account is failed now.
        """
        tries = 0 if found is None else check.tries + 1
        checked = check._replace(tries=tries, found=found, checked_at=now)
        if found is None:
            return checked._replace(due_at=self.turn_after(check, now + self.period / 2))
        wait = self._wait(checked, found, failed=trouble is not None)
        asked = min(back_off or timedelta(0), LONGEST_BACK_OFF)
        if trouble is None or trouble.deadline_at is None:
            return checked._replace(due_at=now + max(wait, asked))
        return checked._replace(
            due_at=now + _in_time(check, trouble.deadline_at - now, wait, asked)
        )

    def after_nothing(self, check: ScheduledCheck, now: datetime) -> ScheduledCheck:
        """The next check, after one that found nothing out: at the account's next turn, as if that
        one had not been made."""
        return check._replace(due_at=self.turn_after(check, now + self.period / 2))

    def _wait(self, check: ScheduledCheck, found: FailureClass, *, failed: bool) -> timedelta:
        if found.opens_incident and not failed:
            wait = self._until_next_miss()
        else:
            doublings = check.tries if found is FailureClass.THROTTLED else check.tries - 1
            wait = min(self.period * 2 ** min(doublings, 16), LONGEST)
        chance = _chance("\0".join((*check.key, str(check.tries))))
        return max(wait, min(SOONEST, self.period)) * (1 + JITTER * chance)

    def _until_next_miss(self) -> timedelta:
        """A wait with which the last of the misses comes right after the span."""
        return min(self.span / max(self.misses - 1, 1), self.period)


def _in_time(
    check: ScheduledCheck, left: timedelta, wait: timedelta, asked: timedelta
) -> timedelta:
    """The wait before a deadline: at most half of the time that is ``left``, unless the server
    ``asked`` for more, and never beyond the last check before the deadline."""
    last = LAST_BEFORE_DEADLINE * (1 + _chance("\0".join(check.key)))
    if left <= last + SOONEST:
        return max(wait, asked)
    return min(max(min(wait, left / 2), asked), left - last)


def _chance(name: str) -> float:
    """A number from 0 to 1, always the same for the same name."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") / 2**64
