"""``sendledger work``: several real processes on one PostgreSQL store, added and killed at will."""

import json
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.request import urlopen

import pytest

from adapters.stores.opening import opened_schema
from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.worker.roles import ALL
from aggregates.command import Policy
from engine.engine import Engine
from engine.ports.clock import ManualClock
from events.campaign import GracePeriodExpired, RecipientStopped
from events.recorded import Recorded
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    BOB,
    R1,
    R2,
    connect,
    create,
    disconnect,
    hear_from,
    import_recipients,
    start,
)
from tests.postgres import PostgresServer
from tests.proof.judge import check, check_views
from tests.worker.processes import SENDLEDGER, Process, eventually
from tests.workplace import ACME, Workplace, log_of

pytestmark = pytest.mark.kills


class Crew:
    """Workers on one store. Those that still live at the end are killed."""

    def __init__(self, url: str, folder: Path) -> None:
        self._url, self._folder = url, folder
        self._started: list[Process] = []

    def add(self, *words: str, **settings: str) -> Process:
        output = self._folder / f"worker-{len(self._started)}.out"
        worker = Process(output, "work", *words, "--store", self._url, **settings)
        self._started.append(worker)
        worker.begun()
        return worker

    def kill(self) -> None:
        for worker in self._started:
            worker.kill()


@pytest.fixture
def crew(postgres_url: str, tmp_path: Path) -> Iterator[Crew]:
    crew = Crew(postgres_url, tmp_path)
    yield crew
    crew.kill()


@pytest.fixture
def store(postgres_url: str) -> Iterator[PostgresStore]:
    with closing(PostgresStore(postgres_url)) as store:
        yield store


@contextmanager
def told_store(url: str, ago: timedelta = timedelta(0)) -> Iterator[Workplace]:
    """Spring runs from Ann and Bob, R1 heard from Ann; all that a while ago."""
    clock = ManualClock(datetime.now(UTC) - ago)
    with closing(PostgresStore(url, clock)) as store:
        workplace = Workplace(store, clock, Policy(grace_period=timedelta(seconds=1)))
        workplace.given(connect(ANN), connect(BOB), create(ANN, BOB, to=[R1, R2]), start())
        yield workplace.given(hear_from(ANN, R1))


def stops(store: PostgresStore) -> list[Recorded]:
    kinds = GracePeriodExpired | RecipientStopped
    return [recorded for recorded in log_of(store) if isinstance(recorded.event, kinds)]


def in_step(store: PostgresStore) -> bool:
    views = PostgresViews(store)
    return {views.position(each) for each in SHIPPED} == {store.last_position()}


@pytest.mark.rule("S2", "S6", "S7")
def test_two_workers_settle_a_clock_once_in_time_and_keep_the_views(
    crew: Crew, store: PostgresStore, postgres_url: str
) -> None:
    with told_store(postgres_url) as workplace:
        workplace.given(disconnect(ANN))
        deadline = workplace.clock() + timedelta(seconds=1)
    crew.add()
    crew.add()

    eventually(lambda: len(stops(store)) == 2)
    eventually(lambda: in_step(store))

    for recorded in stops(store):
        assert recorded.event.occurred_at == deadline
        assert recorded.envelope.recorded_at > deadline
    check(store)
    check_views(store, PostgresViews(store))


def test_each_does_only_what_it_was_asked_for(
    crew: Crew, store: PostgresStore, postgres_url: str
) -> None:
    with told_store(postgres_url, ago=timedelta(hours=2)) as workplace:
        workplace.given(disconnect(ANN))
    crew.add("--only", "projections")

    eventually(lambda: in_step(store))
    assert stops(store) == []

    crew.add("--only", "clocks")
    eventually(lambda: len(stops(store)) == 2)
    eventually(lambda: in_step(store))


def test_what_a_killed_leader_led_is_led_by_another(
    crew: Crew, store: PostgresStore, postgres_url: str
) -> None:
    first = crew.add("--only", "projections")
    eventually(lambda: first.told("leading"))
    second = crew.add("--only", "projections")
    assert first.stopped(signal.SIGKILL) == -signal.SIGKILL

    with told_store(postgres_url) as workplace:
        eventually(lambda: in_step(store))
        workplace.given(import_recipients("r3"))
        eventually(lambda: in_step(store))

    assert second.told("leading")
    assert second.stopped(signal.SIGTERM) == 0
    assert not second.told("Traceback")
    check_views(store, PostgresViews(store))


