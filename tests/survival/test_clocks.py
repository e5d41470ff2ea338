"""S7: the machine of one worker has the wrong time. Deadlines follow the database's clock."""

import os
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from events.campaign import GracePeriodStarted
from events.vocabulary import ClockOutcome
from tests.law.story import ANN, HOUR, MINUTE, disconnect, hear_from
from tests.proof.judge import read_log
from tests.survival.aftermath import clocks, verify
from tests.survival.office import open_office, tell

pytestmark = pytest.mark.kills

WORKER = """
import sys
from datetime import UTC, datetime
from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from tests.law.story import ANN, disconnect
store = PostgresStore(sys.argv[1])
engine = Engine(store)
engine.tick_all()
if sys.argv[2] == "disconnects":
    engine.execute("acme", disconnect(ANN), command_id="by-the-worker", actor="user:ann")
engine.tick_all()
store.close()
print(datetime.now(UTC).isoformat())
"""


@pytest.mark.rule("S2", "S7")
@pytest.mark.parametrize("wrong_by", ["+61m", "-61m", "+10d"])
def test_a_worker_whose_clock_is_wrong_expires_nothing_and_dates_nothing(
    postgres_url: str, wrong_by: str
) -> None:
    with closing(PostgresStore(postgres_url)) as store:
        engine = Engine(store)
        open_office(engine, "acme")
        tell(engine, "acme", "sent", hear_from(ANN, "p1", "p2"))
        began = datetime.now(UTC)

        its_time = _work(postgres_url, wrong_by, "disconnects")
        assert abs(its_time - began) > HOUR, "its clock was wrong"
        _work(postgres_url, wrong_by, "ticks")

        log = read_log(store)
        (clock,) = clocks(store)
        assert clock.outcome is ClockOutcome.RUNNING
        (started,) = [each for each in log if isinstance(each.event, GracePeriodStarted)]
        assert began < started.envelope.recorded_at < began + MINUTE
        assert clock.deadline_at == started.envelope.recorded_at + HOUR
        verify(store, [("acme", "by-the-worker")])


@pytest.mark.rule("S2", "S7")
def test_a_worker_whose_clock_is_slow_expires_what_is_due(postgres_url: str) -> None:
    """The database says that the hour is over; the worker believes that it has not begun."""
    with closing(PostgresStore(postgres_url, _an_hour_ago)) as store:
        engine = Engine(store)
        open_office(engine, "acme")
        tell(engine, "acme", "sent", [*hear_from(ANN, "p1", "p2"), disconnect(ANN)])

        _work(postgres_url, "-10d", "ticks")

        assert [each.outcome for each in clocks(store)] == [ClockOutcome.EXPIRED]
        verify(store)


def _an_hour_ago() -> datetime:
    return datetime.now(UTC) - HOUR - timedelta(seconds=1)


def _work(url: str, wrong_by: str, what: str) -> datetime:
    """A worker's turn by a clock that is so far off. Answers what time it thought it was."""
    if shutil.which("faketime") is None:
        pytest.skip("no clock can be set wrong here: ask for the package faketime")
    done = subprocess.run(
        ["faketime", "-f", wrong_by, sys.executable, "-c", WORKER, url, what],
        env={**os.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return datetime.fromisoformat(done.stdout.strip())
