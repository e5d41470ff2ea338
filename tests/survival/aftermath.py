"""What has to hold of a store after whatever was done to it."""

from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

from adapters.stores.memory import MemoryViews
from adapters.stores.postgres import PostgresStore, PostgresViews
from engine.ports.store import Store
from engine.projecting import ProjectionRunner
from engine.reply import Reply
from events.recorded import Recorded
from projections.clocks import CLOCKS, ClockRow
from tests.proof.judge import check, check_views, read_log

Asked = tuple[str, str]
"""A workspace and the id of a command there."""


def verify(
    store: PostgresStore, told: Iterable[Asked] = (), *, settled_at: datetime | None = None
) -> None:
    """No event is lost or doubled, the law holds, the views kept are those of a replay from zero.

    ``told``: what was acknowledged, each once.
    """
    check(store, settled_at=settled_at)
    check_views(store, PostgresViews(store))
    recorded = envelopes(store)
    assert not [each for each, times in recorded.items() if times > 1], "doubled"
    missing = set(told) - recorded.keys()
    assert not missing, f"acknowledged and lost: {sorted(missing)[:5]}"


def envelopes(store: PostgresStore) -> Counter[Asked]:
    """How often each command of the store has an envelope, whether or not it had events."""
    with store.reading() as cursor:
        found = cursor.execute("SELECT workspace, command_id FROM envelopes").fetchall()
    return Counter((row[0], row[1]) for row in found)


def clocks(store: Store) -> Sequence[ClockRow]:
    """Every clock there was."""
    views = MemoryViews()
    ProjectionRunner(store, views, [CLOCKS]).catch_up()
    return views.rows(CLOCKS)


def of_command(store: Store, workspace: str, command_id: str) -> Sequence[Recorded]:
    """What the log has of a command and of all that followed from it."""
    asked = workspace, command_id
    log = read_log(store)
    return [each for each in log if (each.workspace, each.envelope.correlation_id) == asked]


def is_true(answer: Reply) -> None:
    """It was asked for once, accepted, and says all that was recorded."""
    assert not answer.repeated
    assert answer.refusal is None
    assert answer.recorded
    assert answer.position >= answer.recorded[-1].position