@pytest.mark.rule("N2")
def test_a_notice_is_delivered_once_though_two_workers_could(
    crew: Crew, store: PostgresStore, postgres_url: str, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox"
    crew.add(OUTBOX=str(outbox))
    crew.add(OUTBOX=str(outbox))
    with told_store(postgres_url) as workplace:
        workplace.given(disconnect(ANN))

        def attempts() -> int:
            return sum(type(each.event).__name__ == "NoticeAttempted" for each in log_of(store))

        eventually(lambda: attempts() == 2)
        eventually(lambda: in_step(store))
    assert attempts() == 2
    assert len(list(outbox.glob("new/*"))) == 2


@pytest.mark.rule("S7")
def test_a_workspace_that_cannot_be_settled_is_parked_and_keeps_no_other_waiting(
    crew: Crew, store: PostgresStore, postgres_url: str
) -> None:
    with told_store(postgres_url, ago=timedelta(hours=2)) as workplace:
        workplace.given(disconnect(ANN))
    with store.writing() as cursor:
        cursor.execute("UPDATE timers SET timer = '[\"never\"]' WHERE timer LIKE '[\"clock%'")
    clock = ManualClock(datetime.now(UTC) - timedelta(hours=2))
    with ExitStack() as stack:
        other = stack.enter_context(closing(PostgresStore(postgres_url, clock)))
        engine = Engine(other, Policy(grace_period=timedelta(seconds=1)))
        moves = [connect(ANN), connect(BOB), create(ANN, BOB, to=[R1]), start()]
        for number, command in enumerate([*moves, *hear_from(ANN, R1), disconnect(ANN)]):
            name = f"other-{number}"
            assert not engine.execute("other", command, command_id=name, actor="t").refusal

    worker = crew.add("--only", "clocks")
    eventually(lambda: {each.workspace for each in stops(store)} == {"other"})

    eventually(lambda: worker.told("cannot be settled"))
    assert ACME not in {each.workspace for each in stops(store)}
    with store.writing() as cursor:
        cursor.execute("UPDATE leases SET failures = 7, leased_until = '-infinity'")
    eventually(lambda: worker.told("parked=True"))

    told = typed("health", "--store", postgres_url)
    assert told.returncode == 1
    assert f"sendledger unpark {ACME}" in told.stdout
    (row,) = json.loads(typed("parked", "--json", "--store", postgres_url).stdout)["parked"]
    assert (row["workspace"], row["failures"]) == (ACME, 8)
    assert typed("unpark", ACME, "--store", postgres_url).returncode == 0
    assert typed("unpark", ACME, "--store", postgres_url).returncode == 4
    assert typed("parked", "--store", postgres_url).stdout == "Nothing is parked.\n"


EXAMPLES = Path(__file__).parents[2] / "examples" / "two-workers"


@pytest.mark.parametrize("file", ["clocks.toml", "projections.toml"])
def test_the_example_s_settings_are_known(file: str, tmp_path: Path) -> None:
    environment = {**os.environ, "SENDLEDGER_SETTINGS": str(EXAMPLES / file)}
    store = ("--store", str(tmp_path / "nowhere.db"))

    told = subprocess.run(
        [SENDLEDGER, "accounts", *store],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert told.stderr.startswith("There is no store")


def typed(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([SENDLEDGER, *words], capture_output=True, text=True, check=False)


def test_a_worker_is_watched_by_metrics_and_writes_json(crew: Crew) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    worker = crew.add(METRICS_PORT=str(port), LOG_FORMAT="json")

    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        metrics = answer.read().decode()

    assert "sendledger_store_up 1.0" in metrics
    assert 'sendledger_projection_lag_events{projection="clocks"} 0.0' in metrics
    assert worker.stopped(signal.SIGTERM) == 0
    lines = [json.loads(line) for line in worker.output.read_text().splitlines()]
    assert {"serving", "stopping", "stopped"} <= {line["event"] for line in lines}


def test_an_unknown_role_is_told_with_those_there_are(tmp_path: Path) -> None:
    refused = subprocess.run(
        [SENDLEDGER, "work", "--only", "clocks,cooking"],
        capture_output=True,
        text=True,
        check=False,
        cwd=tmp_path,
    )

    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert line == f"There is no role cooking. Known are {', '.join(ALL)}."


def test_a_server_that_goes_and_comes_back_is_one_line_each(
    own_postgres: PostgresServer, tmp_path: Path
) -> None:
    url = own_postgres.create_database()
    crew = Crew(url, tmp_path)
    try:
        worker = crew.add(OUTBOX=str(tmp_path / "outbox"), LOG_FORMAT="json", TICK_INTERVAL="0.3")
        eventually(lambda: worker.told("leading"))
        own_postgres.stop("fast")
        eventually(lambda: worker.told("store lost"))
        time.sleep(3)
        own_postgres.start()
        eventually(lambda: worker.told("store is back"))
        with told_store(url, ago=timedelta(hours=2)) as workplace:
            workplace.given(disconnect(ANN))
            store = workplace.store
            assert isinstance(store, PostgresStore)
            eventually(lambda: len(stops(store)) == 2)
            eventually(lambda: in_step(store))
        assert worker.stopped(signal.SIGTERM) == 0
    finally:
        crew.kill()

    lines = [json.loads(line) for line in worker.output.read_text().splitlines()]
    told = [line["event"] for line in lines if line["level"] != "info"]
    assert told == ["store lost"]
    assert [line["event"] for line in lines].count("store is back") == 1
    assert not any("exception" in line for line in lines)


def test_each_worker_is_known_with_what_it_does(crew: Crew, store: PostgresStore) -> None:
    crew.add("--only", "clocks")
    second = crew.add("--only", "projections")
    coordination = opened_schema(store).coordination

    def does() -> list[list[str]]:
        return sorted(list(each.does) for each in coordination.workers() or ())

    eventually(lambda: does() == [["clocks"], ["projections"]])
    second.kill()
    eventually(lambda: does() == [["clocks"]])
