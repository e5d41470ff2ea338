"""Any store by its URL, and no byte of it changed."""

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from adapters.cli.auditing.reading import open_source
from adapters.stores.opening import Kind, kind_of, path_of
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.audit import source as source_module
from engine.audit.source import facts
from engine.ports.errors import StoreError
from engine.projecting import ProjectionRunner
from events.catalogue import UnreadableEvent
from projections.accounts import ACCOUNTS
from projections.shipped import SHIPPED
from tests.cli.auditing.door import busy_store, change, replay
from tests.law.story import import_recipients
from tests.workplace import ACME, log_of, on_file

READERS = (
    ("state", "--position", "40", "--workspace", ACME),
    ("diff", "--from", "40", "--to", "60"),
    ("rebuild", "--dry-run"),
)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return busy_store(tmp_path / "my store.db")


def caught_up(path: Path) -> None:
    with closing(SQLiteStore(path)) as opened:
        ProjectionRunner(opened, SQLiteViews(opened), SHIPPED).catch_up()


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("sendledger.db", "sendledger.db"),
        ("/var/lib/sendledger.db", "/var/lib/sendledger.db"),
        ("sqlite:///sendledger.db", "sendledger.db"),
        ("sqlite:////var/lib/my store.db", "/var/lib/my store.db"),
        ("./odd:name.db", "./odd:name.db"),
    ],
)
def test_a_store_is_named_by_url_or_path(url: str, path: str) -> None:
    assert (kind_of(url), path_of(url)) == (Kind.SQLITE, Path(path))


@pytest.mark.parametrize(
    "url", ["postgresql+x://host/base", "sqlite://host/x", "sqlite:///", "kafka:/x"]
)
def test_an_unknown_url_is_refused_with_what_is_known(url: str) -> None:
    ran = replay("state", "--position", 1, "--store", url)
    assert ran.exit_code == 1
    assert ran.complaint.count("\n") == 1
    assert ran.complaint.startswith("Setting store: expected a path, sqlite:///path or postgresql:")
    assert url in ran.complaint


