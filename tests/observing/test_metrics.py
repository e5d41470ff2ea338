"""What Prometheus finds when it asks, over HTTP."""

import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import NamedTuple
from urllib.request import urlopen

import psycopg
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from adapters.composition.programs import health_of
from adapters.observing.metrics import StoreMetrics, serve_metrics
from adapters.observing.watching import watched as watched_by
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from engine.engine import Engine
from engine.observing import SILENT
from engine.ports.check_schedule import ScheduledCheck
from engine.ports.clock import ManualClock
from engine.ports.view_status import Stop
from engine.projecting import ProjectionRunner
from projections.clocks import CLOCKS
from projections.shipped import SHIPPED
from tests.law.story import ANN, HOUR, MINUTE, NOON, disconnect, pause
from tests.observing.watched import in_use, opened_at
from tests.postgres import PostgresServer
from tests.workplace import Workplace

Samples = dict[tuple[str, ...], float]
"""By name and the values of the labels."""
VIEWS = [each.name for each in SHIPPED]


class Watched(NamedTuple):
    opened: Opened
    workplace: Workplace
    url: str

    def scraped(self) -> Samples:
        return scrape(self.url)

    def keep_up(self) -> None:
        ProjectionRunner(self.opened.store, self.opened.views, SHIPPED).catch_up()


def scrape(url: str) -> Samples:
    with urlopen(url, timeout=20) as answer:  # noqa: S310 our own
        text = answer.read().decode()
    families = text_string_to_metric_families(text)
    return {
        (each.name, *each.labels.values()): each.value
        for family in families
        for each in family.samples
    }


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def at_work(settings: EngineSettings) -> Iterator[Watched]:
    """A process that works on the store, watched as its settings say."""
    clock, port = ManualClock(NOON), free_port()
    settings = settings.model_copy(update={"metrics_port": port})
    with (
        opened_at(settings, clock) as opened,
        watched_by(partial(health_of, opened), settings) as observer,
    ):
        workplace = Workplace(opened.store, clock)
        workplace.engine = Engine(opened.store, observer=observer)
        yield Watched(opened, workplace, f"http://127.0.0.1:{port}/metrics")


def test_what_was_appended_is_counted(settings: EngineSettings) -> None:
    with at_work(settings) as watched:
        assert watched.workplace.tell(pause()).refusal is not None
        in_use(watched.workplace).given(disconnect(ANN))

        found = watched.scraped()

        assert found["sendledger_events_appended_total",] == len(watched.workplace.log)
        assert found["sendledger_commands_total", "PauseCampaign", "refused"] == 1
        assert found["sendledger_commands_total", "ConnectAccount", "accepted"] == 2
        followed = {each.envelope.command for each in watched.workplace.log}
        assert len(followed) > 6
        for each in followed:
            assert found["sendledger_commands_total", each, "accepted"] >= 1
        assert found["sendledger_append_seconds_count",] == 10
        assert 0 < found["sendledger_append_seconds_sum",] < 60


def test_background_checks_that_wait_are_counted(settings: EngineSettings) -> None:
    with at_work(settings) as watched:
        assert watched.scraped()["sendledger_checks_waiting",] == 0
        check = ScheduledCheck("acme", ANN, NOON - MINUTE)
        StoredCheckSchedule(watched.opened.beside).add([check])
        found = watched.scraped()
        assert found["sendledger_checks_waiting",] == 1
        assert found["sendledger_checks_waiting_seconds",] == 60


def test_how_far_each_view_is_behind_is_told_in_events_and_seconds(
    settings: EngineSettings,
) -> None:
    with at_work(settings) as watched:
        in_use(watched.workplace)
        watched.keep_up()
        end = len(watched.workplace.log)
        found = watched.scraped()
        assert {found["sendledger_projection_lag_events", each] for each in VIEWS} == {0}
        assert found["sendledger_oldest_unprocessed_event_seconds",] == 0

        watched.workplace.at(NOON + HOUR).given(pause())
        watched.workplace.at(NOON + HOUR * 1.5)

        found = watched.scraped()
        assert found["sendledger_log_position",] == end + 1
        for each in VIEWS:
            assert found["sendledger_projection_lag_events", each] == 1
            assert found["sendledger_projection_lag_seconds", each] == 1800
            assert found["sendledger_projection_stopped", each] == 0
        assert found["sendledger_oldest_unprocessed_event_seconds",] == 1800


