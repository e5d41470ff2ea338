"""An archive holds every event once, as Parquet by day, whoever writes it and however often."""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from adapters.archiving.archive import Archive, Archiver
from adapters.archiving.files import DRAFTS, LEFT_OVER
from adapters.cli.consumers import Poison
from adapters.composition.streaming import ConsumerEnded, FilesOf, Manner, archiver
from adapters.kafka.access import KafkaAccess
from adapters.kafka.topics import topic_ids
from adapters.settings.model import EngineSettings
from tests.duck import asked
from tests.stream.broker import NamedBroker
from tests.stream.ledger import WORKSPACES, Ledger
from tests.stream.parquet import Row, count, events, files, rows, said
from tests.stream.test_project import live
from tests.stream.test_relay import delete, relay_all
from tests.worker.processes import SENDLEDGER, Process, eventually

DAY = 86_400.0
PAGE = Path(__file__).parents[2] / "docs" / "archive.md"


@pytest.fixture
def url(tmp_path: Path) -> str:
    return str(tmp_path / "store.db")


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "archive"


@contextmanager
def archiving(
    broker: NamedBroker, into: Path, *topics: str, every: float = DAY, **more: Any
) -> Iterator[Archiver]:
    files = FilesOf(into, more.pop("group", None), topics, every)
    manner = Manner(**{"poison": Poison.BLOCK, **more})
    with archiver(EngineSettings(kafka=broker.address), files, manner) as found:
        yield found


def archive_all(broker: NamedBroker, into: Path, ledgers: dict[str, Ledger], **more: Any) -> None:
    """``ledgers`` by topic."""
    wanted = sum(len(events(each)) for each in ledgers.values())
    with archiving(broker, into, *ledgers, **more) as member:
        read(member, lambda: written(member, into) >= wanted)


def read(member: Archiver, until: Callable[[], object]) -> None:
    eventually(lambda: member.turn() >= 0 and bool(until()))


def written(member: Archiver, into: Path) -> int:
    """How many rows are in files, when all that is held is."""
    member.archive.write()
    return count(into)


def held(member: Archiver) -> int:
    return sum(batch.num_rows for each in member.archive._held.values() for batch in each.rows)


def process(broker: NamedBroker, topic: str, into: Path, output: Path, *more: str) -> Process:
    words = ("--into", str(into), "--topic", topic, "--every", "1", *more)
    return Process(output, "archive", *words, KAFKA=broker.address)


def run(broker: NamedBroker, topic: str, into: Path) -> tuple[int, str]:
    """As somebody types it, until it ends by itself."""
    words = ["--kafka", broker.address, "--topic", topic, "--into", str(into)]
    done = subprocess.run(
        [SENDLEDGER, "archive", *words], capture_output=True, text=True, check=False, timeout=60
    )
    return done.returncode, done.stdout + done.stderr


