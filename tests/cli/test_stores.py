"""A store is made to fit, checked, and told in one clear line where it cannot be used."""

import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from adapters.settings.loading import load_settings
from adapters.stores.opening import Kind, kind_of, rebuild
from adapters.stores.postgres.datastore import LedgerDatastore
from adapters.stores.postgres.migrating import FOLDER, known, migrate
from projections.accounts import ACCOUNTS
from tests.cli.keyboard import IN_A_FILE, Keyboard
from tests.law.story import ANN, SPRING
from tests.postgres import NamedServer

IN_A_DATABASE = pytest.mark.parametrize("keyboard", ["postgresql"], indirect=True)
STEPS = [each._asdict() | {"when": str(each.when)} for each in known()]


@pytest.fixture
def used(keyboard: Keyboard) -> Keyboard:
    keyboard.campaign()
    keyboard.do("accounts", "test", ANN, "--result", "auth_revoked")
    return keyboard


def change(keyboard: Keyboard, statement: str) -> None:
    """Behind the program's back."""
    if kind_of(keyboard.store) is Kind.SQLITE:
        with closing(sqlite3.connect(keyboard.file)) as file, file:
            file.execute(statement)
    else:
        with psycopg.connect(keyboard.store) as database:
            database.execute(statement)


def tables(keyboard: Keyboard) -> int:
    with psycopg.connect(keyboard.store) as database:
        found = database.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        return int(found.fetchall()[0][0])


def make_with(keyboard: Keyboard, folder: Path) -> None:
    """A store as another program makes it, whose steps are these."""
    datastore = LedgerDatastore(keyboard.store, lock_timeout=5, pool_size=1, pool_max=1)
    with closing(datastore):
        migrate(datastore, known(folder))


def assert_sound(keyboard: Keyboard) -> None:
    said = keyboard.do("store", "check")
    assert re.fullmatch(r"Store [0-9a-f]{32}, generation 1\. Nothing found\.", said)


def checked(keyboard: Keyboard) -> Any:
    """A store of which something is to be told."""
    ran = keyboard.type("store", "check", "--json")
    assert ran.code == 1, ran
    return json.loads(ran.output)


def told(steps: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: each[name] for name in ("number", "name", "when")} for each in steps]


