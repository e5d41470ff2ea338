"""Views kept by a consumer group in another database: the rows of the store, to the byte."""

import subprocess
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from itertools import count
from pathlib import Path

import psycopg
import pytest
from kafka import KafkaProducer
from psycopg import sql

from adapters.cli.consumers import Poison
from adapters.composition.streaming import ConsumerEnded, Manner, RowsOf, fold_anew, views_consumer
from adapters.kafka.consumer.consumer import Consumer
from adapters.projecting.places import schema_of
from adapters.settings.model import EngineSettings
from adapters.stores.postgres.tables import described, names
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED
from tests.postgres import NamedServer
from tests.proof.victim import Turn, moment, opened, plan
from tests.stream.broker import NamedBroker
from tests.stream.ledger import WORKSPACES, Ledger
from tests.stream.test_relay import relay_all
from tests.worker.processes import SENDLEDGER, Process, eventually

_NUMBERS = count(1)
ROWS = "rows"


@pytest.fixture
def into(postgres_server: NamedServer) -> Iterator[str]:
    url = postgres_server.create_database()
    yield url
    postgres_server.drop_database(url)


@pytest.fixture
def url(postgres_url: str) -> str:
    """Bytes are compared: both sides are PostgreSQL."""
    return postgres_url


def live(url: Path | str, first: int, last: int) -> None:
    """These steps of a random history, in each workspace a few less than in the one before."""
    clock = ManualClock(moment(first))
    with opened(url, clock) as (store, views):
        engine = Engine(store)
        for number in range(first, last):
            clock.time = moment(number)
            for behind, workspace in enumerate(WORKSPACES):
                step = plan()[max(number - 9 * behind, 0)]
                if step is Turn.TICK:
                    engine.tick(workspace)
                elif not isinstance(step, Turn):
                    name = f"command-{next(_NUMBERS)}"
                    engine.execute(workspace, step, command_id=name, actor="user:test")
        ProjectionRunner(store, views, SHIPPED).catch_up()


def views_of(database: str, schema: str) -> Mapping[str, bytes]:
    """Every row of every view as PostgreSQL writes it, in order of key."""
    found = {}
    with psycopg.connect(database) as connection, connection.cursor() as c:
        for projection in SHIPPED:
            table = described(projection)
            query = sql.SQL("COPY (SELECT {} FROM {}.{} ORDER BY {}) TO STDOUT").format(
                table.all_fields, sql.Identifier(schema), table.name, names(table.type.key)
            )
            with c.copy(query) as copy:
                found[projection.name] = b"".join(map(bytes, copy))
    return found


def source(ledger: Ledger) -> Mapping[str, bytes]:
    return views_of(ledger.settings.store, "public")


def schema(ledger: Ledger) -> str:
    return schema_of(ledger.opened.store.identity.store_id)


def projected(into: str, ledger: Ledger) -> Mapping[str, bytes]:
    return views_of(into, schema(ledger))


def histories(database: str, of: str) -> int:
    """Rows of the view that has one for every event; 0 where there is no such schema yet."""
    query = sql.SQL("SELECT count(*) FROM {}.view_histories").format(sql.Identifier(of))
    with psycopg.connect(database) as connection:
        try:
            found = connection.execute(query).fetchone()
        except psycopg.errors.UndefinedTable:
            return 0
    return int(found[0]) if found else 0


def is_whole(into: str, ledger: Ledger) -> bool:
    return histories(into, schema(ledger)) >= histories(ledger.settings.store, "public")


@contextmanager
def projecting(
    broker: NamedBroker,
    into: str,
    *topics: str,
    group: str = ROWS,
    poison: Poison = Poison.BLOCK,
) -> Iterator[Consumer]:
    settings = EngineSettings(kafka=broker.address)
    rows = RowsOf(into, group, topics)
    with views_consumer(settings, rows, Manner(poison)) as found:
        yield found


def project_all(
    broker: NamedBroker, into: str, ledgers: Mapping[str, Ledger], group: str = ROWS
) -> None:
    """``ledgers`` by topic."""
    with projecting(broker, into, *ledgers, group=group) as consumer:

        def whole() -> bool:
            consumer.turn()
            return all(is_whole(into, each) for each in ledgers.values())

        eventually(whole)


def process(broker: NamedBroker, topic: str, into: str, output: Path) -> Process:
    words = ("--into", into, "--group", ROWS, "--topic", topic)
    return Process(output, "project", *words, KAFKA=broker.address)


