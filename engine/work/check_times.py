"""When an account is checked next, from what its last check found (C2, C5).

Everything here is pure: the chance in it is a digest of the account's name, so that every worker,
before and after a restart, comes to the same times.
"""

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from engine.ports.check_schedule import ScheduledCheck
from events.vocabulary import FailureClass

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LATE = timedelta(seconds=60)
"""A routine check that is later waits for its next turn: no burst after a standstill."""
SOONEST = timedelta(seconds=30)
LONGEST = timedelta(hours=6)
"""Between two checks of an account that does not pass."""
LONGEST_BACK_OFF = timedelta(hours=24)
"""However long a server asks to be left alone."""
LAST_BEFORE_DEADLINE = timedelta(minutes=10)
"""A failed account is checked once more so long before its deadline, or up to twice as long: as the
last chance to cure it in time (S2, C5), this comes before what a server asks for."""
JITTER = 0.1


class Trouble(NamedTuple):
    """Of an account that is failed; ``deadline_at`` is when its nine days are over."""

    deadline_at: datetime | None = None


class CheckTimes(NamedTuple):
    """``period``: between two checks of an account that works. ``misses`` transient failures, the
    last ``span`` after the first, make it failed (C2)."""

    period: timedelta = timedelta(minutes=15)
    misses: int = 3
    span: timedelta = timedelta(minutes=15)

    def turn_after(self, check: ScheduledCheck, moment: datetime) -> datetime:
        """The account's next turn: one in every period, at its own place in it."""
        phase = self.period * _chance("\0".join(check.key))
        periods = (moment - EPOCH - phase) // self.period
        return EPOCH + phase + (periods + 1) * self.period

    def at_next_turn(self, check: ScheduledCheck, now: datetime) -> ScheduledCheck:
        return check._replace(due_at=self.turn_after(check, now))

    def planned_anew(self, check: ScheduledCheck, now: datetime) -> ScheduledCheck:
        """As after a check that passed, whatever was counted."""
        checked_at = min(check.checked_at, now) if check.checked_at else None
        return self.at_next_turn(check, now)._replace(tries=0, checked_at=checked_at)

    def is_too_late(self, check: ScheduledCheck, now: datetime) -> bool:
        """A routine check is not made up for; one of an account in trouble is."""
        return check.tries == 0 and now - check.due_at > LATE

    def is_out_of_time(self, check: ScheduledCheck, now: datetime) -> bool:
        """The clock went back since: the check stands further ahead than any rule puts it."""
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
        """As the check stands after one that ended ``now`` and ``found`` this; None: it passed.

        ``trouble`` is that of an account that is failed now.
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
        """After one that found nothing out: as if it had not been, at the account's next turn."""
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
        """So that the last of the misses comes right after the span."""
        return min(self.span / max(self.misses - 1, 1), self.period)


def _in_time(
    check: ScheduledCheck, left: timedelta, wait: timedelta, asked: timedelta
) -> timedelta:
    """Before a deadline, half of the time that is ``left`` at most, unless the server ``asked`` for
    more; and never past the last check before the deadline."""
    last = LAST_BEFORE_DEADLINE * (1 + _chance("\0".join(check.key)))
    if left <= last + SOONEST:
        return max(wait, asked)
    return min(max(min(wait, left / 2), asked), left - last)


def _chance(name: str) -> float:
    """From 0 to 1, the same for the same name for ever."""
    return int.from_bytes(sha256(name.encode()).digest()[:8], "big") / 2**64
