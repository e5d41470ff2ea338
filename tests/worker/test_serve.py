"""``sendledger serve`` as a real process: it settles, follows, stops, dies and goes on."""

import os
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from aggregates.command import Policy
from engine.ports.clock import ManualClock
from events.campaign import GracePeriodExpired, RecipientStopped
from events.recorded import Recorded
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    R1,
    R2,
    connect,
    create,
    disconnect,
    hear_from,
    import_recipients,
    start,
)
from tests.mail.servers.ports import free_ports
from tests.worker.processes import PATIENCE, SENDLEDGER, Process, eventually
from tests.workplace import ACME, Workplace, log_of

pytestmark = pytest.mark.kills


@contextmanager
def serving(store: Path, **settings: str) -> Iterator[Process]:
    output = store.with_suffix(".out")
    server = Process(output, "serve", "--store", str(store), WORKSPACE=ACME, **settings)
    try:
        server.begun()
        yield server
    finally:
        server.kill()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sendledger.db"


@contextmanager
def workplace_on(path: Path, *, ago: timedelta = timedelta(0)) -> Iterator[Workplace]:
    """Spring runs from Ann and Bob, R1 heard from Ann; all that a while ago."""
    clock = ManualClock(datetime.now(UTC) - ago)
    with closing(SQLiteStore(path, clock)) as store:
        workplace = Workplace(store, clock, EngineSettings(grace_period=timedelta(hours=1)).policy)
        workplace.given(connect(ANN), connect(BOB), create(ANN, BOB, to=[R1, R2]), start())
        yield workplace.given(hear_from(ANN, R1))


def disconnected(path: Path, grace_period: timedelta) -> datetime:
    """Ann was disconnected just now. Answers the deadline."""
    with workplace_on(path) as workplace:
        workplace.engine.policy = Policy(grace_period=grace_period)
        workplace.given(disconnect(ANN))
        due = workplace.store.next_due()
    assert due is not None
    return due


def stops(path: Path) -> list[Recorded]:
    with closing(SQLiteStore(path)) as store:
        kinds = GracePeriodExpired | RecipientStopped
        return [recorded for recorded in log_of(store) if isinstance(recorded.event, kinds)]


@pytest.mark.rule("S2", "S7")
def test_a_clock_that_falls_due_is_settled_in_time_and_not_before(path: Path) -> None:
    deadline = disconnected(path, timedelta(seconds=1.5))

    with serving(path) as server:
        eventually(lambda: len(stops(path)) == 2)
        assert server.stopped(signal.SIGTERM) == 0

    for recorded in stops(path):
        assert recorded.event.occurred_at == deadline
        assert deadline < recorded.envelope.recorded_at < deadline + timedelta(seconds=PATIENCE)
        assert recorded.envelope.actor == "clock"


def test_a_clock_started_under_the_settings_runs_out_under_them(path: Path) -> None:
    """The policy comes by environment, as an operator would set it."""
    name = "SENDLEDGER_GRACE_PERIOD"
    before = os.environ.get(name)
    os.environ[name] = "PT1S"
    try:
        policy = EngineSettings().policy
    finally:
        os.environ.pop(name)
        if before is not None:
            os.environ[name] = before
    disconnected(path, policy.grace_period)

    with serving(path, GRACE_PERIOD="PT9H"):
        eventually(lambda: len(stops(path)) == 2)


def test_projections_follow_the_log(path: Path) -> None:
    with workplace_on(path) as workplace:
        store = workplace.store
        assert isinstance(store, SQLiteStore)

        def in_step() -> bool:
            views = SQLiteViews(store)
            end = store.last_position()
            return {views.position(each) for each in SHIPPED} == {end}

        with serving(path):
            eventually(in_step)
            workplace.given(import_recipients("r3"))
            eventually(in_step)
        ids = [row.recipient_id for row in SQLiteViews(store).rows(RECIPIENT_STATUS)]
        assert ids == [R1, R2, "r3"]


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_cleanly_when_told_to(path: Path, by: signal.Signals) -> None:
    with serving(path) as server:
        assert server.stopped(by) == 0
        assert server.told("stopped")
        assert not server.told("Traceback")

    with serving(path) as again:
        assert again.process.poll() is None


