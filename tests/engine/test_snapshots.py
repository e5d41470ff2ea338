"""A snapshot saves time and changes nothing: a campaign thawed is the campaign replayed."""

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign import Campaign
from engine.ports.clock import ManualClock
from engine.streams import ACCOUNT, CAMPAIGN, CAMPAIGN_SNAPSHOT, SLOT
from events.catalogue import UnreadableEvent
from tests.law.story import ANN, NOON, SPRING, connect, create, import_recipients
from tests.workplace import ACME, Workplace, much_happens

STREAM = f"{ACME}:campaign:{SPRING}"


def test_only_campaigns_are_worth_a_snapshot() -> None:
    assert CAMPAIGN.snapshots is not None
    assert (ACCOUNT.snapshots, SLOT.snapshots) == (None, None)


# Taken, used, ignored.


def opened(path: Path, snapshot_every: int = 10, name: str = "command") -> Workplace:
    clock = ManualClock(NOON)
    store = SQLiteStore(path, clock)
    return Workplace(store, clock, name=name, snapshot_every=snapshot_every)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A store on which much has happened and snapshots were taken on the way."""
    path = tmp_path / "sendledger.db"
    much_happens(opened(path)).store.close()
    return path


def execute(path: Path, statement: str, *values: object) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        found = connection.execute(statement, values).fetchall()
        connection.commit()
    return found


def campaign_in(path: Path) -> Campaign:
    """Spring, as an engine finds it that has nothing in memory."""
    workplace = opened(path, name="cold")
    with closing(workplace.store), workplace.engine.look(ACME) as workspace:
        return workspace.campaign(SPRING)


def replayed(path: Path) -> Campaign:
    execute(path, "DELETE FROM snapshots")
    return campaign_in(path)


def snapshot_version(path: Path) -> int:
    ((version,),) = execute(path, "SELECT version FROM snapshots WHERE stream_id = ?", STREAM)
    return int(version)


def test_a_snapshot_is_taken_whenever_so_many_events_have_come(tmp_path: Path) -> None:
    path = tmp_path / "sendledger.db"
    taken = list[int]()
    workplace = opened(path, snapshot_every=10)
    workplace.given(connect(ANN), create(ANN, to=[]))
    for number in range(30):
        workplace.given(import_recipients(f"r{number}"))
        found = execute(path, "SELECT version FROM snapshots WHERE stream_id = ?", STREAM)
        taken += [version for (version,) in found if version not in taken]
    workplace.store.close()

    assert taken == [10, 20, 30]


def test_a_cold_engine_begins_at_the_snapshot_and_not_at_the_beginning(path: Path) -> None:
    version = snapshot_version(path)
    assert version > 10
    expected = campaign_in(path)

    execute(
        path,
        "UPDATE stored_events SET state = '{' WHERE originator_id = ? AND originator_version <= ?",
        STREAM,
        version,
    )

    assert campaign_in(path) == expected
    with pytest.raises(UnreadableEvent):
        replayed(path)


def test_a_snapshot_and_what_came_after_it_are_the_whole_history(path: Path) -> None:
    ((end,),) = execute(
        path, "SELECT max(originator_version) FROM stored_events WHERE originator_id = ?", STREAM
    )
    assert snapshot_version(path) < end

    from_snapshot = campaign_in(path)

    assert from_snapshot == replayed(path)


def test_a_snapshot_of_another_format_is_ignored(path: Path) -> None:
    expected = campaign_in(path)

    execute(path, "UPDATE snapshots SET topic = 'Campaign.snapshot/0', state = 'another shape'")

    assert campaign_in(path) == expected
    workplace = opened(path, name="later")
    workplace.given(import_recipients("r99")).store.close()
    assert execute(path, "SELECT DISTINCT topic FROM snapshots WHERE stream_id = ?", STREAM) == [
        (CAMPAIGN_SNAPSHOT.topic,)
    ]
    assert "r99" in campaign_in(path).recipients


def test_a_snapshot_is_no_part_of_the_log(path: Path) -> None:
    with closing(SQLiteStore(path)) as store:
        before = store.read(0, 1_000)
        execute(path, "DELETE FROM snapshots")
        assert store.read(0, 1_000) == before
