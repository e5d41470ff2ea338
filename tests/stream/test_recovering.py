"""A store that is behind its topic is brought back from it."""

import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.kafka.access import KafkaAccess
from adapters.kafka.source import KafkaSource
from engine.stream.cloud_events import CloudEvent, Teller
from engine.stream.errors import StoreBehind
from tests.stream.broker import NamedBroker
from tests.stream.ledger import Ledger
from tests.stream.test_relay import relay_all
from tests.worker.processes import SENDLEDGER, eventually


def test_the_topics_are_read_as_the_store_was_told(
    broker: NamedBroker, ledger: Ledger, topic: str
) -> None:
    ledger.grow_everywhere(30)
    relay_all(ledger, broker, topic, run=11)

    told = list(KafkaSource(KafkaAccess(broker.address), topic).records())

    teller = Teller(ledger.opened.store.identity)
    expected = [teller.record(each) for each in ledger.entries()]
    assert [(each.key, dict(each.headers), each.value) for each in told] == [
        (each.key, dict(each.headers), each.value) for each in expected
    ]


def test_a_restored_store_is_recovered_and_relayed_on(
    broker: NamedBroker, topic: str, tmp_path: Path
) -> None:
    file, backup = tmp_path / "store.db", tmp_path / "backup.db"
    with Ledger(str(file)) as ledger:
        ledger.grow_everywhere(20)
        relay_all(ledger, broker, topic)
    shutil.copy(file, backup)
    with Ledger(str(file), prefix="later") as ledger:
        ledger.grow_everywhere(15)
        relay_all(ledger, broker, topic)
        whole = ledger.entries()
    shutil.copy(backup, file)
    with Ledger(str(file)) as ledger, pytest.raises(StoreBehind):
        relay_all(ledger, broker, topic)

    where = ["--store", str(file), "--from-kafka", broker.address, "--topic", topic]
    done = subprocess.run(
        [SENDLEDGER, "store", "recover", *where, "--yes", "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["last_entry"] == whole[-1].number
    with Ledger(str(file), prefix="after") as ledger:
        assert [each for each in ledger.entries() if each.row] == [
            each for each in whole if each.row
        ]
        ledger.grow(3)
        relay_all(ledger, broker, topic)
        ids = {dict(each.headers)["ce_id"] for each in _told(broker, topic)}
        assert len(ids) == len(ledger.entries())


@pytest.mark.rule("M6")
def test_the_topic_is_a_witness_too(broker: NamedBroker, topic: str, tmp_path: Path) -> None:
    """It never sent a message, so no other one knows how far it went."""
    file, backup = tmp_path / "store.db", tmp_path / "backup.db"
    with Ledger(str(file)) as ledger:
        ledger.grow(5)
        relay_all(ledger, broker, topic)
    shutil.copy(file, backup)
    with Ledger(str(file), prefix="later") as ledger:
        ledger.grow(5)
        relay_all(ledger, broker, topic)

    with Ledger(str(backup), prefix="open") as running:
        assert running.opened.fence.closed() is None
        where = ["--store", str(backup), "--kafka", broker.address, "--topic", topic]
        ended = subprocess.run([SENDLEDGER, "relay", *where], capture_output=True, check=False)

        assert ended.returncode == 1, ended.stdout
        eventually(lambda: running.opened.fence.closed() is not None)
        assert "topic" in (running.opened.fence.closed() or "")


def _told(broker: NamedBroker, topic: str) -> Iterator[CloudEvent]:
    return KafkaSource(KafkaAccess(broker.address), topic).records()
