"""A rebuild makes the views what the log says; a rehearsal says beforehand what that changes."""

from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.rebuilding import rebuild
from adapters.stores.sqlite.write_behind import WriteBehind
from engine.ports.view_status import Skip, Stop
from engine.projecting import ProjectionRunner
from events.catalogue import UnreadableEvent
from projections.accounts import ACCOUNTS
from projections.campaigns import CAMPAIGNS
from projections.projection import Projection
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.cli.auditing.door import busy_store, change, folded, replay
from tests.law.story import R1, SPRING
from tests.workplace import log_of

DAMAGES = (
    "UPDATE view_recipient_status SET status = 'active' WHERE status = 'campaign_stopped'",
    "DELETE FROM view_campaigns WHERE campaign_id = 'solo'",
    (
        "INSERT INTO view_accounts SELECT workspace, 'eve@acme.test', status, slot_id, provider, "
        "credentials, settings, since, reason, incident_id, deadline_at FROM view_accounts LIMIT 1"
    ),
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    path = busy_store(tmp_path / "sendledger.db")
    assert replay("rebuild", "--store", path).exit_code == 0
    return path


def rows_in(path: Path) -> dict[str, list[Any]]:
    with closing(SQLiteStore(path)) as opened:
        views = SQLiteViews(opened)
        assert {views.position(each) for each in SHIPPED} == {opened.last_position()}
        return {each.name: list(views.rows(each)) for each in SHIPPED}


def rows_by_log(path: Path) -> dict[str, list[Any]]:
    with closing(SQLiteStore(path)) as opened:
        views = folded(log_of(opened), SHIPPED)
    return {each.name: list(views.rows(each)) for each in SHIPPED}


def tables(path: Path) -> set[str]:
    with closing(SQLiteStore(path)) as opened, opened.reading() as c:
        c.execute("SELECT name FROM sqlite_master WHERE name LIKE 'view_%'")
        return {row[0] for row in c.fetchall()}


def test_every_view_is_what_the_log_says(store: Path) -> None:
    assert rows_in(store) == rows_by_log(store)
    assert tables(store) == {f"view_{each.name}" for each in SHIPPED}


def test_it_mends_what_somebody_broke(store: Path) -> None:
    for damage in DAMAGES:
        change(store, damage)
    assert rows_in(store) != rows_by_log(store)

    ran = replay("rebuild", "--store", store, "--json")

    assert ran.exit_code == 0
    assert ran.json == {"projections": [each.name for each in SHIPPED], "position": 88}
    assert rows_in(store) == rows_by_log(store)


def test_one_projection_leaves_the_others_alone(store: Path) -> None:
    for damage in DAMAGES:
        change(store, damage)
    before = rows_in(store)

    assert replay("rebuild", "--projection", "campaigns", "--store", store).exit_code == 0

    assert rows_in(store) == {**before, "campaigns": rows_by_log(store)["campaigns"]}


def test_a_rehearsal_shows_row_by_row_and_writes_nothing(store: Path) -> None:
    for damage in DAMAGES:
        change(store, damage)
    before = store.read_bytes()

    ran = replay("rebuild", "--dry-run", "--store", store, "--json")

    assert ran.exit_code == 1
    assert store.read_bytes() == before
    changes = {(each["entity"], *each["key"][1:]): each for each in ran.json["changes"]}
    assert {key: each["kind"] for key, each in changes.items()} == {
        ("recipient_status", SPRING, R1): "changed",
        ("recipient_status", SPRING, "r5"): "changed",
        ("campaigns", "solo"): "added",
        ("accounts", "eve@acme.test"): "removed",
    }
    assert changes["recipient_status", SPRING, R1]["columns"] == {
        "status": {"old": "active", "new": "campaign_stopped"}
    }
    assert ran.json["behind"] == []

    shown = replay("rebuild", "--dry-run", "--store", store)
    assert shown.exit_code == 1
    assert "status: active → campaign_stopped" in shown.output


def test_a_rehearsal_after_a_rebuild_finds_nothing(store: Path) -> None:
    ran = replay("rebuild", "--dry-run", "--store", store)
    assert ran.exit_code == 0
    assert "Nothing differs" in ran.output


def test_a_rehearsal_on_views_that_were_never_built_adds_everything(tmp_path: Path) -> None:
    path = busy_store(tmp_path / "new.db")

    ran = replay("rebuild", "--dry-run", "--projection", "accounts", "--store", path, "--json")

    assert ran.exit_code == 1
    assert ran.json["behind"] == ["View accounts stands at 0 of 88."]
    assert {each["kind"] for each in ran.json["changes"]} == {"added"}
    assert len(ran.json["changes"]) == 3


def test_an_unknown_projection_is_answered_with_the_nearest(store: Path) -> None:
    ran = replay("rebuild", "--projection", "acounts", "--store", store)
    assert ran.exit_code == 4
    assert "Did you mean accounts" in ran.complaint


@pytest.mark.parametrize("position", [1, 60])
def test_a_log_that_cannot_be_read_leaves_every_view_as_it_was(store: Path, position: int) -> None:
    before = rows_in(store)
    change(store, "UPDATE stored_events SET topic = 'Teleported' WHERE rowid = ?", position)

    with closing(SQLiteStore(store)) as opened, pytest.raises(UnreadableEvent):
        rebuild(opened, SHIPPED)

    assert rows_in(store) == before
    assert tables(store) == {f"view_{each.name}" for each in SHIPPED}


def test_who_keeps_the_views_meanwhile_goes_on_from_the_new_ones(store: Path) -> None:
    with closing(SQLiteStore(store)) as opened:
        views = SQLiteViews(opened)
        keeper = ProjectionRunner(opened, views, SHIPPED)
        keeper.catch_up()
        with closing(SQLiteStore(store)) as other:
            rebuild(other, SHIPPED)
        assert keeper.catch_up() == opened.last_position()
    assert rows_in(store) == rows_by_log(store)


@pytest.mark.parametrize("in_hand", [0, 3, 1_000])
@pytest.mark.parametrize("page", [1, 7, 1_000])
def test_rows_in_hand_are_the_rows_of_the_log(store: Path, in_hand: int, page: int) -> None:
    names: dict[Projection, Projection] = {
        each: each._replace(name=f"{each.name}_beside") for each in SHIPPED
    }
    with closing(SQLiteStore(store)) as opened:
        views = SQLiteViews(opened)
        rows = WriteBehind(opened, [*names.values()], in_hand=in_hand)
        ProjectionRunner(opened, rows, [*names.values()], page=page).catch_up()
        rows.write()
        found = {old.name: list(views.rows(new)) for old, new in names.items()}
        assert rows.count(names[ACCOUNTS]) == len(rows.rows(names[ACCOUNTS])) == 3
    assert found == rows_by_log(store)
    assert found[RECIPIENT_STATUS.name]
    assert found[CAMPAIGNS.name]


def test_what_an_operator_had_a_view_skip_stays_out_of_the_rebuilt_one(store: Path) -> None:
    """Live and rebuilt rows agree; the log itself is told whole."""
    with closing(SQLiteStore(store)) as opened:
        views = SQLiteViews(opened)
        skipped = next(
            each for each in reversed(log_of(opened)) if type(each.event) in ACCOUNTS.watches
        )
        position, key = skipped.position, ACCOUNTS.key(skipped)
        views.reset(ACCOUNTS)
        views.save({ACCOUNTS: {}}, {ACCOUNTS: 0}, position - 1)
        views.stop(ACCOUNTS, Stop(position, "an error", skipped.envelope.recorded_at))
        views.skip(ACCOUNTS, Skip(position, "a test", "user:test", skipped.envelope.recorded_at))
        rebuild(opened, [ACCOUNTS, CAMPAIGNS])
        rebuilt = list(views.rows(ACCOUNTS))

        views.reset(ACCOUNTS)
        ProjectionRunner(opened, views, [ACCOUNTS]).catch_up()
        assert list(views.rows(ACCOUNTS)) == rebuilt
    told = [row for row in rows_by_log(store)["accounts"] if row not in rebuilt]
    assert [row[:2] for row in told] == [key]


def test_a_stopped_view_goes_on_from_a_rebuild_that_takes_the_event(store: Path) -> None:
    with closing(SQLiteStore(store)) as opened:
        views = SQLiteViews(opened)
        views.reset(ACCOUNTS)
        now = opened.now()
        views.stop(ACCOUNTS, Stop(1, "an error of yesterday", now))

        rebuild(opened, [ACCOUNTS])

        assert views.statuses([ACCOUNTS])[ACCOUNTS] == (opened.last_position(), None, ())
    assert rows_in(store) == rows_by_log(store)