def test_the_whole_history_is_read_page_by_page(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(SQLiteStore(store)) as opened:
        log = log_of(opened)
    monkeypatch.setattr(source_module, "PAGE", 7)
    heard: list[int] = []

    with open_source(f"sqlite:///{store}") as source:
        assert list(facts(source, progress=heard.append)) == log
        assert list(facts(source, until=10)) == log[:10]
        assert list(facts(source, after=10)) == log[10:]
        assert source.workspaces() == [ACME]
        assert source.envelope(ACME, "command-1") == log[0].envelope
        assert source.envelope(ACME, "nobody's") is None
    assert heard[0] == 7
    assert heard[-1] == len(log)


def test_what_is_appended_meanwhile_is_not_read(store: Path) -> None:
    with open_source(store) as source:
        later = on_file(store, name="later")
        later.given(import_recipients("r99")).store.close()
        assert len(list(facts(source))) == source.end
    with open_source(store) as again:
        assert again.end > source.end


def test_views_are_read_as_they_stand(store: Path) -> None:
    with open_source(store) as source:
        assert source.views.position(ACCOUNTS) == 0
        assert source.views.rows(ACCOUNTS, ACME) == []
    caught_up(store)
    with open_source(store) as source, closing(SQLiteStore(store)) as opened:
        assert source.views.position(ACCOUNTS) == source.end
        assert source.views.rows(ACCOUNTS) == SQLiteViews(opened).rows(ACCOUNTS)


@pytest.mark.parametrize("question", READERS, ids=lambda words: words[0])
@pytest.mark.parametrize("journal", ["wal", "delete"])
def test_no_question_changes_a_byte(store: Path, question: tuple[str, ...], journal: str) -> None:
    caught_up(store)
    with closing(sqlite3.connect(store)) as connection:
        connection.execute(f"PRAGMA journal_mode={journal}")
    before = store.read_bytes()

    replay(*question, "--store", store)

    assert store.read_bytes() == before


def test_nothing_can_be_written_through_it(store: Path) -> None:
    with closing(SQLiteStore(store, read_only=True)) as opened:
        for statement in ("DELETE FROM stored_events", "CREATE TABLE x (y)"):
            with opened.reading() as c, pytest.raises(sqlite3.OperationalError, match="readonly"):
                c.execute(statement)


def test_a_store_in_a_folder_that_may_not_be_written_is_read(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As root nothing is forbidden, so the first attempt is told to fail as it would."""
    real = sqlite3.connect

    def forbidden(url: str, **options: object) -> sqlite3.Connection:
        if "mode=ro" in url:
            raise sqlite3.OperationalError("unable to open database file")
        return real(url, **options)  # type: ignore[call-overload,no-any-return]

    monkeypatch.setattr(sqlite3, "connect", forbidden)
    with open_source(store) as source:
        assert list(facts(source))


@pytest.fixture
def locked(store: Path) -> Iterator[Path]:
    with closing(sqlite3.connect(store)) as connection:
        connection.execute("PRAGMA journal_mode=delete")
        connection.execute("BEGIN EXCLUSIVE")
        yield store


def test_a_locked_store_gets_one_line(locked: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SENDLEDGER_LOCK_TIMEOUT", "1")
    ran = replay("state", "--position", 1, "--store", locked)
    assert ran.exit_code == 1
    assert "another program is writing to it" in ran.complaint
    assert ran.complaint.count("\n") == 1


def newer(path: Path) -> None:
    change(busy_store(path), "UPDATE store_info SET version = 99")


def foreign(path: Path) -> None:
    change(path, "CREATE TABLE recipes (name)")


def garbage(path: Path) -> None:
    path.write_text("Dear diary, today nothing happened. " * 100)


def empty(path: Path) -> None:
    path.touch()


def missing(_path: Path) -> None:
    """There is none."""


def folder(path: Path) -> None:
    os.mkdir(path)  # noqa: PTH102


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (newer, "has store version 99; this program knows 3"),
        (foreign, "belongs to another program"),
        (garbage, "no SQLite database"),
        (empty, "an empty database"),
        (missing, "There is no store"),
        (folder, "There is no store"),
    ],
)
def test_a_store_that_is_none_of_ours_gets_one_line(
    tmp_path: Path, made: object, said: str
) -> None:
    path = tmp_path / "other.db"
    made(path)  # type: ignore[operator]

    with pytest.raises(StoreError, match=said), open_source(path):
        pass
    for question in (*READERS, ("rebuild",), ("export", "--out", tmp_path / "x")):
        ran = replay(*question, "--store", path)
        assert ran.exit_code == 1, question
        assert ran.complaint.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE stored_events SET topic = 'Teleported' WHERE rowid = 60", "'Teleported'"),
        ("UPDATE stored_events SET state = x'7b' WHERE rowid = 60", "Corrupt event of type"),
        ("DELETE FROM stored_events WHERE rowid = 60", "no event"),
    ],
)
@pytest.mark.parametrize("question", [*READERS, ("rebuild",), ("export", "--out", "{tmp}/x")])
def test_an_event_that_cannot_be_read_is_named_with_its_position(
    store: Path, tmp_path: Path, statement: str, said: str, question: tuple[str, ...]
) -> None:
    change(store, statement)
    words = [word.replace("{tmp}", str(tmp_path)).replace("40", "87") for word in question]

    ran = replay(*words, "--store", store)

    assert ran.exit_code == 1
    assert said in ran.complaint
    assert "position 60" in ran.complaint
    assert ran.complaint.count("\n") == 1
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize("question", [*READERS, ("rebuild",), ("export", "--out", "{tmp}/x")])
def test_ctrl_c_says_that_nothing_changed(
    store: Path, tmp_path: Path, question: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    caught_up(store)

    def interrupted(*_arguments: object) -> None:
        raise KeyboardInterrupt

    before = store.read_bytes()
    monkeypatch.setattr("engine.decoding.decode_rows", interrupted)
    ran = replay(*(word.replace("{tmp}", str(tmp_path)) for word in question), "--store", store)

    assert ran.exit_code == 130
    assert ran.complaint.startswith("Stopped.")
    assert not [*tmp_path.glob("*x*")]
    monkeypatch.undo()
    if question != ("rebuild",):
        assert store.read_bytes() == before
    assert replay("rebuild", "--dry-run", "--store", store).exit_code == 0


def test_facts_of_a_truncated_log_stop_with_an_error(store: Path) -> None:
    with open_source(store) as source:
        change(store, "DELETE FROM stored_events WHERE rowid > 30")
        with pytest.raises((StoreError, UnreadableEvent)):
            list(facts(source))
