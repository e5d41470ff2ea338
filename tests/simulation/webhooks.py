"""Webhooks: production's deliveries to a receiver that fails as receivers do."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future
from datetime import datetime, timedelta
from typing import Any, TypeVar, cast

from engine.ports.log import Log
from engine.work.secret import Secret
from engine.work.webhooks.delivering import EndpointRun, Parts, has_work
from engine.work.webhooks.endpoint import Delivery, Endpoint, Status
from engine.work.webhooks.messages import Message, Messages, wanted
from engine.work.webhooks.ports import Answer, KeptEndpoints
from engine.work.webhooks.signing import Sign, SigningSecrets, signer
from tests.simulation.disk import Connection, Disk
from tests.simulation.machine import BEGINNING, Machine, Process

T = TypeVar("T")
ANSWERS: dict[str, Answer | None] = {
    "takes": Answer(204),
    "fails": Answer(500, "it answered 500"),
    "asks to wait": Answer(503, "it answered 503", timedelta(hours=3)),
    "wants no more": Answer(410, "it answered 410"),
    "its answer is lost": None,
}
"""By manner; None if the receiver accepts the event and its answer is lost."""
NO_ANSWER = Answer(0, "no answer came")
SLOW = 20.0
"""Seconds that it takes not to answer."""
ENDPOINTS = (
    Endpoint("all", None, "https://all.test/", (), "dana@acme.test", -1, BEGINNING),
    Endpoint(
        "some",
        "acme",
        "https://some.test/",
        ("CampaignPaused", "RecipientStopped", "SendReserved"),
        "dana@acme.test",
        -1,
        BEGINNING,
    ),
)
SIGNERS = [signer(Secret("whsec_c2VjcmV0IG9mIGEgc2ltdWxhdGVkIHdlYmhvb2s="))]


class Receiver:
    """Of all URLs. ``got``: by URL, what came, in order: its id and its body."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.manner: str = "takes"
        self.got: dict[str, list[tuple[str, bytes]]] = {each.url: [] for each in ENDPOINTS}

    def reached_by(self, process: Process) -> Callable[[str, Mapping[str, str], bytes], Answer]:
        def send(url: str, headers: Mapping[str, str], body: bytes) -> Answer:
            process.give_way()
            manner = self.manner
            if manner != "takes":
                self._machine.faults[f"receiver: {manner}"] += 1
            answer = ANSWERS[manner]
            if answer is None or answer.is_success:
                self.got[url].append((headers["webhook-id"], body))
            process.pause(SLOW if answer is None else 0.0)
            process.give_way()
            return answer or NO_ANSWER

        return send


class DiskEndpoints:
    """``KeptEndpoints``."""

    def __init__(self, disk: Disk, connection: Connection) -> None:
        self._disk, self._connection = disk, connection

    def all(self) -> Sequence[Endpoint]:
        return list(self._disk.endpoints.values())

    def save(self, endpoint: Endpoint) -> Endpoint | None:
        self._connection.reach()
        if self._disk.endpoints[endpoint.id].version != endpoint.version:
            return None
        kept = endpoint._replace(version=endpoint.version + 1)
        self._disk.endpoints[endpoint.id] = kept
        return kept

    def note(self, endpoint_id: str, deliveries: Sequence[Delivery]) -> None: ...


class Secrets:
    """``SigningSecrets``, as far as delivering asks for one."""

    def signers(self, _: str) -> Sequence[Sign]:
        return SIGNERS


class AtOnce(Executor):
    """What is submitted is done by whoever submits it."""

    def submit(self, act: Callable[..., T], /, *args: Any, **named: Any) -> Future[T]:
        future: Future[T] = Future()
        future.set_result(act(*args, **named))
        return future


class Webhooks:
    """The duty of one process."""

    def __init__(self, process: Process, disk: Disk, log: Connection, receiver: Receiver) -> None:
        machine, endpoints = process.machine, DiskEndpoints(disk, log)
        self._parts = Parts(
            cast("Log", log),
            cast("KeptEndpoints", endpoints),
            cast("SigningSecrets", Secrets()),
            receiver.reached_by(process),
            disk.store.now,
            process.random.random,
            monotonic=machine.monotonic,
            pool=AtOnce,
        )

    def deliver(self, go_on: Callable[[], bool]) -> None:
        for each in self._parts.endpoints.all():
            if has_work(each, self._parts, self._parts.log.last_entry()):
                EndpointRun(self._parts, each, go_on).run()


def resumed(disk: Disk) -> None:
    """Somebody resumes endpoints that are parked, or told to wait."""
    for name, each in disk.endpoints.items():
        if each.status is Status.PARKED or any(lane.next_at for lane in each.lanes.values()):
            disk.endpoints[name] = each.begun_anew()._replace(version=each.version + 1)


def next_attempts(disk: Disk) -> Iterator[datetime]:
    for each in disk.endpoints.values():
        if each.status is Status.ACTIVE:
            yield from (lane.next_at for lane in each.lanes.values() if lane.next_at)


def lacking(disk: Disk, receiver: Receiver, *, restored: bool) -> str:
    """What of the log did not come as it must: all of it, in the workspace's order, and again only
    under the same id. Empty where it did."""
    log = cast("Log", disk.store)
    messages, entries = Messages(log), log.entries(-1, 1_000_000)
    for endpoint in ENDPOINTS:
        got = receiver.got[endpoint.url]
        places = {each: place for place, each in reversed([*enumerate(got)])}
        for workspace, found in wanted(endpoint, entries).items():
            told = [messages.of(each) for each in found]
            problem = _problem(told, places)
            if problem:
                return f"{endpoint.id} {workspace}: {problem}"
        if not restored and len({*got}) != len({each for each, _ in got}):
            return f"{endpoint.id}: one id of two events"
    return ""


def _problem(told: Sequence[Message], places: Mapping[tuple[str, bytes], int]) -> str:
    last = -1
    for each in told:
        place = places.get((each.id, each.body))
        if place is None:
            return f"{each.id} did not come"
        if place < last:
            return f"{each.id} came before an earlier event"
        last = place
    return ""
