"""An import by the engine, and what anybody writes first: parse a line, insert a row."""

import csv
import json
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

from adapters.csv.recipients_csv import RecipientsFile
from adapters.csv.rejected_lines import RejectedLines
from adapters.stores import directory
from adapters.stores.named_sql import statements
from adapters.stores.sqlite import SQLiteStore
from adapters.stores.sqlite.directory import SQLiteDirectory
from adapters.stores.sqlite.recorder import SQL
from bench.ours import CAMPAIGN, WORKSPACE, Ledger
from engine.work.import_recipients import Import


def import_all(ledger: Ledger[SQLiteStore], file: Path) -> None:
    """As the command does it: read to the end once, then page by page into directory and log."""
    people = RecipientsFile(file)
    people.count()
    with file.with_name("rejected.csv").open("wb") as report:
        Import(
            engine=ledger.engine,
            directory=SQLiteDirectory(ledger.store),
            workspace=WORKSPACE,
            campaign_id=CAMPAIGN,
            actor="user:bench",
            reject=RejectedLines(report).add,
            new_id=lambda: uuid4().hex,
        ).run(people)


def loop_into_directory(store: Path, file: Path) -> None:
    sql = statements(Path(directory.__file__).with_suffix(".sql"))
    insert = SQL["enrol_people"]
    with (
        _one_transaction(store, sql["directory"]) as c,
        file.open(encoding="utf-8") as lines,
    ):
        for row in csv.DictReader(lines):
            address = row.pop("email")
            name = f"{row['first_name']} {row['last_name']}"
            c.execute(
                insert, (WORKSPACE, secrets.token_hex(10), address, name, json.dumps(row), None)
            )


def loop_into_plainest(store: Path, file: Path) -> None:
    table = "CREATE TABLE people (email TEXT UNIQUE, first_name, last_name, company)"
    with _one_transaction(store, table) as c, file.open(encoding="utf-8") as lines:
        rows = csv.reader(lines)
        next(rows)
        for row in rows:
            c.execute("INSERT INTO people VALUES (?, ?, ?, ?)", row)


@contextmanager
def _one_transaction(store: Path, table: str) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(store, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(table)
        connection.execute("BEGIN")
        yield connection
        connection.execute("COMMIT")
