"""The timers of one workspace: those due in the store, and those set or cleared since."""

import heapq

from engine.ports.transactions import WorkspaceReading
from processors.timers import Key, Timer


class DueTimers:
    """Hands out due timers in order of their due times, each once, and only if still set."""

    def __init__(self, reading: WorkspaceReading) -> None:
        self.changes: dict[Key, Timer | None] = {}
        """What to store: each key's timer from now on, None if it is cleared."""
        self._now = reading.now
        due = reading.timers(reading.now)
        self._stored = {timer.key: timer for timer in due}
        self._due = [timer for timer in due if not timer.reminds]
        heapq.heapify(self._due)

    @property
    def any_due(self) -> bool:
        return bool(self._due)

    def set(self, key: Key, timer: Timer | None) -> None:
        self.changes[key] = timer
        if timer is not None and timer.due_at <= self._now and not timer.reminds:
            heapq.heappush(self._due, timer)

    def next_due(self, *, inclusive: bool) -> Timer | None:
        """Clear and return the earliest due timer of the law; with ``inclusive``, also one due just
        now."""
        while self._due:
            timer = self._due[0]
            if timer.due_at == self._now and not inclusive:
                return None
            heapq.heappop(self._due)
            if self._current(timer.key) == timer:
                self.changes[timer.key] = None
                return timer
        return None

    def due_reminders(self) -> list[Timer]:
        """Clear and return the reminders that are due."""
        due = [timer for timer in self._stored.values() if timer.reminds]
        due = [timer for timer in due if self._current(timer.key) == timer]
        self.changes.update((timer.key, None) for timer in due)
        return due

    def _current(self, key: Key) -> Timer | None:
        return self.changes.get(key, self._stored.get(key))
