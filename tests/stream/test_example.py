"""The services of ``examples/stopped_invoices`` and ``examples/stopped_invoices_java`` run as their
pages say, on what they say they need."""

import ast
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from adapters.kafka.access import KafkaAccess
from adapters.kafka.sink import KafkaSink
from adapters.stores.small_tables.relay_mark import StoredMark
from engine.stream.cloud_events import Teller
from engine.work.relay import Relay
from tests.stream.broker import VARIABLE, NamedBroker
from tests.stream.stops import Stops
from tests.worker.processes import PATIENCE, Process, eventually

EXAMPLES = Path(__file__).parents[2] / "examples"
PYTHON = EXAMPLES / "stopped_invoices"
JAVA = EXAMPLES / "stopped_invoices_java"
LIBRARY = EXAMPLES.parent / "adapters" / "kafka" / "consumer"
NEEDED = {"kafka", "psycopg", "adapters"}
DONE = {"python": 0, "java": 128 + signal.SIGTERM}
"""Exit statuses after SIGTERM."""
KILLS = 2

Row = tuple[Any, ...]
_numbers = count(1)


@pytest.fixture(scope="session")
def java_service(tmp_path_factory: pytest.TempPathFactory) -> Sequence[str]:
    """Built as its page says, in a copy of its folder."""
    if VARIABLE in os.environ and not (shutil.which("javac") and shutil.which("mvn")):
        pytest.skip("there is no javac or no mvn, and a broker is named")
    folder = tmp_path_factory.mktemp("java") / "service"
    shutil.copytree(JAVA, folder, ignore=shutil.ignore_patterns("target"))
    built = subprocess.run(
        ["mvn", "-B", "-q", "package"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert built.returncode == 0, built.stdout + built.stderr
    return "java", "-jar", str(folder / "target" / "stopped-invoices.jar")


class Service:
    """Either of them, with its database in the folder."""

    def __init__(self, language: str, command: Sequence[str], folder: Path) -> None:
        self.language, self._command, self._folder = language, command, folder
        self._database = folder / f"{language}.db"

    @contextmanager
    def running(self, broker: NamedBroker, topic: str) -> Iterator[subprocess.Popen[bytes]]:
        words = [*self._command, broker.address, topic, str(self._database)]
        output = self._folder / f"{self.language}-{next(_numbers)}.log"
        with output.open("wb") as stream:
            service = subprocess.Popen(words, stdout=stream, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: f"Consuming {topic}." in output.read_text())
            yield service
        finally:
            service.kill()
            service.wait()

    def rows(self) -> list[Row]:
        with closing(sqlite3.connect(self._database, timeout=PATIENCE)) as found:
            try:
                return found.execute("SELECT * FROM invoices ORDER BY source, entry").fetchall()
            except sqlite3.OperationalError:
                return []

    def invoiced(self) -> list[tuple[str, str]]:
        return sorted((workspace, recipient) for _, _, workspace, recipient, *_ in self.rows())


@pytest.fixture(params=["python", "java"])
def service(request: pytest.FixtureRequest, tmp_path: Path) -> Service:
    return made(str(request.param), request, tmp_path)


def made(language: str, request: pytest.FixtureRequest, folder: Path) -> Service:
    if language == "java":
        return Service(language, request.getfixturevalue("java_service"), folder)
    return Service(language, [sys.executable, str(PYTHON / "invoices.py")], folder)


@pytest.fixture
def stops(tmp_path: Path) -> Iterator[Stops]:
    with Stops(tmp_path / "store.db") as found:
        found.happen(4)
        yield found


def relay_all(stops: Stops, broker: NamedBroker, topic: str) -> None:
    source = Teller(stops.store.identity).source
    with closing(KafkaSink(KafkaAccess(broker.address), topic, source, lambda _: None)) as sink:
        relay = Relay(stops.store, sink, StoredMark(stops.store))
        relay.begin()
        while relay.turn():
            pass


def test_every_stopped_recipient_gets_one_invoice_in_either_language(
    request: pytest.FixtureRequest,
    broker: NamedBroker,
    stops: Stops,
    topic: str,
    tmp_path: Path,
) -> None:
    services = [made(language, request, tmp_path) for language in DONE]
    for _ in range(2):
        relay_all(stops, broker, topic)
        for each in services:
            with each.running(broker, topic) as process:
                eventually(lambda each=each: len(each.rows()) >= len(stops.all()))  # type: ignore[misc]
                process.send_signal(signal.SIGTERM)
                assert process.wait(PATIENCE) == DONE[each.language]
            assert each.invoiced() == stops.all()
        stops.happen(2)
    python, java = services
    assert python.rows() == java.rows()


@pytest.mark.kills
def test_a_service_that_is_killed_as_the_relay_is_loses_and_doubles_no_invoice(
    broker: NamedBroker, stops: Stops, topic: str, service: Service, tmp_path: Path
) -> None:
    ends = threading.Event()

    def go_on() -> None:
        with Stops(tmp_path / "store.db", first=100) as more:
            while not ends.is_set():
                more.happen(3)

    def relaying() -> Process:
        settings = {"STORE": str(stops.path), "KAFKA": broker.address, "KAFKA_TOPIC": topic}
        return Process(tmp_path / "relay.log", "relay", **settings)

    relay = relaying()
    writer = threading.Thread(target=go_on)
    writer.start()
    try:
        for _ in range(KILLS):
            before = len(service.rows())
            with service.running(broker, topic) as process:
                eventually(lambda before=before: len(service.rows()) > before)  # type: ignore[misc]
                process.kill()
            relay.kill()
            relay = relaying()
        ends.set()
        writer.join()
        with service.running(broker, topic):
            eventually(lambda: len(service.rows()) >= len(stops.all()))
    finally:
        ends.set()
        writer.join()
        relay.kill()
    assert len(stops.all()) > 100
    assert service.invoiced() == stops.all()


@pytest.mark.parametrize("file", [*LIBRARY.glob("*.py"), PYTHON / "invoices.py"], ids=str)
def test_nothing_else_is_imported_than_what_the_example_installs(file: Path) -> None:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    names = {
        name
        for node in ast.walk(tree)
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [each.name for each in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    foreign = {each for each in names if each.partition(".")[0] not in sys.stdlib_module_names}

    assert {each.partition(".")[0] for each in foreign} <= NEEDED
    assert all(
        each.startswith("adapters.kafka.consumer")
        for each in foreign
        if each.partition(".")[0] == "adapters"
    )
