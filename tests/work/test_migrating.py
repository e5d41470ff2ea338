"""An import from another program beside a worker: inboxes are read anew before a follow-up (M4)."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.stores.small_tables.inbox_cursors import StoredCursors
from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign.commands import MigrateRecipients, Past
from engine.ports.clock import ManualClock
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import UNREAD, Cursor, WorkspaceInboxes
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    INTRO,
    NO_GAP,
    NOON,
    NUDGE,
    SPRING,
    connect,
    create,
    set_sequence,
    start,
)
from tests.workplace import ACME, Workplace, on_file

READ = Cursor("17:4", NOON)
MOVED = MigrateRecipients(
    campaign_id=SPRING, people=(Past("m1", ANN, INTRO, NOON - 5 * DAY), Past("m2"))
)


@pytest.fixture
def workplace(tmp_path: Path) -> Iterator[Workplace]:
    workplace = on_file(tmp_path / "store.db", ManualClock(NOON))
    with closing(workplace.store):
        workplace.given(connect(ANN, settings=NO_GAP), connect(BOB), create(ANN, BOB, to=()))
        workplace.given(set_sequence(), start())
        yield workplace


@pytest.fixture
def inboxes(workplace: Workplace) -> WorkspaceInboxes:
    assert isinstance(workplace.store, SQLiteStore)
    inboxes = WorkspaceInboxes(StoredCursors(workplace.store), ACME)
    for account in (ANN, BOB):
        inboxes.move(account, READ)
    return inboxes


@pytest.mark.rule("M4")
def test_a_follow_up_waits_until_a_forgotten_inbox_was_read_anew(
    workplace: Workplace, inboxes: WorkspaceInboxes
) -> None:
    dispatch = Dispatch(workplace.engine, ACME, inboxes)
    dispatch.follow(workplace.tell(MOVED).recorded)
    inboxes.forget(ANN)

    draft = dispatch.next_from(ANN, workplace.clock())
    assert draft is not None
    assert (draft.plan.recipient_id, draft.plan.step) == ("m2", INTRO)
    inboxes.move(ANN, READ)
    draft = dispatch.next_from(ANN, workplace.clock())
    assert draft is not None
    assert (draft.plan.recipient_id, draft.plan.step, draft.done) == ("m1", NUDGE, (INTRO,))


@pytest.mark.rule("M4")
def test_a_reading_under_way_does_not_undo_it(inboxes: WorkspaceInboxes) -> None:
    before = inboxes.at(ANN)
    inboxes.forget(ANN)
    inboxes.move(ANN, Cursor("17:9", NOON), after=before)
    assert inboxes.at(ANN) == UNREAD

    inboxes.move(ANN, READ, after=UNREAD)
    assert inboxes.at(ANN) == READ
