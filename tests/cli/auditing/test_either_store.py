"""The same history in a file and in a database: every question is answered to the byte alike."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from engine.ports.clock import ManualClock
from tests.cli.auditing.door import Ran, change, replay
from tests.law.story import ANN, BOB, NOON, R1, SPRING
from tests.postgres import NamedServer
from tests.proof.fragile import FragileStore
from tests.workplace import ACME, Workplace, much_happens

HERE = ("--workspace", ACME)
TUESDAY = "2026-03-03T09:00:00Z"
QUESTIONS: tuple[tuple[object, ...], ...] = (
    ("state", "--position", 60, *HERE),
    ("state", "--at", TUESDAY, *HERE),
    ("state", "--at", TUESDAY, "--by", "occurred", *HERE),
    ("state", "--at", TUESDAY, "--campaign", SPRING, "--recipient", R1, *HERE),
    ("state", "--position", 70, "--account", BOB, *HERE),
    ("check",),
    ("explain", "--account", ANN, *HERE),
    ("explain", "--campaign", SPRING, "--recipient", R1, *HERE),
    ("diff", "--from", 40, "--to", 80),
    ("what-if", "--insert", f"reconnect {ANN} at {TUESDAY}", *HERE),
    ("what-if", "--leave-out", "40", *HERE),
    ("rebuild", "--dry-run"),
)
DAMAGES = (
    "UPDATE view_recipient_status SET status = 'active' WHERE status = 'campaign_stopped'",
    "DELETE FROM view_campaigns WHERE campaign_id = 'solo'",
)


class Both(NamedTuple):
    file: Path
    database: str

    def ask(self, *words: object) -> tuple[Ran, Ran]:
        """What is said of each, without the name of the store."""
        return asked(self.file, words), asked(self.database, words)


def asked(store: object, words: tuple[object, ...]) -> Ran:
    ran = replay(*words, "--store", store)
    return ran._replace(output=ran.output.replace(str(store), "the store"))


@pytest.fixture(scope="module")
def both(postgres_server: NamedServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    path, url = tmp_path_factory.mktemp("both") / "sendledger.db", postgres_server.create_database()
    clock = ManualClock(NOON)
    with closing(SQLiteStore(path, clock)) as file, closing(PostgresStore(url, clock)) as database:
        recording = FragileStore(file)
        much_happens(Workplace(recording, clock))
        for clock.time, append in recording.committed:
            with database.transaction(ACME) as transaction:
                transaction.append(append)
    yield Both(path, url)
    postgres_server.drop_database(url)


def damage(both: Both) -> None:
    for statement in DAMAGES:
        change(both.file, statement)
        with psycopg.connect(both.database) as connection:
            connection.execute(statement)


@pytest.mark.parametrize("words", QUESTIONS, ids=lambda words: " ".join(map(str, words[:3])))
@pytest.mark.parametrize("told", [(), ("--json",)], ids=["for people", "for programs"])
def test_a_question_is_answered_alike(
    both: Both, words: tuple[object, ...], told: tuple[str, ...]
) -> None:
    in_file, in_database = both.ask(*words, *told)

    assert in_database == in_file
    assert in_file.exit_code in {0, 1}
    assert in_file.output


@pytest.mark.parametrize("kind", ["jsonl", "parquet"])
def test_an_export_is_the_same_to_the_byte(both: Both, tmp_path: Path, kind: str) -> None:
    for store, name in zip(both, ("file", "database"), strict=True):
        ran = replay("export", "--format", kind, "--out", tmp_path / name, "--store", store)
        assert ran.exit_code == 0, ran
    exported = (tmp_path / "file").read_bytes()
    assert len(exported) > 1_000
    assert (tmp_path / "database").read_bytes() == exported


def test_a_rebuild_mends_both_and_a_rehearsal_tells_beforehand(both: Both) -> None:
    in_file, in_database = both.ask("rebuild", "--json")
    assert in_database == in_file
    assert in_file.exit_code == 0
    damage(both)

    in_file, in_database = both.ask("rebuild", "--dry-run", "--json")
    assert in_database == in_file
    assert len(in_file.json["changes"]) == 3

    both.ask("rebuild")
    for ran in both.ask("rebuild", "--dry-run"):
        assert (ran.exit_code, "Nothing differs" in ran.output) == (0, True)
