"""Commands over HTTP beside the engine's own, one kept connection each, in turns."""

import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from statistics import median
from uuid import uuid4

from adapters.composition.programs import Program, running
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from adapters.stores.opening import migrate
from aggregates.campaign.commands import CreateCampaign, RecordAutoReply
from bench.postgres.places import durable_server
from engine.work.permissions import Role
from events.vocabulary import Mode
from tests.http.commands.callers import Door, door, token
from tests.law.story import ANN, connect
from tests.workplace import ACME

ROUNDS, SECONDS, RECIPIENTS = 5, 1.5, 1_000
SPRING = "spring"
Turn = Callable[[], object]


def api_commands_1(rounds: int = ROUNDS) -> dict[str, float]:
    """Commands per second, one after another."""
    return _measured(1, rounds)


def api_commands_8(rounds: int = ROUNDS) -> dict[str, float]:
    """The same of eight at once."""
    return _measured(8, rounds)


def _measured(callers: int, rounds: int) -> dict[str, float]:
    """An auto-reply recorded, with one event: the callers' program is one, the server another."""
    with (
        durable_server() as server,
        _serving(server.create_database("api")) as (settings, port, secret),
        running(settings) as program,
        ExitStack() as stack,
    ):
        engines = [_by_engine(program, each) for each in range(callers)]
        over = [_by_http(stack.enter_context(_wire(port)), secret, each) for each in range(callers)]
        rates: dict[str, list[float]] = {"engine": [], "api": []}
        for _ in range(rounds):
            rates["engine"].append(_rate(engines))
            rates["api"].append(_rate(over))
    return {name: median(each) for name, each in rates.items()}


def _by_engine(program: Program, first: int) -> Turn:
    numbers = count(first)

    def turn() -> None:
        command = RecordAutoReply(campaign_id=SPRING, recipient_id=f"r{next(numbers) % RECIPIENTS}")
        program.engine.execute(ACME, command, command_id=uuid4().hex, actor="user:bench")

    return turn


def _by_http(wire: socket.socket, secret: str, first: int) -> Turn:
    """As little as a client can do, so that it is the server that is measured."""
    numbers = count(first)

    def turn() -> None:
        path = f"/v1/campaigns/{SPRING}/recipients/r{next(numbers) % RECIPIENTS}/away"
        wire.sendall(
            f"POST {path} HTTP/1.1\r\nHost: api\r\nAuthorization: Bearer {secret}\r\n"
            f"Idempotency-Key: {uuid4().hex}\r\nContent-Type: application/json\r\n"
            "Content-Length: 2\r\n\r\n{}".encode()
        )
        answer = wire.recv(65_536)
        while not answer.endswith(b"}"):
            answer += wire.recv(65_536) or b"the connection was closed}"
        assert answer.startswith(b"HTTP/1.1 200 "), answer

    return turn


def _wire(port: int) -> socket.socket:
    wire = socket.create_connection(("127.0.0.1", port), timeout=60)
    wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return wire


def _rate(turns: Sequence[Turn]) -> float:
    done, until = [0] * len(turns), time.perf_counter() + SECONDS

    def work(place: int) -> None:
        while time.perf_counter() < until:
            turns[place]()
            done[place] += 1

    threads = [threading.Thread(target=work, args=(each,)) for each in range(len(turns))]
    begin = time.perf_counter()
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    return sum(done) / (time.perf_counter() - begin)


@contextmanager
def _serving(url: str) -> Iterator[tuple[EngineSettings, int, str]]:
    """In a process of its own: a port, and a token that is good there."""
    settings = load_settings(store=url, workspace=ACME, http="127.0.0.1:0")
    migrate(settings)
    context = get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(url, theirs))
    process.start()
    try:
        yield settings, *ours.recv()
    finally:
        ours.send("end")
        process.join()


def _serve(url: str, pipe: Connection) -> None:
    with door(load_settings(store=url, workspace=ACME, http="127.0.0.1:0")) as found:
        _begin(found)
        pipe.send((found.port, token(found.program, "bench", Role.OPERATOR, ACME)))
        pipe.recv()


def _begin(found: Door) -> None:
    recipients = tuple(f"r{each}" for each in range(RECIPIENTS))
    spring = CreateCampaign(
        campaign_id=SPRING, mode=Mode.ROTATION, account_ids=(ANN,), recipient_ids=recipients
    )
    found.given(connect(ANN), spring)


if __name__ == "__main__":
    measure = {"1": api_commands_1, "8": api_commands_8}[sys.argv[1]]
    sys.stdout.write(f"{measure(int(sys.argv[2]))}\n")
