"""A log that cannot be read is never read past: the reader stops there and says where and what."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.ports.errors import StoreError
from engine.projecting import ProjectionRunner
from events.campaign import EmailAccepted
from events.catalogue import UnreadableEvent
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import import_recipients
from tests.workplace import log_of, much_happens, on_file


class Damage(NamedTuple):
    """What somebody did to the event at ``:position``, and what the reader then says."""

    statement: str
    said: str
    said_to_a_command: str


AT = r" at position {position} \(acme:campaign:spring, version \d+\)"
DAMAGES = {
    "unknown type": Damage(
        "UPDATE stored_events SET topic = 'EmailTeleported' WHERE rowid = :position",
        rf"Unknown event type 'EmailTeleported'{AT}.*nothing was skipped",
        rf"Unknown event type 'EmailTeleported'{AT}",
    ),
    "newer version": Damage(
        "UPDATE stored_events SET topic = 'EmailAccepted/2' WHERE rowid = :position",
        rf"Unknown event type 'EmailAccepted/2'{AT}.*Upgrade this program",
        rf"Unknown event type 'EmailAccepted/2'{AT}",
    ),
    "broken JSON": Damage(
        "UPDATE stored_events SET state = substr(state, 1, 20) WHERE rowid = :position",
        rf"Corrupt event of type 'EmailAccepted'{AT}: Invalid JSON.*nothing was skipped",
        rf"Corrupt event of type 'EmailAccepted'{AT}",
    ),
    "wrong type": Damage(
        "UPDATE stored_events SET state = json_set(state, '$.send_id', 7) WHERE rowid = :position",
        rf"Corrupt event of type 'EmailAccepted'{AT}: send_id: .*string.*nothing was skipped",
        rf"Corrupt event of type 'EmailAccepted'{AT}",
    ),
    "missing field": Damage(
        "UPDATE stored_events SET state = json_remove(state, '$.account_id') "
        "WHERE rowid = :position",
        rf"Corrupt event of type 'EmailAccepted'{AT}: account_id: Field required",
        rf"Corrupt event of type 'EmailAccepted'{AT}",
    ),
    "no state": Damage(
        "UPDATE stored_events SET state = NULL WHERE rowid = :position",
        rf"Corrupt event of type 'EmailAccepted'{AT}",
        rf"Corrupt event of type 'EmailAccepted'{AT}",
    ),
    "gap": Damage(
        "DELETE FROM stored_events WHERE rowid = :position",
        r"The log has no event at position {position}; .*nothing was skipped",
        r"Stream acme:campaign:spring has no version \d+.*nothing was skipped",
    ),
}
NO_ENVELOPE = Damage(
    "DELETE FROM envelopes WHERE first_position = :position AND event_count = 1",
    r"The event of type 'EmailAccepted' at position {position} came in no envelope",
    "",
)


class Ledger(NamedTuple):
    """A closed store, and the position of the event that will be damaged."""

    path: Path
    position: int

    def damaged(self, damage: Damage) -> "Ledger":
        changed = change(self.path, damage.statement, position=self.position)
        assert changed == 1
        return self

    def complaint(self, text: str) -> str:
        return text.replace("{position}", str(self.position))


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    path = tmp_path / "sendledger.db"
    with closing(much_happens(on_file(path)).store) as store:
        first = next(each for each in log_of(store) if isinstance(each.event, EmailAccepted))
    assert first.envelope.event_count == 1
    return Ledger(path, first.position)


def change(path: Path, statement: str, **values: Any) -> int:
    with closing(sqlite3.connect(path)) as connection:
        cursor = connection.execute(statement, values)
        connection.commit()
        return cursor.rowcount


@pytest.fixture
def rows_before(ledger: Ledger, tmp_path: Path) -> dict[str, list[Any]]:
    """Every view's rows as of the position before the one that will be damaged."""
    healthy = tmp_path / "healthy.db"
    shutil.copy(ledger.path, healthy)
    change(healthy, "DELETE FROM stored_events WHERE rowid >= :position", position=ledger.position)
    with closing(SQLiteStore(healthy)) as store:
        views = SQLiteViews(store)
        ProjectionRunner(store, views, SHIPPED).catch_up()
        return {each.name: list(views.rows(each)) for each in SHIPPED}


@pytest.fixture(params=[*DAMAGES.values(), NO_ENVELOPE], ids=[*DAMAGES, "no envelope"])
def damage(request: pytest.FixtureRequest) -> Damage:
    found: Damage = request.param
    return found


def test_the_reader_stops_and_says_where_and_what(ledger: Ledger, damage: Damage) -> None:
    ledger.damaged(damage)

    with (
        closing(SQLiteStore(ledger.path)) as store,
        pytest.raises((UnreadableEvent, StoreError), match=ledger.complaint(damage.said)),
    ):
        log_of(store)


@pytest.mark.parametrize("page", [1, 7, 10_000])
def test_projections_stop_before_it_and_keep_what_came_before(
    ledger: Ledger, damage: Damage, rows_before: dict[str, list[Any]], page: int
) -> None:
    assert rows_before[RECIPIENT_STATUS.name]
    ledger.damaged(damage)

    with closing(SQLiteStore(ledger.path)) as store:
        views = SQLiteViews(store)
        for _ in range(2):
            with pytest.raises((UnreadableEvent, StoreError), match=ledger.complaint(damage.said)):
                ProjectionRunner(store, views, SHIPPED, page=page).catch_up()

            assert {views.position(each) for each in SHIPPED} == {ledger.position - 1}
            assert {each.name: list(views.rows(each)) for each in SHIPPED} == rows_before


@pytest.mark.parametrize("name", DAMAGES)
def test_nothing_is_decided_on_a_history_that_cannot_be_read(ledger: Ledger, name: str) -> None:
    ledger.damaged(DAMAGES[name])
    workplace = on_file(ledger.path, name="later")

    with closing(workplace.store) as store:
        end = store.last_position()
        complaint = ledger.complaint(DAMAGES[name].said_to_a_command)
        with pytest.raises((UnreadableEvent, StoreError), match=complaint):
            workplace.tell(import_recipients("r9"))
        assert store.last_position() == end
