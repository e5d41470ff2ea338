"""A whole history at once: does it keep the law, and do the views match it?"""

from collections.abc import Sequence

from engine.audit.auditor import Auditor
from engine.audit.source import restored_at
from engine.audit.violation import Violation
from engine.ports.log import Log
from engine.ports.store import Store
from engine.ports.views import ReadableViews, Views
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED

PAGE = 20_000


def violations(log: Log) -> Sequence[Violation]:
    """Where the history breaks the law, judged from its facts alone."""
    found: list[Violation] = []
    auditor = Auditor(found.append, restored_at(log))
    while (page := log.read(auditor.position, PAGE)).rows:
        auditor.read(page)
    auditor.finish(auditor.position)
    return found


def differing_views(store: Store, views: ReadableViews, empty: Views) -> Sequence[str]:
    """Names of the views whose rows differ from a replay from the beginning into ``empty``
    views."""
    ProjectionRunner(store, empty, SHIPPED).catch_up()
    return [each.name for each in SHIPPED if list(views.rows(each)) != list(empty.rows(each))]
