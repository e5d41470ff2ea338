"""The service of ``examples/stopped_invoices`` runs as its page says, on what it says it needs."""

import ast
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from adapters.kafka.access import KafkaAccess
from adapters.kafka.sink import KafkaSink
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.relay_mark import SQLiteMark
from engine.stream.cloud_events import Teller
from engine.work.relay import Relay
from events.campaign import RecipientStopped
from tests.stream.broker import NamedBroker
from tests.worker.processes import eventually
from tests.workplace import much_happens, on_file

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "stopped_invoices"
LIBRARY = ROOT / "adapters" / "kafka" / "consumer"
NEEDED = {"kafka", "psycopg", "adapters"}


def invoices(file: Path) -> list[tuple[str, str]]:
    with closing(sqlite3.connect(file)) as found:
        try:
            return found.execute("SELECT workspace, recipient FROM invoices ORDER BY 2").fetchall()
        except sqlite3.OperationalError:
            return []


def test_every_stopped_recipient_gets_one_invoice(
    broker: NamedBroker, topic: str, tmp_path: Path
) -> None:
    workplace = much_happens(on_file(tmp_path / "store.db"))
    store = workplace.store
    assert isinstance(store, SQLiteStore)
    stopped = [
        (each.envelope.workspace, each.event.recipient_id)
        for each in workplace.log
        if isinstance(each.event, RecipientStopped)
    ]
    sink = KafkaSink(
        KafkaAccess(broker.address), topic, Teller(store.identity).source, lambda _: None
    )
    with closing(store), closing(sink):
        relay = Relay(store, sink, SQLiteMark(store))
        relay.begin()
        while relay.turn():
            pass

    words = [broker.address, topic, str(tmp_path / "invoices.db")]
    for _ in range(2):
        command = [sys.executable, str(EXAMPLE / "invoices.py"), *words]
        service = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert service.stdout is not None
            assert service.stdout.readline() == f"Consuming {topic}.\n"
            eventually(lambda: len(invoices(tmp_path / "invoices.db")) >= len(stopped))
            service.send_signal(signal.SIGTERM)
            assert service.wait(20) == 0
        finally:
            service.kill()
            service.communicate()
    assert stopped
    assert invoices(tmp_path / "invoices.db") == sorted(stopped, key=lambda each: each[1])


@pytest.mark.parametrize("file", [*LIBRARY.glob("*.py"), EXAMPLE / "invoices.py"], ids=str)
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
