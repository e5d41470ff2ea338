"""Relays that tell a store to a cluster while everything is killed, frozen, cut and moved."""

import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import LiteralString, NamedTuple

import psycopg
import pytest

from engine.ports.errors import StoreError
from engine.stream.topics import refusals_of
from tests.postgres import PostgresServer
from tests.stream.cluster import Cluster
from tests.stream.ledger import Ledger
from tests.stream.wire import Way, Wire
from tests.worker.processes import Process

SOAK = (pytest.mark.soak, pytest.mark.timeout(7_200))
"""Marks of what takes an hour or two."""
PATIENCE = 120.0
"""Seconds until something has to be well again, whatever happened."""
ENDS = {0, 75, -signal.SIGKILL}
"""How a relay or a consumer may end: never with a refusal."""
TRANSACTION = 30.0
"""Seconds after which a broker ends an open transaction (``TRANSACTION_MS``)."""


def until(
    happens: Callable[[], bool],
    what: str,
    meanwhile: Callable[[], object] = lambda: None,
    patience: float = PATIENCE,
) -> None:
    """Raises ``AssertionError`` after so many seconds."""
    ends = time.monotonic() + patience
    while not happens():
        assert time.monotonic() < ends, f"no sign of {what} for {patience:g} s"
        meanwhile()
        time.sleep(0.02)


class Kept:
    """So many processes of one kind at once, each started anew when it ends."""

    def __init__(self, many: int, start: Callable[[int], Process]) -> None:
        self._many = many
        self._start = start
        self._numbers = count(1)
        self.running: list[Process] = []
        self.ends: Counter[int] = Counter()

    def keep(self) -> None:
        for each in [each for each in self.running if each.process.poll() is not None]:
            self.running.remove(each)
            self.count(each)
        while len(self.running) < self._many:
            self.running.append(self._start(next(self._numbers)))

    def count(self, ended: Process) -> None:
        status = ended.process.wait(PATIENCE)
        assert status in ENDS, ended.output.read_text()
        self.ends[status] += 1

    def close(self) -> None:
        for each in self.running:
            each.kill()


class Zombie(NamedTuple):
    process: Process
    until: float


class Relays:
    """Two of them at once: one relays, the other waits for its turn."""

    def __init__(self, url: str, kafka: str, topic: str, folder: Path) -> None:
        settings = {"STORE": url, "KAFKA": kafka, "KAFKA_TOPIC": topic, "LOCK_TIMEOUT": "5"}
        self.url = url
        self._kept = Kept(2, lambda n: Process(folder / f"relay-{n}.log", "relay", **settings))
        self._zombies: list[Zombie] = []

    @property
    def ends(self) -> Counter[int]:
        return self._kept.ends

    def keep(self) -> None:
        now = time.monotonic()
        for each in [each for each in self._zombies if each.until < now]:
            self._zombies.remove(each)
            each.process.process.send_signal(signal.SIGCONT)
            self._kept.count(each.process)
        self._kept.keep()

    @property
    def acting(self) -> Process | None:
        """Whoever took the topic over and lives; none while they change."""
        for each in self._kept.running:
            if each.process.poll() is None and each.told("relaying"):
                return each
        return None

    def freeze(self, acting: Process, seconds: float) -> None:
        """For so long. It has lost its lock, and the other one takes over."""
        acting.process.send_signal(signal.SIGSTOP)
        self._kept.running.remove(acting)
        self._zombies.append(Zombie(acting, time.monotonic() + seconds))
        free_the_lock(self.url)

    @property
    def frozen(self) -> int:
        return len(self._zombies)

    def close(self) -> None:
        for each in self._zombies:
            each.process.kill()
        self._kept.close()


class Consumers:
    """Three members of a group that keeps a row for every event."""

    def __init__(self, into: str, kafka: str, topic: str, folder: Path) -> None:
        words = ("consume", "--into", into, "--group", "rows", "--topic", topic)
        self._into = into
        self._kept = Kept(3, lambda n: Process(folder / f"consumer-{n}.log", *words, KAFKA=kafka))

    @property
    def ends(self) -> Counter[int]:
        return self._kept.ends

    def keep(self) -> None:
        self._kept.keep()

    @property
    def consuming(self) -> list[Process]:
        return [each for each in self._kept.running if each.told("Consuming")]

    def rows(self) -> int:
        return int(self._asked("SELECT count(*) FROM consumed_events")[0])

    def effects(self) -> tuple[list[int], int]:
        """The entries that had theirs, and how many dead letters there are."""
        entries = self._asked("SELECT entry FROM consumed_events ORDER BY entry")
        return entries, self._asked("SELECT count(*) FROM inbox_dead_letters")[0]

    def close(self) -> None:
        self._kept.close()

    def _asked(self, query: LiteralString) -> list[int]:
        with psycopg.connect(self._into) as connection:
            return [row[0] for row in connection.execute(query)]


def free_the_lock(url: str) -> None:
    """As when the connection that held it is lost: Kafka alone keeps two relays apart."""
    with psycopg.connect(url) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity JOIN pg_locks USING (pid) "
            "WHERE application_name = 'sendledger lock' AND locktype = 'advisory' AND granted"
        )


