"""F1, S7: what is decided from memory is what would have been decided under the lock."""

import random
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from datetime import UTC, datetime, timedelta
from itertools import chain, count, islice
from pathlib import Path
from tempfile import NamedTemporaryFile

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


VICTIM = """
import sys
from itertools import count
from adapters.stores.postgres import PostgresStore
from engine.engine import Engine
from tests.law.story import import_recipients
engine = Engine(PostgresStore(sys.argv[1]))
for number in count(int(sys.argv[2])):
    engine.execute("acme", import_recipients(f"r{number}"), command_id=f"c{number}", actor="user:t")
    print(number, flush=True)
"""


@pytest.mark.kills
def test_killed_at_any_moment_by_the_database_s_clock(store: CountingStore) -> None:
    engine, rng = Engine(store), random.Random()
    open_office(engine, HERE)
    told = 0
    for _ in range(8):
        command = [sys.executable, "-c", VICTIM, store.url, str(told)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as victim:
            assert victim.stdout is not None
            heard = [victim.stdout.readline() for _ in range(rng.randrange(20, 80))]
            victim.send_signal(signal.SIGKILL)
            heard += victim.stdout.readlines()
        told = max(map(int, chain.from_iterable(line.split() for line in heard))) + 1

    verify(store, [(HERE, f"c{number}") for number in range(told)])
    assert len(envelopes(store)) <= told + 1 + 4 + 8, "one command more for each who died"