@IN_A_FILE
def test_a_locked_store_is_told(used: Keyboard, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDLEDGER_LOCK_TIMEOUT", "1")
    with closing(sqlite3.connect(used.file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        said = used.refused(1, "campaigns", "pause", SPRING)
    assert "another program is writing to it" in said
    assert len(said.splitlines()) == 1


@IN_A_FILE
@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_store_is_told(used: Keyboard) -> None:
    used.file.chmod(0o444)
    used.file.parent.chmod(0o555)
    try:
        said = used.refused(1, "campaigns", "pause", SPRING)
    finally:
        used.file.parent.chmod(0o755)
    assert "read-only" in said


@IN_A_FILE
def test_a_newer_file_is_told(used: Keyboard) -> None:
    change(used, "UPDATE store_info SET version = 99")
    for words in (("accounts",), ("status",), ("campaigns", "pause", SPRING), ("store", "migrate")):
        assert "Upgrade Sendledger" in used.refused(1, *words)


def test_only_connect_makes_a_store(keyboard: Keyboard) -> None:
    for words in (("accounts", "list"), ("campaigns", "start", SPRING), ("status",), ("reindex",)):
        assert "There is no store" in keyboard.refused(1, *words)
        if kind_of(keyboard.store) is Kind.SQLITE:
            assert not keyboard.file.exists()
        else:
            assert tables(keyboard) == 0
    keyboard.do("accounts", "connect", "s1", ANN)
    assert [each["account_id"] for each in keyboard.json("accounts")["accounts"]] == [ANN]


@pytest.mark.parametrize("url", ["sqlite:///{}", "{}"])
@IN_A_FILE
def test_a_file_is_named_by_url_or_path(used: Keyboard, url: str) -> None:
    again = Keyboard(url.format(used.file), used.folder)
    assert again.json("accounts") == used.json("accounts")


@IN_A_DATABASE
def test_a_database_is_named_by_either_scheme(used: Keyboard) -> None:
    again = Keyboard(used.store.replace("postgresql://", "postgres://"), used.folder)
    assert again.json("accounts") == used.json("accounts")


@pytest.mark.parametrize(
    "url",
    [
        "kafka://ann:hush@host/base",
        "postgresqll://ann:hush@host/base",
        "postgresql://ann:hu@sh@host/base",
        "postgresql+x://host/base?user=ann&password=hush",
        "postgresql:/ann:hush@host/base",
    ],
)
def test_another_scheme_is_refused_with_what_is_expected(tmp_path: Path, url: str) -> None:
    keyboard = Keyboard(url, tmp_path)
    for words in (("status",), ("store", "migrate"), ("store", "check")):
        said = keyboard.refused(1, *words)
        assert said.startswith("Setting store: expected ")
        assert len(said.splitlines()) == 1
        assert "hu" not in said


@IN_A_DATABASE
def test_a_password_is_never_told(used: Keyboard, postgres_server: NamedServer) -> None:
    url = used.store.replace("postgresql://sendledger@", "postgresql://sendledger:hush@")
    here = Keyboard(url, used.folder)
    elsewhere = Keyboard(postgres_server.url("nowhere").replace("@", ":hush@"), used.folder)
    for ran in (
        here.type("store", "migrate", "--json"),
        here.type("store", "migrate"),
        here.type("store", "check", "--json"),
        here.type("status", "--json"),
        elsewhere.type("store", "migrate", "--json"),
        elsewhere.type("status"),
    ):
        assert "hush" not in ran.output + ran.complaint
    assert "postgresql://sendledger@" in here.do("store", "migrate")


def test_migrate_makes_a_store_and_then_finds_nothing_to_do(keyboard: Keyboard) -> None:
    steps = STEPS if kind_of(keyboard.store) is Kind.POSTGRES else []

    made = keyboard.json("store", "migrate")
    assert (made["made"], made["applied"], made["left"]) == (True, told(steps), [])
    again = keyboard.json("store", "migrate")
    assert again == {**made, "made": False, "applied": []}
    assert keyboard.do("store", "migrate") == f"The store {made['store']} needs nothing."
    assert_sound(keyboard)
    assert keyboard.json("accounts")["accounts"] == []


@IN_A_DATABASE
def test_a_store_that_lacks_a_step_is_refused_until_it_is_migrated(keyboard: Keyboard) -> None:
    make_with(keyboard, keyboard.folder)
    first = f"step 1 ({STEPS[0]['name']})"

    for words in (("status",), ("accounts", "connect", "s1", ANN)):
        said = keyboard.refused(1, *words)
        assert f"It lacks {first}. Run `sendledger store migrate`." in said
    assert first in keyboard.type("store", "check").output

    assert keyboard.json("store", "migrate")["applied"] == told(STEPS)
    keyboard.do("accounts", "connect", "s1", ANN)
    assert_sound(keyboard)


@IN_A_DATABASE
def test_before_only_leaves_the_steps_that_no_older_program_survives(keyboard: Keyboard) -> None:
    after = [each for each in STEPS if each["when"] == "after"]

    done = keyboard.json("store", "migrate", "--before-only")

    assert (done["left"], keyboard.json("store", "migrate")["applied"]) == (told(after),) * 2


@IN_A_DATABASE
@pytest.mark.parametrize(("older", "code"), [("work", 0), ("are refused", 1)])
def test_an_older_program_does_on_a_newer_store_what_the_step_says(
    used: Keyboard, tmp_path: Path, older: str, code: int
) -> None:
    folder = tmp_path / "newer"
    folder.mkdir()
    for path in FOLDER.glob("*.sql"):
        (folder / path.name).write_text(path.read_text())
    number = len(STEPS) + 1
    head = f"-- when: before\n-- older programs: {older}\n"
    (folder / f"{number:04}_more_room.sql").write_text(f"{head}CREATE TABLE more (room text);")
    make_with(used, folder)

    for words in (("status",), ("store", "check"), ("store", "migrate"), ("reindex",)):
        ran = used.type(*words)
        assert ran.code == code, ran
        if code:
            said = ran.output + ran.complaint
            assert f"step {number} (more room), after which older programs are refused" in said
            assert "Upgrade Sendledger" in said


def test_neither_product_is_loaded_for_the_other_or_for_help(tmp_path: Path) -> None:
    loaded = "import sys; print(*({'psycopg', 'psycopg_pool', 'sqlite3'} & {*sys.modules}))"
    status = "from adapters.stores.opening import open_store; "
    status += "from adapters.settings.loading import load_settings; "
    status += f"open_store(load_settings(store={str(tmp_path / 'x.db')!r}), create=True).close(); "
    for program, expected in (("import adapters.program; ", ""), (status, "sqlite3")):
        ran = subprocess.run(
            [sys.executable, "-c", program + loaded], capture_output=True, text=True, check=True
        )
        assert ran.stdout.strip() == expected


HEAVY = (
    *("apscheduler", "authlib", "cryptography", "dns", "fastapi", "httptools"),
    *("imapclient", "jinja2", "kafka", "lxml", "psycopg", "pyarrow", "requests", "smtplib"),
    *("starlette", "structlog", "uvicorn", "yaml"),
)
"""What takes longer to import than the answer takes to find."""
HEAVY_FOR_A_LINE = ("rich", "engine.engine", "engine.work.classifying.classifier")


@IN_A_FILE
@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("adapters.program", ("status",)),
        ("adapters.program", ("--help",)),
        ("replay", ("check",)),
        ("replay", ("state", "--position", "1", "--json")),
    ],
)
def test_a_look_at_an_embedded_store_imports_nothing_heavy(
    keyboard: Keyboard, program: str, words: tuple[str, ...]
) -> None:
    keyboard.type("store", "migrate")
    store = () if words == ("--help",) else ("--store", keyboard.store)
    heavy = HEAVY if program == "replay" else (*HEAVY, *HEAVY_FOR_A_LINE)
    ask = (
        f"import sys; from {program} import main\n"
        f"sys.argv = {['x', *words, *store]!r}\n"
        f"try: main()\n"
        f"finally: print('loaded:', *({{*{heavy!r}}} & {{*sys.modules}}))"
    )
    ran = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=False)
    assert ran.stdout.splitlines()[-1] == "loaded:", ran


