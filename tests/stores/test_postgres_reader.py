"""A PostgreSQL store under audit: it reads as the embedded one does, and nothing of it changes."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.reader import PostgresReader
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.reader import SQLiteReader
from engine.audit.moments import By, Moment, facts_until
from engine.audit.source import Source, facts
from engine.ports.clock import ManualClock
from engine.ports.errors import StoreError, StoreUnavailable
from engine.ports.transactions import Append
from engine.projecting import ProjectionRunner
from projections.accounts import ACCOUNTS
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import DAY, HOUR, MICROSECOND, NOON, SPRING, import_recipients
from tests.stores.contract.words import BETA, put, rows
from tests.workplace import ACME, Workplace, log_of, much_happens


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[SQLiteReader]:
    """An embedded store on which much happened, every view of it kept."""
    store = SQLiteStore(tmp_path / "store.db", clock := ManualClock(NOON))
    with closing(store):
        much_happens(Workplace(store, clock))
        ProjectionRunner(store, SQLiteViews(store), SHIPPED).catch_up()
    with closing(SQLiteReader(store.path)) as reader:
        yield reader


@pytest.fixture
def url(postgres_url: str, embedded: SQLiteReader) -> str:
    """Where the same happened, command by command."""
    log = embedded.read(0, embedded.end)
    with closing(PostgresStore(postgres_url)) as store:
        for envelope in log.envelopes:
            events = log.rows[envelope.first_position - 1 : envelope.last_position]
            with store.transaction(ACME) as transaction:
                placed = envelope._replace(first_position=1)
                transaction.append(Append([row[1:] for row in events], [placed], {}, ()))
        ProjectionRunner(store, PostgresViews(store), SHIPPED).catch_up()
    return postgres_url


@pytest.fixture
def reader(url: str) -> Iterator[PostgresReader]:
    with closing(PostgresReader(url)) as reader:
        yield reader


@pytest.fixture
def made(postgres_url: str) -> str:
    """Where nothing happened yet."""
    PostgresStore(postgres_url).close()
    return postgres_url


def test_log_and_views_read_as_those_of_the_embedded_store(
    reader: PostgresReader, embedded: SQLiteReader
) -> None:
    both: tuple[Source, Source] = (reader, embedded)
    ours, theirs = (list(facts(each)) for each in both)

    assert ours == theirs
    assert (reader.end, reader.announced) == (embedded.end, embedded.announced)
    assert reader.last_position() == reader.end == len(ours)
    assert reader.workspaces() == embedded.workspaces() == [ACME]
    for stream in {fact.stream_id for fact in ours}:
        assert reader.places(stream) == embedded.places(stream) != []
    for fact in ours:
        assert reader.envelope(ACME, fact.envelope.command_id) == fact.envelope
    assert reader.envelope(ACME, "nobody's") is None
    for view in SHIPPED:
        assert reader.view_position(view) == embedded.view_position(view) == reader.end
        assert reader.view_rows(view) == embedded.view_rows(view)
    chosen = reader.view_rows(RECIPIENT_STATUS, ACME, campaign_id=SPRING)
    assert chosen == embedded.view_rows(RECIPIENT_STATUS, ACME, campaign_id=SPRING) != []


def test_a_page_is_read_whole_from_any_place(
    reader: PostgresReader, embedded: SQLiteReader
) -> None:
    for after in range(reader.end + 2):
        assert reader.read(after, 7) == embedded.read(after, 7)
        assert reader.read(after, 0) == ([], [])


def test_what_is_appended_meanwhile_is_not_read(reader: PostgresReader) -> None:
    with closing(PostgresStore(reader.url, clock := ManualClock(NOON + 9 * DAY))) as store:
        Workplace(store, clock, name="later").given(import_recipients("r99"))
        assert len(list(facts(reader))) == reader.end < store.last_position()
        assert reader.last_position_until(clock.time) == reader.end
    with closing(PostgresReader(reader.url)) as again:
        assert again.end == again.announced > reader.end


def test_a_view_that_was_never_built_has_no_rows(made: str) -> None:
    with closing(PostgresReader(made)) as reader:
        assert (reader.end, reader.announced, reader.workspaces()) == (0, 0, [])
        assert reader.view_position(ACCOUNTS) == 0
        assert reader.view_rows(ACCOUNTS, ACME) == []
        assert reader.last_position_until(NOON) == 0


def test_a_log_that_was_cut_off_is_noticed(reader: PostgresReader) -> None:
    with psycopg.connect(reader.url) as connection:
        connection.execute("DELETE FROM stored_events WHERE notification_id > 30")

    with closing(PostgresReader(reader.url)) as again:
        assert (again.end, again.announced) == (30, reader.end)


@pytest.mark.rule("F1")
def test_nothing_can_be_written_through_it(made: str) -> None:
    with closing(PostgresReader(made)) as reader:
        for statement in (
            "DELETE FROM stored_events",
            "CREATE TABLE x (y text)",
            "TRUNCATE roster",
        ):
            with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                reader._connection.execute(statement)


# Moments.


def test_where_a_time_is_in_the_log_is_known_without_reading_it(reader: PostgresReader) -> None:
    log = list(facts(reader))
    times = sorted({fact.envelope.recorded_at for fact in log})

    for at in [times[0] - MICROSECOND, *times, *(each + MICROSECOND for each in times)]:
        until = [fact.position for fact in log if fact.envelope.recorded_at <= at]
        assert reader.last_position_until(at) == max(until, default=0)


def test_between_workspaces_the_log_need_not_be_in_order_of_time(postgres_url: str) -> None:
    with closing(PostgresStore(postgres_url, clock := ManualClock(NOON))) as store:
        put(store, "c1", *rows("acme:campaign:spring", 1, 2))
        clock.time = NOON + DAY
        put(store, "c1", *rows("beta:campaign:spring", 1), workspace=BETA)
        clock.time = NOON + HOUR
        put(store, "c2", *rows("acme:campaign:spring", 3, 4))
        put(store, "refused")
        log = log_of(store)

    with closing(PostgresReader(postgres_url)) as reader:
        assert reader.last_position_until(NOON) == 2
        assert reader.last_position_until(NOON + HOUR) == 5
        found = facts_until(reader, Moment(at=NOON + HOUR))
        assert [fact.position for fact in found] == [1, 2, 4, 5]
        assert list(facts_until(reader, Moment(at=NOON + DAY))) == log


@pytest.mark.parametrize("by", By)
def test_facts_until_a_time_are_those_of_the_embedded_store(
    reader: PostgresReader, embedded: SQLiteReader, by: By
) -> None:
    for at in moments_of(embedded):
        moment = Moment(at=at, by=by)
        assert list(facts_until(reader, moment)) == list(facts_until(embedded, moment))


def test_nothing_behind_a_recorded_time_is_read(reader: PostgresReader) -> None:
    heard: list[int] = []
    last = reader.last_position_until(NOON + HOUR)

    assert len(list(facts_until(reader, Moment(at=NOON + HOUR), heard.append))) == last
    assert heard == [last]
    assert last < reader.end


def moments_of(source: Source) -> set[datetime]:
    return {time for fact in facts(source) for time in (fact.event.occurred_at, NOON - DAY)}


# What is none of ours.


def test_its_name_tells_no_password(made: str) -> None:
    parts = urlsplit(made)
    secret = parts._replace(netloc=parts.netloc.replace("@", ":hunter2@")).geturl()

    with closing(PostgresReader(secret)) as reader:
        assert "hunter2" not in reader.name
        assert reader.name.startswith("postgresql://")


def test_an_empty_database_is_no_store_and_stays_empty(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        PostgresReader(postgres_url)

    assert tables(postgres_url) == []


def test_a_schema_that_does_not_exist_has_no_store(made: str) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        PostgresReader(f"{made}?options=-csearch_path%3Dnowhere")


def test_a_store_in_a_schema_of_its_own_is_read(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE SCHEMA ledger")
    url = f"{postgres_url}?options=-csearch_path%3Dledger"
    with closing(PostgresStore(url)) as store:
        put(store, "c1", *rows("acme:campaign:spring", 1))

    with closing(PostgresReader(url)) as reader:
        assert reader.end == 1


def test_a_schema_of_another_program_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE recipes (name text)")

    with pytest.raises(StoreError, match="belongs to another program"):
        PostgresReader(postgres_url)
    assert tables(postgres_url) == ["recipes"]


@pytest.mark.parametrize(("older", "fits"), [("work", True), ("are refused", False)])
def test_a_newer_store_is_read_if_it_says_so(made: str, older: str, fits: bool) -> None:
    with psycopg.connect(made) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'the future', %s)", [older])

    if fits:
        PostgresReader(made).close()
    else:
        with pytest.raises(StoreError, match="Upgrade Sendledger"):
            PostgresReader(made)


def test_a_store_that_lacks_a_step_is_refused(made: str) -> None:
    with psycopg.connect(made) as connection:
        connection.execute("DELETE FROM migrations")

    with pytest.raises(StoreError, match="It lacks step"):
        PostgresReader(made)


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(StoreUnavailable, match="Is the server running") as refused:
        PostgresReader("postgresql://nobody:hunter2@127.0.0.1:1/none")

    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_table_that_somebody_holds_is_waited_for_no_longer_than_told(url: str) -> None:
    with (
        closing(PostgresReader(url, lock_timeout=0.2)) as reader,
        psycopg.connect(url) as connection,
    ):
        connection.execute("LOCK TABLE view_accounts")
        with pytest.raises(StoreError, match="held what is needed for too long"):
            reader.view_rows(ACCOUNTS)


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row[0] for row in found]