class Writing:
    """Somebody writes all the time, commands of so many events, one size as likely as another."""

    def __init__(self, url: str, sizes: Sequence[int], seed: int) -> None:
        self._url = url
        self._sizes = sizes
        self._chance = random.Random(seed)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def _write(self) -> None:
        """With a new connection whenever the database was gone."""
        for number in count(1):
            with suppress(StoreError), Ledger(self._url, f"writer-{number}") as ledger:
                while not self._ends.wait(0.2):
                    ledger.grow_everywhere(self._chance.choice(self._sizes))
            if self._ends.wait(0.5):
                return


class Troubles:
    """What can be done to it all; each waits until it is well again. ``done`` counts them."""

    def __init__(
        self,
        relays: Relays,
        consumers: Consumers,
        cluster: Cluster,
        postgres: PostgresServer,
        topic: str,
        seed: int,
    ) -> None:
        self._relays = relays
        self._consumers = consumers
        self._cluster = cluster
        self._postgres = postgres
        self._topics = (topic, refusals_of(topic))
        self._chance = random.Random(seed)
        self.done: Counter[str] = Counter()

    def go_through(self, wanted: Mapping[str, int]) -> None:
        """So often each, in any order."""
        order = [name for name, times in wanted.items() for _ in range(times)]
        self._chance.shuffle(order)
        for name in order:
            self.until(lambda: self._relays.acting is not None, f"relaying before {name}")
            self._pass(self._chance.random() * 0.5)
            getattr(self, name.replace(" ", "_"))()
            self.done[name] += 1
        self.until(lambda: not self._relays.frozen, "the last zombie's end")

    def relay_killed(self) -> None:
        self._acting().kill()

    def two_relays_at_once(self) -> None:
        """Neither knows of the other."""
        self._acting()
        free_the_lock(self._relays.url)

    def relay_frozen(self) -> None:
        """Past the time-out of its transaction, and of every limit that it has."""
        self._frozen(TRANSACTION + 1 + 10 * self._chance.random())

    def relay_frozen_shortly(self) -> None:
        self._frozen(2 * self._chance.random())

    def broker_killed(self) -> None:
        broker = self._chance.choice(self._cluster.brokers)
        broker.kill()
        self._back(broker.start)

    def broker_stopped(self) -> None:
        """By SIGTERM: it moves its leaders away while relays commit."""
        broker = self._chance.choice(self._cluster.brokers)
        broker.stop()
        self._back(broker.start)

    def all_brokers_killed(self) -> None:
        for each in self._cluster.brokers:
            each.kill()
        for each in self._cluster.brokers:
            each.launch()
        for each in self._cluster.brokers:
            each.await_ready()
        self._back(lambda: None)

    def broker_frozen(self) -> None:
        """Until the others believe it is dead."""
        broker = self._chance.choice(self._cluster.brokers)
        broker.signal(signal.SIGSTOP)
        self._pass(6)
        self._back(lambda: broker.signal(signal.SIGCONT))

    def leaders_moved(self) -> None:
        self._cluster.move_leaders([*self._topics, "__transaction_state"])

    def network_cut(self) -> None:
        with self._wires(lambda wire: wire.cut()):
            self._pass(3 * self._chance.random())

    def network_held(self) -> None:
        """Longer than a relay waits for an answer; then what the dead have sent arrives."""
        with self._wires(lambda wire: wire.held()):
            self._pass(12)

    def answers_held(self) -> None:
        with self._wires(lambda wire: wire.held(Way.TO_CLIENT)):
            self._pass(12)

    def relay_killed_while_network_held(self) -> None:
        """What it had sent arrives after its death, beside what its successor sends."""
        acting = self._acting()
        with self._wires(lambda wire: wire.held()):
            self._pass(0.3)
            acting.kill()
            self._pass(2)

    def network_slow(self) -> None:
        with self._wires(lambda wire: wire.slow(0.2)):
            self._pass(4)

    def consumer_killed(self) -> None:
        self.until(lambda: bool(self._consumers.consuming), "a consumer that consumes")
        self._chance.choice(self._consumers.consuming).kill()

    def postgres_restarted(self) -> None:
        self._postgres.crash()
        self._postgres.start()

    def _frozen(self, seconds: float) -> None:
        self._relays.freeze(self._acting(), seconds)

    def _acting(self) -> Process:
        self.until(lambda: self._relays.acting is not None, "a relay that relays")
        found = self._relays.acting
        return found if found is not None else self._acting()

    def _back(self, begin: Callable[[], None]) -> None:
        """A broker, after a while; the next one falls only when every copy is there again."""
        self._pass(4 * self._chance.random())
        begin()
        for topic in self._topics:
            self.until(lambda topic=topic: self._cluster.is_whole(topic), "every copy")  # type: ignore[misc]

    @contextmanager
    def _wires(self, trouble: Callable[[Wire], AbstractContextManager[None]]) -> Iterator[None]:
        """That of one broker, or all of them."""
        wires = self._cluster.wires
        with ExitStack() as stack:
            for each in self._chance.choice([wires, [self._chance.choice(wires)]]):
                stack.enter_context(trouble(each))
            yield

    def _pass(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while (left := ends - time.monotonic()) > 0:
            self._keep()
            time.sleep(min(left, 0.05))

    def until(self, happens: Callable[[], bool], what: str, patience: float = PATIENCE) -> None:
        until(happens, what, self._keep, patience)

    def _keep(self) -> None:
        self._relays.keep()
        self._consumers.keep()
