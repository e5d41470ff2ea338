"""The positions of the events of each recipient, account and campaign, for a history under
audit."""

from collections import defaultdict
from collections.abc import Sequence

from engine.answers.history import History
from engine.audit.source import Source, facts
from projections.histories import HISTORIES, Subject, key


def history_of(source: Source, workspace: str) -> History:
    """The workspace's history, from the view ``histories`` as far as it goes; beyond it the log is
    read once."""
    return History(source, Places(source, workspace), workspace)


class Places:
    """The positions of events; implements ``Positions`` for a history under audit."""

    def __init__(self, source: Source, workspace: str) -> None:
        self._source = source
        stands_at = source.views.position(HISTORIES)
        self._stored = stands_at if stands_at <= source.end else 0
        self._beyond: dict[Subject, list[int]] = defaultdict(list)
        for fact in facts(source, after=self._stored):
            if fact.workspace == workspace:
                _, kind, campaign_id, name, _ = key(fact)
                self._beyond[kind, campaign_id, name].append(fact.position)

    def __call__(self, workspace: str, subject: Subject) -> Sequence[int]:
        stored = self._source.views.rows(HISTORIES, workspace, *subject) if self._stored else ()
        held = (int(row.position) for row in stored if int(row.position) <= self._stored)
        return [*held, *self._beyond.get(subject, ())]
