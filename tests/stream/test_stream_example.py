"""``examples/stream`` shows what its page says, by itself, and leaves nothing behind."""

import os
import re
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tests.mail.servers.ports import answers
from tests.stream.broker import VARIABLE, NamedBroker
from tests.worker.processes import eventually

RUN = Path(__file__).parents[2] / "examples" / "stream" / "run.py"
AT_MOST = 180.0
"""Seconds on a machine that is busy."""
FACTS = ("CLICK: somebody disconnects", "the hour begins", "the hour is over")
HOPS = ("store: RecipientStopped", "  topic:", "consume:", "invoices:")


def run(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, RUN, *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=AT_MOST,
        env={**os.environ, **environment},
    )


def folder_of(told: str) -> Path:
    return Path(re.findall(r"everything is in (\S+);", told)[0])


@pytest.fixture
def own() -> None:
    if VARIABLE in os.environ:
        pytest.skip(f"the broker is the one that {VARIABLE} names")


@pytest.mark.usefixtures("own")
def test_a_stop_travels_from_a_click_to_the_rows_of_whoever_reads_the_topic() -> None:
    done = run(SENDLEDGER_WORKSPACE="somebody-elses")

    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    times = [line.split()[0] for line in lines]
    assert times == sorted(times), done.stdout
    for each in (*FACTS, *HOPS):
        assert sum(each in line for line in lines) == 1, done.stdout
    assert ("project:" in done.stdout) is ("PostgreSQL is at" in done.stdout)
    assert lines[-1].endswith("has heard from nobody, and has no row")
    assert not folder_of(done.stdout).exists()


def test_a_broker_that_is_named_has_no_topic_of_it_afterwards(broker: NamedBroker) -> None:
    from kafka import KafkaAdminClient

    done = run("--kafka", broker.address)

    assert done.returncode == 0, done.stderr
    assert "invoices:" in done.stdout
    with KafkaAdminClient(bootstrap_servers=broker.address) as admin:
        eventually(lambda: not any("sendledger.example-" in each for each in admin.list_topics()))


def test_a_broker_that_does_not_answer_is_named_in_a_sentence() -> None:
    done = run("--kafka", "127.0.0.1:1")

    assert done.returncode == 1
    assert done.stderr == ("No broker answers at 127.0.0.1:1. Name one as --kafka HOST:PORT.\n")


@pytest.mark.kills
@pytest.mark.usefixtures("own")
def test_nothing_goes_on_when_it_is_killed() -> None:
    show = subprocess.Popen([sys.executable, RUN], stdout=subprocess.PIPE, text=True)
    told = ""
    guard = threading.Timer(AT_MOST, show.kill)
    guard.start()
    try:
        assert show.stdout is not None
        with show.stdout:
            for line in show.stdout:
                told += line
                if "they read the topic" in line:
                    break
    finally:
        guard.cancel()
        show.kill()
        show.wait()
    folder = folder_of(told)
    eventually(lambda: not answers(int(re.findall(r"Kafka is at \S+:(\d+)", told)[0])))
    eventually(lambda: str(folder) not in commands())
    eventually(lambda: removed(folder))


def removed(folder: Path) -> bool:
    """Files of a process that is about to end may go meanwhile."""
    shutil.rmtree(folder, ignore_errors=True)
    return not folder.exists()


def commands() -> str:
    """Of every process."""
    return subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
