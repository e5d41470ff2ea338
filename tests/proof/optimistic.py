"""The store that forgets, with what the production store has beside transactions."""

from collections.abc import Sequence
from datetime import datetime

from adapters.stores.memory import MemoryStore
from engine.ports.optimistic import Proposal, WorkspaceEnd
from tests.proof.fragile import CrashPoint, FragileStore


class OptimisticMemoryStore(MemoryStore):
    """``appended`` counts what was appended without a lock."""

    appended = 0

    def moment(self) -> datetime | None:
        return self.now()

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        with self._lock:
            unmoved = {each.workspace: each for each in proposals if self._unmoved(now, each)}
            with self.transactions(dict.fromkeys(unmoved, ())) as opened:
                for workspace, transaction in opened.items():
                    transaction.append(unmoved[workspace].append)
        self.appended += len(opened)
        after = {workspace: each.appended_after for workspace, each in opened.items()}
        return [after.get(each.workspace) for each in proposals]

    def _unmoved(self, now: datetime, proposal: Proposal) -> bool:
        workspace, end, command_ids, _ = proposal
        with self.transactions({workspace: command_ids}) as opened:
            found = opened[workspace]
            there = self.recorder.recorded_at.get(workspace)
            due = [timer for timer in found.timers(found.now) if not timer.reminds]
            known = [each for each in command_ids if found.envelope(each) is not None]
        stands = there and WorkspaceEnd(found.last_position, there) == end
        return bool(stands) and found.now == now and not due and not known


class FragileOptimisticStore(FragileStore):
    """It dies in the same places, though they are all in one call."""

    def __init__(self, inner: OptimisticMemoryStore) -> None:
        super().__init__(inner)
        self._optimistic = inner

    def moment(self) -> datetime | None:
        return self._optimistic.moment()

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        if proposals:
            self.pass_by(CrashPoint.BEFORE_APPEND)
            self.pass_by(CrashPoint.BEFORE_COMMIT)
        found = self._optimistic.append_unmoved(now, proposals)
        if any(each is not None for each in found):
            self.pass_by(CrashPoint.AFTER_COMMIT)
        return found