def test_check_of_a_missing_store_finds_it_missing(keyboard: Keyboard) -> None:
    ran = keyboard.type("store", "check")
    assert ran.code == 1
    assert ran.output.startswith("There is no store")


def test_check_tells_each_thing_that_is_not_as_the_log_says(used: Keyboard) -> None:
    assert_sound(used)

    change(used, "DELETE FROM timers WHERE timer LIKE '%reminder%'")
    change(used, "DELETE FROM roster WHERE entry LIKE '%ann@%'")
    change(used, "UPDATE tracking SET notification_id = 999 WHERE application_name LIKE 'acc%'")

    ran = used.type("store", "check", "--json")
    assert ran.code == 1
    shown = used.type("store", "check")
    assert shown.code == 1
    lines = shown.output.splitlines()
    assert len([each for each in lines if "is missing; by the log it is due" in each]) > 0
    assert len([each for each in lines if "lacks an entry" in each]) == 1
    assert lines[-1].startswith("View accounts stands at 999, ahead of the log")

    used.do("reindex")
    assert_sound(used)  # whoever acts brings the views on, too


def test_check_says_which_row_of_a_view_is_wrong_and_what_makes_it_right(used: Keyboard) -> None:
    used.do("projections", "catch-up")
    change(used, "UPDATE view_accounts SET reason = 'made up' WHERE account_id LIKE 'ann@%'")

    row, whole = checked(used)["findings"]

    assert row.startswith(f'View accounts has another row main {ANN}: reason is "made up", by the')
    assert whole == (
        "View accounts differs from the log in 1 row. Build it anew: "
        "`sendledger-replay rebuild --projection accounts`."
    )
    rebuild(load_settings(store=used.store), [ACCOUNTS], lambda _position: None)
    assert_sound(used)