def test_every_event_is_one_row_of_its_day_and_a_second_run_adds_what_is_new(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    for first, last in ((0, 150), (150, 300)):
        live(Path(ledger.settings.store), first, last)
        relay_all(ledger, broker, topic)
        archive_all(broker, into, {topic: ledger})
        assert rows(into) == events(ledger)

    assert len({each.day for each in events(ledger)}) >= 3
    assert all(each.day == each.recorded_at.date() for each in rows(into))
    assert list((into / DRAFTS).iterdir()) == []


def test_each_file_begins_where_the_one_before_ends(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    for first, last in ((0, 150), (150, 300)):
        live(Path(ledger.settings.store), first, last)
        relay_all(ledger, broker, topic)
        archive_all(broker, into, {topic: ledger})

    ends: dict[int, int] = {}
    for each in sorted(map(said, files(into)), key=lambda link: link["first_offset"]):
        assert each["first_offset"] == ends.get(each["partition"], 0)
        ends[each["partition"]] = each["next_offset"]
    assert len(files(into)) <= 12 * len({each.day for each in rows(into)}) + 12


def test_duckdb_and_pandas_s_reader_see_one_dataset(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    live(Path(ledger.settings.store), 0, 150)
    relay_all(ledger, broker, topic)
    archive_all(broker, into, {topic: ledger})
    query = "SELECT day, count(*) FROM 'archive/*/*.parquet' GROUP BY day ORDER BY day"

    days = sorted({each.day for each in events(ledger)})
    expected = [(day, sum(each.day == day for each in events(ledger))) for day in days]
    assert asked(query, into.parent) == expected


def test_of_two_groups_that_write_the_same_one_is_first(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The second one is as a process that was away for long and comes back with what it held."""
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    with (
        archiving(broker, into, topic, group="early") as early,
        archiving(broker, into, topic, group="late") as late,
    ):
        read(late, lambda: held(late) == len(events(ledger)))
        read(early, lambda: held(early) == len(events(ledger)))
        ledger.grow_everywhere(5)
        relay_all(ledger, broker, topic)
        read(early, lambda: held(early) == len(events(ledger)))
        early.archive.write()
        assert rows(into) == events(ledger)

        late.archive.write()
        assert "Another process has archived" in caplog.text
        assert rows(into) == events(ledger)

        ledger.grow_everywhere(5)
        relay_all(ledger, broker, topic)
        missing = len(events(ledger)) - count(into)
        read(late, lambda: held(late) == missing)
        late.archive.write()
    assert rows(into) == events(ledger)


def test_what_is_too_much_for_memory_becomes_files_before_the_time(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    live(Path(ledger.settings.store), 0, 40)
    relay_all(ledger, broker, topic)
    access = KafkaAccess(broker.address)
    archive = Archive(
        *(into, None, partial(topic_ids, access, [topic])), every=DAY, alert=print, at_most=20_000
    )
    with Archiver(access.client(), archive, topics=[topic], at_once=20) as member:
        read(member, lambda: count(into) + held(member) == len(events(ledger)))
        assert 0 < held(member) < 100
        archive.write()
    assert rows(into) == events(ledger)


def test_what_is_missing_at_the_end_is_written_anew(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    live(Path(ledger.settings.store), 0, 300)
    relay_all(ledger, broker, topic)
    archive_all(broker, into, {topic: ledger})
    for each in files(into)[len(files(into)) // 2 :]:
        each.unlink()

    archive_all(broker, into, {topic: ledger})

    assert rows(into) == events(ledger)


def test_drafts_of_killed_processes_are_no_data_and_go(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)
    archive_all(broker, into, {topic: ledger})
    old, new = into / DRAFTS / "old", into / DRAFTS / "new"
    for each in (old, new):
        each.write_bytes(files(into)[0].read_bytes()[:100])
    os.utime(old, (time.time() - 2 * LEFT_OVER,) * 2)

    assert rows(into) == events(ledger)
    archive_all(broker, into, {topic: ledger})

    assert (old.exists(), new.exists()) == (False, True)
    assert rows(into) == events(ledger)


def test_two_stores_share_a_directory_and_one_group(
    broker: NamedBroker, topic: str, into: Path, tmp_path: Path
) -> None:
    with Ledger(str(tmp_path / "one.db")) as one, Ledger(str(tmp_path / "two.db")) as two:
        ledgers = {topic: one, f"{topic}-1": two}
        for number, (name, each) in enumerate(ledgers.items(), start=1):
            each.grow_everywhere(5 * number)
            relay_all(each, broker, name)
        archive_all(broker, into, ledgers)

        for each in (one, two):
            assert [row for row in rows(into) if row.source == each.source] == events(each)


def test_a_topic_that_was_made_anew_is_refused(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    ledger.grow_everywhere(5)
    relay_all(ledger, broker, topic)
    with archiving(broker, into, topic) as member:
        read(member, lambda: held(member) == len(events(ledger)))
        member.archive.write()
        before = rows(into)
        ledger.grow_everywhere(5)
        relay_all(ledger, broker, topic)
        read(member, lambda: held(member) > 0)
        delete(broker, topic)
        assert run(broker, topic, into)[0] == 1
        ledger.mark.forget()
        relay_all(ledger, broker, topic)
        member.archive.look()
        with pytest.raises(Exception, match="was made anew"):
            member.archive.write()

    code, told = run(broker, topic, into)
    assert (code, rows(into)) == (1, before)
    assert "was made anew" in told
    assert len(told.splitlines()) == 1


def test_one_store_in_two_topics_and_another_store_s_events_are_refused(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)
    archive_all(broker, into, {topic: ledger})
    ledger.mark.forget()
    relay_all(ledger, broker, f"{topic}-anew")

    with (
        pytest.raises(ConsumerEnded, match="Each store needs one topic"),
        archiving(broker, into, f"{topic}-anew") as member,
    ):
        read(member, lambda: written(member, into) < 0)
    assert rows(into) == events(ledger)


def test_a_directory_with_other_files_is_refused_and_left_alone(
    broker: NamedBroker, topic: str, into: Path
) -> None:
    into.mkdir()
    (into / "thesis.txt").write_text("mine")

    code, told = run(broker, topic, into)

    assert (code, [each.name for each in into.iterdir()]) == (1, ["thesis.txt"])
    assert "holds thesis.txt and no archive" in told


def test_what_cannot_be_written_ends_it_with_75_and_a_sentence(
    broker: NamedBroker, topic: str, into: Path
) -> None:
    into.write_text("a file")

    code, told = run(broker, topic, into)

    assert (code, len(told.splitlines())) == (75, 1)
    assert "A directory or a connection failed" in told


def test_a_disk_that_takes_no_more_leaves_nothing_half_written(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    words = ["--kafka", broker.address, "--topic", topic, "--into", str(into), "--every", "1"]
    done = subprocess.run(
        ["sh", "-c", 'ulimit -f 8; exec "$0" "$@"', SENDLEDGER, "archive", *words],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    assert (done.returncode, files(into), list((into / DRAFTS).iterdir())) == (75, [], [])
    assert "A directory or a connection failed" in done.stderr
    archive_all(broker, into, {topic: ledger})
    assert rows(into) == events(ledger)


def test_a_record_of_nobody_s_blocks_its_partition_or_is_passed_over_and_noted(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)
    with KafkaProducer(bootstrap_servers=broker.address) as producer:
        sent = producer.send(topic, key=WORKSPACES[0].encode(), value=b"foreign").get(10)
    ledger.grow_everywhere(2)
    relay_all(ledger, broker, topic)

    with archiving(broker, into, topic) as member:
        read(member, lambda: written(member, into) and member._blocked)
        assert count(into) < len(events(ledger))
    archive_all(broker, into, {topic: ledger}, poison=Poison.PASS)

    assert rows(into) == events(ledger)
    noted = [
        (each["partition"], *passed)
        for each in map(said, files(into))
        for passed in each["passed_over"]
    ]
    assert [each[:2] for each in noted] == [(sent.partition, sent.offset)]
    assert "NotAnEvent" in noted[0][2]


def test_it_archives_until_it_is_stopped_and_leaves_nothing_in_memory(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path, tmp_path: Path
) -> None:
    ledger.grow_everywhere(20)
    relay_all(ledger, broker, topic)
    member = process(broker, topic, into, tmp_path / "log")
    try:
        eventually(lambda: count(into) == len(events(ledger)))
        ledger.grow_everywhere(1)
        relay_all(ledger, broker, topic)
        eventually(lambda: count(into) == len(events(ledger)))
        assert member.stopped(by=signal.SIGTERM) == 0
    finally:
        member.kill()
    assert rows(into) == events(ledger)


def test_the_page_names_every_column_and_its_query_runs(
    broker: NamedBroker, ledger: Ledger, topic: str, into: Path
) -> None:
    live(Path(ledger.settings.store), 0, 300)
    relay_all(ledger, broker, topic)
    archive_all(broker, into, {topic: ledger})
    page = PAGE.read_text(encoding="utf-8")
    (query,) = re.findall(r"^```sql\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)

    found = asked(query, into.parent)

    stopped = [each for each in events(ledger) if ".RecipientStopped.v" in each.type]
    assert sum(number for *_, number in found) == len(stopped) > 0
    assert {day for day, *_ in found} == {each.day for each in stopped}
    assert all(f"| `{name}` |" in page for name in Row._fields)