@pytest.mark.rule("S7")
def test_after_a_kill_the_next_one_goes_on_where_it_died(path: Path) -> None:
    deadline = disconnected(path, timedelta(seconds=5))

    with serving(path) as first:
        assert first.stopped(signal.SIGKILL) == -signal.SIGKILL
    eventually(lambda: datetime.now(UTC) > deadline)
    assert stops(path) == []
    with serving(path) as second:
        eventually(lambda: len(stops(path)) == 2)
        assert second.stopped(signal.SIGTERM) == 0

    assert {recorded.event.occurred_at for recorded in stops(path)} == {deadline}
    assert len(stops(path)) == 2


@pytest.mark.rule("S7")
def test_what_fell_due_while_nobody_served_is_settled_at_once_as_of_its_time(path: Path) -> None:
    with workplace_on(path, ago=DAY) as workplace:
        workplace.given(disconnect(ANN))
        deadline = workplace.clock() + HOUR

    with serving(path):
        eventually(lambda: len(stops(path)) == 2)

    assert {recorded.event.occurred_at for recorded in stops(path)} == {deadline}


def test_a_second_one_is_refused_and_told_who_the_first_is(path: Path) -> None:
    (port,) = free_ports(1)
    links = {"LINKS_PORT": str(port), "PUBLIC_URL": "http://127.0.0.1"}
    own = {f"SENDLEDGER_{name}": value for name, value in links.items()}
    with serving(path, **links) as first:
        second = subprocess.run(
            [SENDLEDGER, "serve", "--store", str(path)],
            capture_output=True,
            text=True,
            check=False,
            cwd=path.parent,
            env={**os.environ, **own},
        )

        assert second.returncode == 1
        assert second.stdout == ""
        (line,) = second.stderr.splitlines()
        assert f"{path} is served already, by process {first.process.pid} since " in line
        assert first.process.poll() is None
        assert first.stopped(signal.SIGTERM) == 0


def test_a_log_that_cannot_be_read_stops_the_projections_and_nothing_else(path: Path) -> None:
    deadline = disconnected(path, timedelta(seconds=1.5))
    with closing(sqlite3.connect(path)) as connection:
        statement = (
            "UPDATE stored_events SET topic = 'SlotTeleported' WHERE rowid = "
            "(SELECT min(rowid) FROM stored_events WHERE topic = 'SlotOccupied')"
        )
        assert connection.execute(statement).rowcount == 1
        connection.commit()

    with serving(path) as server:
        eventually(lambda: server.told("Unknown event type 'SlotTeleported' at position"))
        eventually(lambda: expirations(path) == 1)
        assert server.stopped(signal.SIGTERM) == 0
    assert datetime.now(UTC) > deadline


def expirations(path: Path) -> int:
    with closing(sqlite3.connect(path)) as connection:
        statement = "SELECT count(*) FROM stored_events WHERE topic = 'GracePeriodExpired'"
        return int(connection.execute(statement).fetchone()[0])


def test_a_folder_that_is_not_there_is_one_line_and_no_server(tmp_path: Path) -> None:
    refused = subprocess.run(
        [SENDLEDGER, "serve", "--store", str(tmp_path / "nowhere" / "sendledger.db")],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert refused.returncode == 1
    (line,) = refused.stderr.splitlines()
    assert "Check that its folder exists" in line


@pytest.mark.rule("N2")
def test_without_a_way_to_reach_owners_it_warns_once(path: Path, tmp_path: Path) -> None:
    warning = "notices are issued and not delivered: neither outbox nor notice_relay is set"
    with serving(path) as server:
        eventually(lambda: server.told(warning))
        assert server.stopped(signal.SIGTERM) == 0
        assert server.output.read_text().count(warning) == 1
    with serving(path, OUTBOX=str(tmp_path / "outbox")) as server:
        assert server.stopped(signal.SIGTERM) == 0
        assert not server.told(warning)


def test_health_knows_whether_somebody_serves(path: Path) -> None:
    disconnected(path, timedelta(days=1))

    assert "Nobody settles the clocks" in health_of(path)
    with serving(path) as server:
        eventually(lambda: "Nobody settles the clocks" not in health_of(path))
        assert server.stopped(signal.SIGKILL) == -signal.SIGKILL
    assert "Nobody settles the clocks" in health_of(path)


def health_of(path: Path) -> str:
    told = subprocess.run(
        [SENDLEDGER, "health", "--store", str(path)], capture_output=True, text=True, check=False
    )
    return told.stdout