def start_over(broker: NamedBroker, topic: str, into: str) -> str:
    where = ["--kafka", broker.address, "--topic", topic, "--into", into, "--group", ROWS]
    done = subprocess.run(
        [SENDLEDGER, "project", *where, "--start-over"],
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_rows_are_those_of_the_store_and_go_on_where_they_stood(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    for first, last in ((0, 60), (60, 120)):
        live(ledger.settings.store, first, last)
        relay_all(ledger, broker, topic)
        project_all(broker, into, {topic: ledger})
        assert projected(into, ledger) == source(ledger)
    assert all(source(ledger).values())


def test_two_processes_share_the_work_and_one_goes_on_when_the_other_is_killed(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, tmp_path: Path
) -> None:
    store = ledger.settings.store
    live(store, 0, 40)
    relay_all(ledger, broker, topic)
    one, two = (process(broker, topic, into, tmp_path / name) for name in ("one", "two"))
    try:
        eventually(lambda: one.told("Projecting") and two.told("Projecting"))
        eventually(lambda: is_whole(into, ledger))
        assert projected(into, ledger) == source(ledger)
        live(store, 40, 80)
        relay_all(ledger, broker, topic)
        one.kill()
        live(store, 80, 120)
        relay_all(ledger, broker, topic)
        eventually(lambda: is_whole(into, ledger))
    finally:
        one.kill()
        two.kill()
    assert projected(into, ledger) == source(ledger)


def test_two_stores_with_the_same_workspaces_do_not_mix(
    broker: NamedBroker, topic: str, into: str, postgres_server: NamedServer
) -> None:
    topics = (topic, f"{topic}-other")
    urls = [postgres_server.create_database() for _ in topics]
    with ExitStack() as stack:
        for each in urls:
            stack.callback(postgres_server.drop_database, each)
        ledgers = {
            name: stack.enter_context(Ledger(each)) for name, each in zip(topics, urls, strict=True)
        }
        for number, (name, told) in enumerate(ledgers.items(), start=1):
            live(told.settings.store, 0, 40 * number)
            relay_all(told, broker, name)
        project_all(broker, into, ledgers)

        for ledger in ledgers.values():
            assert projected(into, ledger) == source(ledger)
        first, second = map(source, ledgers.values())
        assert first != second


def test_members_that_run_fold_anew_what_was_dropped(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str, tmp_path: Path
) -> None:
    live(ledger.settings.store, 0, 40)
    relay_all(ledger, broker, topic)
    member = process(broker, topic, into, tmp_path / "member")
    try:
        eventually(lambda: is_whole(into, ledger))
        assert "starts over in 12 partitions" in start_over(broker, topic, into)
        live(ledger.settings.store, 40, 60)
        relay_all(ledger, broker, topic)
        eventually(lambda: is_whole(into, ledger))
    finally:
        member.kill()
    assert projected(into, ledger) == source(ledger)


def test_another_group_and_views_of_another_version_are_refused(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    live(ledger.settings.store, 0, 20)
    relay_all(ledger, broker, topic)
    project_all(broker, into, {topic: ledger})
    before = projected(into, ledger)

    with pytest.raises(ConsumerEnded, match="group rows keeps the views") as error:
        run(broker, topic, into, group="others")
    assert not error.value.again
    with psycopg.connect(into) as connection:
        connection.execute("UPDATE projected_topics SET views = 'accounts/1'")
    live(ledger.settings.store, 20, 30)
    relay_all(ledger, broker, topic)
    with pytest.raises(ConsumerEnded, match="other versions"):
        run(broker, topic, into)
    assert projected(into, ledger) == before

    fold_anew(EngineSettings(kafka=broker.address), RowsOf(into, ROWS, [topic]))
    project_all(broker, into, {topic: ledger})
    assert projected(into, ledger) == source(ledger)


def test_the_rows_wait_at_a_record_that_no_store_told_until_it_is_passed_over(
    broker: NamedBroker, ledger: Ledger, topic: str, into: str
) -> None:
    live(ledger.settings.store, 0, 40)
    relay_all(ledger, broker, topic)
    with KafkaProducer(bootstrap_servers=broker.address) as producer:
        producer.send(topic, key=WORKSPACES[0].encode(), value=b"foreign").get(10)
    live(ledger.settings.store, 40, 80)
    relay_all(ledger, broker, topic)

    with projecting(broker, into, topic) as consumer:
        eventually(lambda: consumer.turn() == 0 and len(consumer.inbox.dead_letters()) == 1)
        assert not is_whole(into, ledger)
    with projecting(broker, into, topic, poison=Poison.PASS) as consumer:
        eventually(lambda: consumer.turn() >= 0 and is_whole(into, ledger))
    assert projected(into, ledger) == source(ledger)


def run(broker: NamedBroker, topic: str, into: str, group: str = ROWS) -> None:
    """Until it ends with an error, or somebody loses patience."""
    with projecting(broker, into, topic, group=group) as consumer:
        eventually(lambda: consumer.turn() < 0)