@IN_A_DATABASE
def test_check_finds_a_workspace_that_nobody_would_settle(used: Keyboard) -> None:
    change(used, "UPDATE workspaces SET next_due = NULL")

    (said,) = checked(used)["findings"]
    assert said.startswith("Workspace main is next due never, by its timers ")


@IN_A_DATABASE
def test_the_library_s_own_database_functions_are_refused(
    used: Keyboard, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("POSTGRES_ENABLE_DB_FUNCTIONS", "y")

    assert "POSTGRES_ENABLE_DB_FUNCTIONS is set" in used.type("store", "check").output
    assert "POSTGRES_ENABLE_DB_FUNCTIONS is set" in used.refused(1, "store", "migrate")


def test_a_copy_gets_an_id_of_its_own_when_somebody_agrees(used: Keyboard) -> None:
    before = used.json("store", "check")
    old = before["store_id"]
    assert before == {"store_id": old, "generation": 1, "findings": [], "notes": []}

    assert "agree with --yes" in used.refused(1, "store", "new-id", "--json")
    assert f"as store {old}" in used.type("store", "new-id", answer="n").complaint
    assert used.json("store", "check")["store_id"] == old

    done = used.json("store", "new-id", "--yes")
    assert (done["old_store_id"], done["generation"]) == (old, 1)
    assert done["store_id"] == used.json("store", "check")["store_id"] != old
    assert f"has the id {used.json('store', 'check')['store_id']}" not in (
        used.do("store", "new-id", "--yes")
    )


def test_check_tells_what_is_no_entry(used: Keyboard) -> None:
    used.type("campaigns", "start", SPRING)
    used.type("campaigns", "start", SPRING)
    change(used, "DELETE FROM envelopes_without_events")

    (said,) = checked(used)["findings"]

    assert said.startswith("Envelopes without events that are no entry of the log: ")


@IN_A_FILE
def test_check_tells_of_a_file_without_entries_what_to_do(used: Keyboard) -> None:
    for each in ("TABLE envelopes_without_events", "TABLE store_identity", "TABLE generations"):
        change(used, f"DROP {each}")
    change(used, "DROP TRIGGER number_envelopes_without_events")

    told = checked(used)
    assert (told["store_id"], told["generation"]) == (None, None)
    assert told["findings"][0].endswith("Run `sendledger store migrate`.")

    used.do("store", "migrate")
    assert_sound(used)


@IN_A_FILE
def test_a_restored_backup_is_recovered_from_another_copy(used: Keyboard, tmp_path: Path) -> None:
    backup, copy = tmp_path / "backup.db", tmp_path / "copy.db"
    copied(used.file, backup)
    used.do("accounts", "test", ANN)
    copied(used.file, copy)
    copied(backup, used.file)

    told = json.loads(used.do("store", "recover", "--from-store", str(copy), "--yes", "--json"))

    assert told["appended"] > 0
    assert told["unknown_after"] == told["last_entry"]
    assert told["generation"] == 2
    assert (told["nameless"], told["forgotten_again"]) == ([], [])
    assert any("vault" in each for each in told["not_recovered"])
    said = used.do("store", "recover", "--from-store", str(copy), "--yes")
    assert "appended 0" in said
    assert "is told under generation 2" in said
    assert re.fullmatch(
        r"Store [0-9a-f]{32}, generation 2\. Nothing found\.", used.do("store", "check")
    )


@IN_A_FILE
def test_a_store_is_not_recovered_from_another_one(used: Keyboard, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    copied(used.file, other)
    used.do("store", "new-id", "--yes")

    assert "name the topic of this store" in used.refused(
        1, "store", "recover", "--from-store", str(other), "--yes"
    )


def copied(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as one, closing(sqlite3.connect(target)) as other:
        one.backup(other)
