"""F1, S7: what is decided from memory is what would have been decided under the lock."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count, islice
from pathlib import Path
from tempfile import NamedTemporaryFile

import psycopg
import pytest

from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.ports.optimistic import Proposal
from engine.reply import Reply, Request
from events.campaign import GracePeriodExpired
from tests.law.story import ANN, HOUR, MINUTE, NOON, disconnect, import_recipients
from tests.postgres import PostgresServer
from tests.proof.judge import read_log
from tests.survival.aftermath import Asked, envelopes, is_true, verify
from tests.survival.office import emails, open_office

HERE, THERE = "acme", "beta"


class CountingStore(PostgresStore):
    """Counts what was appended without a lock, what was kept out, and what nobody knows of."""

    appended = kept_out = unknown = 0

    def append_unmoved(self, now: datetime, proposals: Sequence[Proposal]) -> Sequence[int | None]:
        self.unknown += 1
        found = super().append_unmoved(now, proposals)
        self.unknown -= 1
        self.appended += sum(each is not None for each in found)
        self.kept_out += sum(each is None for each in found)
        return found


@pytest.fixture
def store(postgres_url: str) -> Iterator[CountingStore]:
    with closing(CountingStore(postgres_url)) as store:
        yield store


@pytest.fixture
def told(postgres_url: str) -> Iterator[CountingStore]:
    """Its time is told, so nothing is too old however slow the machine is."""
    with closing(CountingStore(postgres_url, ManualClock(NOON))) as store:
        yield store


class Caller:
    """Asks one engine for one thing after another."""

    def __init__(self, store: PostgresStore, name: str = "caller") -> None:
        self.engine, self.answers = Engine(store), dict[Asked, Reply]()
        self._name = name

    def ask(self, number: int) -> Reply:
        command_id = f"{self._name}-{number}"
        answer = self.engine.execute(
            HERE,
            import_recipients(f"{self._name}-{number}"),
            command_id=command_id,
            actor="user:test",
        )
        self.answers[HERE, command_id] = answer
        is_true(answer)
        return answer


def test_one_who_asks_alone_is_answered_from_memory(store: CountingStore) -> None:
    caller = Caller(store)
    open_office(caller.engine, HERE)

    for number in range(50):
        caller.ask(number)

    assert store.appended > 40
    verify(store, caller.answers)


def test_two_engines_that_take_turns_in_a_workspace_lose_and_double_nothing(
    store: CountingStore, postgres_url: str
) -> None:
    with closing(CountingStore(postgres_url)) as other:
        one, two = Caller(store, "one"), Caller(other, "two")
        open_office(one.engine, HERE)
        for number in range(60):
            one.ask(number)
            two.ask(number)

        assert store.kept_out + other.kept_out < 20, "it goes on trying what fails"
        verify(store, {**one.answers, **two.answers})
        before = other.appended
        for number in range(60, 200):
            two.ask(number)
        assert other.appended > before, "it never tries again"


def test_a_command_that_comes_twice_at_once_is_decided_once(store: CountingStore) -> None:
    engine = Engine(store)
    for workspace in (HERE, THERE):
        open_office(engine, workspace)
        engine.execute(workspace, import_recipients("x"), command_id="warm", actor="user:test")
    before = store.appended
    again = Request(import_recipients("y"), "c1", "user:test")

    (first, second), (old,), (new,) = (
        answer
        for answer in engine.execute_pages(
            [
                (HERE, [again, again]),
                (THERE, [Request(import_recipients("x"), "warm", "user:test")]),
                (HERE, [Request(import_recipients("z"), "c2", "user:test")]),
            ]
        )
        if not isinstance(answer, Exception)
    )

    assert [each.repeated for each in (first, second, old, new)] == [False, True, True, False]
    assert first.position == second.position == new.position - 1
    assert store.appended > before
    verify(store, [(HERE, "c1"), (HERE, "c2"), (THERE, "warm")])


FAILS_ONCE = """
CREATE SEQUENCE failures;
CREATE OR REPLACE FUNCTION stored_events_on_disk() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF nextval('failures') = 1 THEN RAISE 'the disk is busy'; END IF;
END $$
"""


@pytest.mark.rule("F1")
def test_an_error_after_the_commit_is_no_news_to_whoever_asked(store: CountingStore) -> None:
    caller = Caller(store)
    open_office(caller.engine, HERE)
    caller.ask(1)
    with store.writing() as cursor:
        cursor.execute(FAILS_ONCE)

    answers = [caller.ask(number) for number in (2, 3)]

    assert store.unknown == 1
    assert answers[1].position == answers[0].position + 1
    verify(store, caller.answers)


@pytest.mark.rule("S2", "S7")
def test_what_fell_due_meanwhile_is_settled_first(postgres_url: str) -> None:
    clock = ManualClock(NOON)
    with closing(CountingStore(postgres_url, clock)) as store:
        caller = Caller(store)
        open_office(caller.engine, HERE)
        commands = emails()
        for number, command in zip(range(4), commands, strict=False):
            caller.engine.execute(HERE, command, command_id=f"mail-{number}", actor="user:test")
        caller.engine.execute(HERE, disconnect(ANN), command_id="gone", actor="user:test")
        clock.advance(HOUR - MINUTE)
        caller.ask(1)
        assert store.appended > 0
        clock.advance(2 * MINUTE)

        answer = caller.ask(2)

        log = read_log(store)
        (expired,) = [each for each in log if isinstance(each.event, GracePeriodExpired)]
        assert expired.position < answer.position
        caller.engine.tick(HERE)
        verify(store, caller.answers, settled_at=clock())


@pytest.mark.rule("S7")
@pytest.mark.parametrize("wrong_by", [HOUR, -HOUR], ids=["ahead", "slow"])
def test_a_wrong_idea_of_the_server_s_clock_dates_nothing(
    store: CountingStore, wrong_by: timedelta
) -> None:
    """As it is after the server's clock was set."""
    caller = Caller(store)
    open_office(caller.engine, HERE)
    caller.ask(1)
    kept_out, appended = store.kept_out, store.appended
    store.unmoved.clock.corrected(store.now() + wrong_by)

    began = datetime.now(UTC)
    answers = [caller.ask(number) for number in range(2, 20)]

    assert store.kept_out <= kept_out + 1
    assert store.appended > appended + 10, "it has not learned what the time is"
    recorded = [each for answer in answers for each in answer.recorded]
    times = [each.envelope.recorded_at for each in recorded]
    assert began - MINUTE < times[0] <= times[-1] < datetime.now(UTC) + MINUTE
    assert times == sorted(times)
    verify(store, caller.answers)