def test_a_stopped_view_is_told(settings: EngineSettings) -> None:
    with at_work(settings) as watched:
        in_use(watched.workplace)
        watched.opened.views.stop(CLOCKS, Stop(1, "cannot take it", NOON))

        found = watched.scraped()

        stopped = {each: found["sendledger_projection_stopped", each] for each in VIEWS}
        assert [each for each, value in stopped.items() if value] == ["clocks"]


def test_clocks_are_told_while_they_run_and_when_they_wait(settings: EngineSettings) -> None:
    with at_work(settings) as watched:
        in_use(watched.workplace).given(disconnect(ANN))
        watched.keep_up()
        found = watched.scraped()
        assert found["sendledger_clocks_running",] == 1
        assert found["sendledger_due_workspaces",] == 0
        assert found["sendledger_overdue_seconds",] == 0

        watched.workplace.at(NOON + 45 * MINUTE).tick().at(NOON + 1.5 * HOUR)

        found = watched.scraped()
        assert found["sendledger_due_workspaces",] == 1
        assert found["sendledger_overdue_seconds",] == 1800
        assert found["sendledger_parked_workspaces",] == 0

        watched.workplace.tick()
        watched.keep_up()

        found = watched.scraped()
        assert found["sendledger_clocks_running",] == 0
        assert found["sendledger_overdue_seconds",] == 0


def test_no_label_names_a_workspace_an_account_or_a_recipient(settings: EngineSettings) -> None:
    with at_work(settings) as watched:
        in_use(watched.workplace).given(disconnect(ANN))

        labels = {value for _, *values in watched.scraped() for value in values}

        commands = {each.envelope.command for each in watched.workplace.log}
        buckets = {each for each in labels if each == "+Inf" or each[0].isdigit()}
        assert labels - buckets - commands - {*VIEWS} <= {"accepted", "refused"}


def test_a_store_that_is_lost_is_told_and_told_again_when_it_is_back(
    own_postgres: PostgresServer,
) -> None:
    with at_work(EngineSettings(store=own_postgres.create_database())) as watched:
        in_use(watched.workplace)
        assert watched.scraped()["sendledger_store_up",] == 1

        own_postgres.stop()
        lost = watched.scraped()
        assert lost["sendledger_store_up",] == 0
        assert ("sendledger_log_position",) not in lost
        assert lost["sendledger_events_appended_total",] > 0

        own_postgres.start()
        assert watched.scraped()["sendledger_store_up",] == 1


def test_figures_do_not_wait_for_a_server_that_hangs(own_postgres: PostgresServer) -> None:
    settings, clock = EngineSettings(store=own_postgres.create_database()), ManualClock(NOON)
    registry = CollectorRegistry()
    with opened_at(settings, clock) as opened, serve_metrics("127.0.0.1", 0, registry) as url:
        registry.register(StoreMetrics(partial(health_of, opened), patience=0.2))
        with psycopg.connect(settings.store) as other:
            other.execute("LOCK TABLE stored_events IN ACCESS EXCLUSIVE MODE")

            assert scrape(url) == {("sendledger_store_up",): 0}
            assert scrape(url) == {("sendledger_store_up",): 0}

        wait_until(lambda: scrape(url)["sendledger_store_up",] == 1)


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_without_a_port_nobody_listens(settings: EngineSettings) -> None:
    with (
        opened_at(settings, ManualClock(NOON)) as opened,
        watched_by(partial(health_of, opened), settings) as observer,
    ):
        assert observer is SILENT


def test_a_port_that_somebody_has_is_named() -> None:
    with serve_metrics("127.0.0.1", 0, CollectorRegistry()) as url:
        port = int(url.rpartition(":")[2].partition("/")[0])
        with (
            pytest.raises(SettingsError, match=rf"metrics_port: 127\.0\.0\.1:{port} cannot be had"),
            serve_metrics("127.0.0.1", port, CollectorRegistry()),
        ):
            pass


def test_an_address_of_another_machine_is_named() -> None:
    with (
        pytest.raises(SettingsError, match="metrics_host is no address of this machine"),
        serve_metrics("192.0.2.1", 0, CollectorRegistry()),
    ):
        pass


def test_the_door_is_closed_at_the_end() -> None:
    with serve_metrics("127.0.0.1", 0, CollectorRegistry()) as url:
        assert scrape(url) == {}
    with pytest.raises(OSError, match="refused"):
        urlopen(url, timeout=20)  # noqa: S310 our own


def test_to_register_asks_nothing_of_the_store(settings: EngineSettings) -> None:
    with opened_at(settings, ManualClock(NOON)) as opened:
        collector = StoreMetrics(partial(health_of, opened))
    CollectorRegistry().register(collector)
