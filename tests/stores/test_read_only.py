"""A store opened to be read: both products read alike, and nothing of them changes."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from adapters.stores.postgres import PostgresStore, PostgresViews
from adapters.stores.postgres.directory import PostgresDirectory
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from adapters.stores.sqlite.directory import SQLiteDirectory
from engine.audit.moments import By, Moment, facts_until
from engine.audit.source import Source, facts
from engine.ports.clock import ManualClock
from engine.ports.errors import ReadOnlyStore, StoreError, StoreUnavailable
from engine.ports.store import Store
from engine.ports.transactions import Append
from engine.ports.view_status import Skip, Stop, ViewStatus
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from engine.work.ports import Directory, Person
from projections.accounts import ACCOUNTS
from projections.recipient_status import RECIPIENT_STATUS
from projections.shipped import SHIPPED
from tests.law.story import DAY, HOUR, MICROSECOND, NOON, SPRING, import_recipients
from tests.stores.contract.words import BETA, put, rows
from tests.workplace import ACME, Workplace, log_of, much_happens


@contextmanager
def reading(url: str, lock_timeout: float = 30) -> Iterator[Source]:
    with closing(PostgresStore(url, lock_timeout=lock_timeout, read_only=True)) as store:
        yield Source(store, PostgresViews(store))


@pytest.fixture
def embedded(tmp_path: Path) -> Iterator[Source]:
    """An embedded store on which much happened, every view of it kept."""
    store = SQLiteStore(tmp_path / "store.db", clock := ManualClock(NOON))
    with closing(store):
        much_happens(Workplace(store, clock))
        ProjectionRunner(store, SQLiteViews(store), SHIPPED).catch_up()
    with closing(SQLiteStore(store.path, read_only=True)) as opened:
        yield Source(opened, SQLiteViews(opened))


@pytest.fixture
def url(postgres_url: str, embedded: Source) -> str:
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
def reader(url: str) -> Iterator[Source]:
    with reading(url) as reader:
        yield reader


@pytest.fixture
def made(postgres_url: str) -> str:
    """Where nothing happened yet."""
    PostgresStore(postgres_url).close()
    return postgres_url


def test_log_and_views_read_as_those_of_the_embedded_store(
    reader: Source, embedded: Source
) -> None:
    ours, theirs = (list(facts(each)) for each in (reader, embedded))

    assert ours == theirs
    assert (reader.end, reader.announced) == (embedded.end, embedded.announced)
    assert reader.end == len(ours)
    assert reader.workspaces() == embedded.workspaces() == [ACME]
    for stream in {fact.stream_id for fact in ours}:
        assert reader.stream(stream, reader.end) == embedded.stream(stream, embedded.end)
    for fact in ours:
        assert reader.envelope(ACME, fact.envelope.command_id) == fact.envelope
    assert reader.envelope(ACME, "nobody's") is None
    for view in SHIPPED:
        assert reader.views.position(view) == embedded.views.position(view) == reader.end
        assert reader.views.rows(view) == embedded.views.rows(view)
    chosen = reader.views.rows(RECIPIENT_STATUS, ACME, campaign_id=SPRING)
    assert chosen == embedded.views.rows(RECIPIENT_STATUS, ACME, campaign_id=SPRING) != []


def test_a_page_is_read_whole_from_any_place(reader: Source, embedded: Source) -> None:
    for after in range(reader.end + 2):
        assert reader.read(after, 7) == embedded.read(after, 7)
        assert reader.read(after, 0) == ([], [])


def test_what_is_appended_meanwhile_is_not_read(url: str, reader: Source) -> None:
    with closing(PostgresStore(url, clock := ManualClock(NOON + 9 * DAY))) as store:
        Workplace(store, clock, name="later").given(import_recipients("r99"))
        assert len(list(facts(reader))) == reader.end < store.last_position()
        assert reader.last_position_until(clock.time) == reader.end
    with reading(url) as again:
        assert again.end == again.announced > reader.end


def test_a_view_that_was_never_built_has_no_rows(made: str) -> None:
    with reading(made) as reader:
        assert (reader.end, reader.announced, reader.workspaces()) == (0, 0, [])
        assert reader.views.position(ACCOUNTS) == 0
        assert reader.views.rows(ACCOUNTS, ACME) == []
        assert reader.last_position_until(NOON) == 0


def test_a_log_that_was_cut_off_is_noticed(url: str, reader: Source) -> None:
    with psycopg.connect(url) as connection:
        connection.execute("DELETE FROM stored_events WHERE notification_id > 30")

    with reading(url) as again:
        assert (again.end, again.announced) == (30, reader.end)


@pytest.mark.rule("F1")
def test_nothing_can_be_written_through_it(made: str) -> None:
    with closing(PostgresStore(made, read_only=True)) as store:
        for statement in (
            "DELETE FROM stored_events",
            "CREATE TABLE x (y text)",
            "TRUNCATE roster",
        ):
            with store.reading() as c, pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
                c.execute(statement)


@pytest.mark.rule("F1")
@pytest.mark.parametrize("product", ["sqlite", "postgres"])
def test_every_way_to_write_is_refused_in_one_sentence(
    product: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store, views, directory = read_only(product, request, tmp_path)
    enter: Sequence[Callable[[], object]] = (
        lambda: store.transaction(ACME).__enter__(),
        lambda: store.transactions({ACME: ()}).__enter__(),
        lambda: store.save_snapshot(StoredEvent("s", 1, "t", b"")),
        lambda: store.replace_indexes([], []),
        store.raise_generation,
        store.renew_identity,
        lambda: views.reset(ACCOUNTS),
        lambda: views.save({ACCOUNTS: {}}, {ACCOUNTS: 0}, 1),
        lambda: views.stop(ACCOUNTS, Stop(1, "error", NOON)),
        lambda: views.retry(ACCOUNTS),
        lambda: views.skip(ACCOUNTS, Skip(1, "reason", "user:test", NOON)),
        lambda: directory.enrol(ACME, [Person("ada@example.org", "Ada", {})]),
        lambda: directory.forget(ACME, {}, 0),
    )
    with closing(store):
        for write in enter:
            with pytest.raises(ReadOnlyStore, match="open for reading only"):
                write()
        store.reach_disk()
        with store.look(ACME) as seen:
            assert seen.last_position == 0
        assert (store.last_entry(), store.identity.generation) == (-1, 1)
        assert views.position(ACCOUNTS) == views.count(ACCOUNTS) == 0
        assert views.fetch(ACCOUNTS, [(ACME, "ann")]) == {}
        assert [*views.rows(ACCOUNTS)] == []
        assert views.statuses([ACCOUNTS]) == {ACCOUNTS: ViewStatus()}
        assert views.keepers(SHIPPED) == {}
        assert directory.person(ACME, "r1") is None
        assert directory.recipient_at(ACME, "ada@example.org") is None


@pytest.mark.parametrize("product", ["sqlite", "postgres"])
def test_all_that_is_asked_within_a_look_is_of_one_moment(
    product: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    store, views, directory = read_only(product, request, tmp_path)
    clock = ManualClock(NOON)
    writer: SQLiteStore | PostgresStore
    if product == "sqlite":
        writer = SQLiteStore(tmp_path / "new.db", clock)
        kept: Views = SQLiteViews(writer)
    else:
        writer = PostgresStore(request.getfixturevalue("made"), clock)
        kept = PostgresViews(writer)
    with closing(store), closing(writer):
        much_happens(Workplace(writer, clock))
        ProjectionRunner(writer, kept, SHIPPED).catch_up()
        end, rows_then = store.last_position(), [*views.rows(RECIPIENT_STATUS)]

        with store.look(ACME) as seen:
            Workplace(writer, clock, name="later").given(import_recipients("r99"))
            ProjectionRunner(writer, kept, SHIPPED).catch_up()
            assert seen.last_position == store.last_position() == end
            assert store.read(end, 10).rows == []
            assert views.statuses(SHIPPED) == dict.fromkeys(SHIPPED, ViewStatus(end))
            assert [*views.rows(RECIPIENT_STATUS)] == rows_then
            assert directory.person(ACME, "r99") is None

        assert store.last_position() > end
        assert len(views.rows(RECIPIENT_STATUS)) == len(rows_then) + 1


def read_only(
    product: str, request: pytest.FixtureRequest, tmp_path: Path
) -> tuple[Store, Views, Directory]:
    """A store in which nothing happened yet, opened to be read."""
    if product == "sqlite":
        SQLiteStore(tmp_path / "new.db").close()
        file = SQLiteStore(tmp_path / "new.db", read_only=True)
        return file, SQLiteViews(file), SQLiteDirectory(file)
    url = request.getfixturevalue("made")
    schema = PostgresStore(url, read_only=True)
    return schema, PostgresViews(schema), PostgresDirectory(schema)


# Moments.


def test_where_a_time_is_in_the_log_is_known_without_reading_it(reader: Source) -> None:
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

    with reading(postgres_url) as reader:
        assert reader.last_position_until(NOON) == 2
        assert reader.last_position_until(NOON + HOUR) == 5
        found = facts_until(reader, Moment(at=NOON + HOUR))
        assert [fact.position for fact in found] == [1, 2, 4, 5]
        assert list(facts_until(reader, Moment(at=NOON + DAY))) == log


@pytest.mark.parametrize("by", By)
def test_facts_until_a_time_are_those_of_the_embedded_store(
    reader: Source, embedded: Source, by: By
) -> None:
    for at in moments_of(embedded):
        moment = Moment(at=at, by=by)
        assert list(facts_until(reader, moment)) == list(facts_until(embedded, moment))


def test_nothing_behind_a_recorded_time_is_read(reader: Source) -> None:
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

    with reading(secret) as reader:
        assert "hunter2" not in reader.name
        assert reader.name.startswith("postgresql://")


def test_an_empty_database_is_no_store_and_stays_empty(postgres_url: str) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        PostgresStore(postgres_url, read_only=True)

    assert tables(postgres_url) == []


def test_a_schema_that_does_not_exist_has_no_store(made: str) -> None:
    with pytest.raises(StoreError, match="There is no store"):
        PostgresStore(f"{made}?options=-csearch_path%3Dnowhere", read_only=True)


def test_a_store_in_a_schema_of_its_own_is_read(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE SCHEMA ledger")
    url = f"{postgres_url}?options=-csearch_path%3Dledger"
    with closing(PostgresStore(url)) as store:
        put(store, "c1", *rows("acme:campaign:spring", 1))

    with reading(url) as reader:
        assert reader.end == 1


def test_a_schema_of_another_program_is_refused(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE recipes (name text)")

    with pytest.raises(StoreError, match="belongs to another program"):
        PostgresStore(postgres_url, read_only=True)
    assert tables(postgres_url) == ["recipes"]


@pytest.mark.parametrize(("older", "fits"), [("work", True), ("are refused", False)])
def test_a_newer_store_is_read_if_it_says_so(made: str, older: str, fits: bool) -> None:
    with psycopg.connect(made) as connection:
        connection.execute("INSERT INTO migrations VALUES (9999, 'the future', %s)", [older])

    if fits:
        PostgresStore(made, read_only=True).close()
    else:
        with pytest.raises(StoreError, match="Upgrade Sendledger"):
            PostgresStore(made, read_only=True)


def test_a_store_that_lacks_a_step_is_refused(made: str) -> None:
    with psycopg.connect(made) as connection:
        connection.execute("DELETE FROM migrations")

    with pytest.raises(StoreError, match="It lacks step 1"):
        PostgresStore(made, read_only=True)


def test_a_server_that_is_not_there_is_told_in_one_line() -> None:
    with pytest.raises(StoreUnavailable, match="Is the server running") as refused:
        PostgresStore("postgresql://nobody:hunter2@127.0.0.1:1/none", read_only=True)

    assert "\n" not in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_table_that_somebody_holds_is_waited_for_no_longer_than_told(url: str) -> None:
    with (
        reading(url, lock_timeout=0.2) as reader,
        psycopg.connect(url) as connection,
    ):
        connection.execute("LOCK TABLE view_accounts")
        with pytest.raises(StoreError, match="held what is needed for too long"):
            reader.views.rows(ACCOUNTS)


def tables(url: str) -> list[str]:
    with psycopg.connect(url) as connection:
        found = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return [row[0] for row in found]