@pytest.fixture
def its_clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What is written here is by how much the clock of a server that is started next is wrong."""
    library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
    if library is None:
        pytest.skip("no clock can be set wrong here: ask for the package faketime")
    with NamedTemporaryFile("w", suffix=".clock") as file:
        clock = Path(file.name)
        clock.write_text("+0\n")
        clock.chmod(0o644)
        monkeypatch.setenv("LD_PRELOAD", str(library))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(clock))
        monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
        monkeypatch.setenv("FAKETIME_DONT_FAKE_MONOTONIC", "1")
        yield clock


@pytest.mark.kills
@pytest.mark.rule("S7")
def test_the_server_s_clock_is_set_forward_and_back(its_clock: Path) -> None:
    with (
        PostgresServer() as server,
        closing(CountingStore(server.create_database())) as store,
    ):
        caller = Caller(store)
        open_office(caller.engine, HERE)
        numbers = count()
        for wrong_by, at_least, expected in (("+0", 0, 10), ("+3600", 3600, 10), ("-60", 3600, 0)):
            its_clock.write_text(f"{wrong_by}\n")
            began, appended = datetime.now(UTC), store.appended
            answers = [caller.ask(number) for number in islice(numbers, 20)]
            times = [each.envelope.recorded_at for one in answers for each in one.recorded]
            assert times == sorted(times)
            assert times[-1] >= began + timedelta(seconds=at_least) - MINUTE
            assert times[-1] <= datetime.now(UTC) + timedelta(seconds=at_least)
            assert store.appended - appended >= expected
        verify(store, caller.answers)


PLACES = [f"w{number}" for number in range(4)]


@contextmanager
def order_held(store: PostgresStore) -> Iterator[None]:
    """Whoever appends meanwhile waits."""
    with psycopg.connect(store.url) as connection:
        connection.execute("SELECT stored_events_lock_order()")
        yield


def waiting(store: PostgresStore) -> list[int]:
    """The backends that append what was decided from memory, and wait for the order."""
    with store.reading() as cursor:
        found = cursor.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'sendledger commands' AND wait_event = 'advisory'"
        ).fetchall()
    return [row[0] for row in found]


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


class Crowd:
    """Threads that ask one engine, in several workspaces, whose answers have to be true."""

    def __init__(self, store: CountingStore) -> None:
        self.engine, self.answers = Engine(store), dict[Asked, Reply]()
        self._numbers = count()
        for place in PLACES:
            open_office(self.engine, place)
            self.ask(place)

    def ask(self, place: str) -> Reply:
        number = next(self._numbers)
        command, command_id = import_recipients(f"r{number}"), f"c{number}"
        answer = self.engine.execute(place, command, command_id=command_id, actor="user:test")
        is_true(answer)
        self.answers[place, command_id] = answer
        return answer


@pytest.mark.rule("F1")
def test_three_messages_are_on_their_way_at_once_and_none_of_the_same_workspace(
    told: CountingStore,
) -> None:
    store, crowd = told, Crowd(told)
    kept_out = store.kept_out
    queue = crowd.engine._group_commit._at_once
    with ThreadPoolExecutor(6) as threads:
        with order_held(store):
            asked = [threads.submit(crowd.ask, place) for place in PLACES[:2]]
            until(lambda: len(waiting(store)) == 2)
            asked += [threads.submit(crowd.ask, place) for place in PLACES]
            until(lambda: len(waiting(store)) == 3)
            until(lambda: queue._at_work + len(queue._waiting) == 6)
            assert not any(each.done() for each in asked)
        answers = [each.result(30) for each in asked]

    assert store.kept_out == kept_out, "one workspace was in two messages"
    assert len({each.position for each in answers}) == 6
    verify(store, crowd.answers)


@pytest.mark.rule("F1")
@pytest.mark.parametrize("lost", [1, 2], ids=["one of them", "both"])
def test_of_two_messages_on_their_way_connections_are_lost(told: CountingStore, lost: int) -> None:
    store, crowd = told, Crowd(told)
    for place in PLACES[:2]:
        crowd.ask(place)
    with ThreadPoolExecutor(2) as threads:
        with order_held(store):
            asked = [threads.submit(crowd.ask, place) for place in PLACES[:2]]
            until(lambda: len(waiting(store)) == 2)
            for pid in waiting(store)[:lost]:
                with store.reading() as cursor:
                    cursor.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
        for each in asked:
            each.result(60)

    assert store.unknown == lost
    verify(store, crowd.answers)
    appended = store.appended
    for place in PLACES * 10:
        crowd.ask(place)
    assert store.appended > appended, "it never tries again"


@pytest.mark.kills
@pytest.mark.rule("F1", "S7")
def test_many_threads_and_connections_lost_at_any_moment(store: CountingStore) -> None:
    crowd, rng = Crowd(store), random.Random()
    with ThreadPoolExecutor(8) as threads:
        asked = [threads.submit(crowd.ask, rng.choice(PLACES)) for _ in range(800)]
        while not all(each.done() for each in asked):
            time.sleep(rng.random() / 20)
            with store.reading() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE "
                    "datname = current_database() AND application_name = 'sendledger commands' "
                    "AND random() < 0.5"
                )
        for each in asked:
            each.result()

    assert store.unknown > 0
    assert store.appended > 0
    verify(store, crowd.answers)


@pytest.mark.rule("F1")
def test_two_engines_and_many_threads_in_the_same_workspaces(
    store: CountingStore, postgres_url: str
) -> None:
    with closing(CountingStore(postgres_url)) as other:
        one, two = Crowd(store), Engine(other)

        def ask_two(number: int) -> None:
            place, command_id = PLACES[number % 4], f"two-{number}"
            command = import_recipients(command_id)
            answer = two.execute(place, command, command_id=command_id, actor="user:test")
            is_true(answer)
            one.answers[place, command_id] = answer

        with ThreadPoolExecutor(8) as threads:
            asked = threads.map(one.ask, PLACES * 50)
            list(threads.map(ask_two, range(200)))
            list(asked)

        verify(store, one.answers)


VICTIM = """
import sys
from itertools import count
from threading import Thread
from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from tests.law.story import import_recipients
engine = Engine(PostgresStore(sys.argv[1]))
def ask(place):
    for number in count(int(sys.argv[2])):
        command = import_recipients(f"r{number}")
        engine.execute(place, command, command_id=f"c{number}", actor="user:t")
        print(f"{place} {number}\\n", end="", flush=True)
for place in sys.argv[3:]:
    Thread(target=ask, args=[place]).start()
"""


@pytest.mark.kills
@pytest.mark.rule("F1")
@pytest.mark.parametrize("places", [PLACES[:1], PLACES], ids=["one thread", "four"])
def test_killed_at_any_moment_by_the_database_s_clock(
    store: CountingStore, places: Sequence[str]
) -> None:
    engine, rng = Engine(store), random.Random()
    for place in places:
        open_office(engine, place)
    told, first = set[Asked](), 0
    for _ in range(8):
        command = [sys.executable, "-c", VICTIM, store.url, str(first), *places]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            heard = [victim.stdout.readline() for _ in range(rng.randrange(20, 80))]
            victim.send_signal(signal.SIGKILL)
            heard += victim.stdout.readlines()
        numbers = [(line.split()[0], int(line.split()[1])) for line in heard if line.endswith("\n")]
        told |= {(place, f"c{number}") for place, number in numbers}
        first = max(number for _, number in numbers) + 2

    verify(store, told)
    opened = 4 * len(places)
    assert len(envelopes(store)) <= len(told) + opened + 8 * len(places), "one more for each thread"
