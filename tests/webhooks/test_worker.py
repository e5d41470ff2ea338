"""Workers deliver: one of them at a time, and whoever is killed loses nothing."""

import json
import signal
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.composition.programs import Program, engine_over
from adapters.worker.webhooks import WebhookDuty
from engine.fence import Unfenced
from tests.stream.ledger import WORKSPACES
from tests.webhooks.desk import Desk
from tests.webhooks.receiver import Handler, Received, Receiver
from tests.worker.processes import Process, eventually

ALLOW = json.dumps(["127.0.0.0/8"])


def worker(desk: Desk, folder: Path, name: str = "worker", *words: str) -> Process:
    words = words or ("work", "--only", "webhooks,projections")
    output = folder / f"{name}.txt"
    told = {"VAULT_KEY_FILE": str(folder / "vault.key"), "WEBHOOK_ALLOW": ALLOW}
    return Process(output, *words, STORE=desk.settings.store, WITNESS=f"{folder}-witness", **told)


def test_a_duty_delivers_what_comes_and_tells_the_owner_of_who_is_gone(
    desk: Desk, tmp_path: Path
) -> None:
    outbox = tmp_path / "outbox"
    settings = desk.settings.model_copy(update={"outbox": outbox})
    program = Program(settings, desk.ledger.opened, desk.ledger.engine)
    desk.ledger.grow_everywhere(4)
    with ExitStack() as stack:
        receiver = stack.enter_context(Receiver())
        gone = stack.enter_context(Receiver(lambda *_: 410))
        desk.create(receiver.url)
        webhook, _ = desk.create(gone.url)
        duty = WebhookDuty(program, lambda: True, lambda: True)
        stack.callback(duty.close)
        for _ in range(4):
            duty.turn()
            duty.settle()
        assert sorted(receiver.positions) == [*range(1, desk.last + 1)]
        assert desk.webhooks.show(webhook).endpoint.told
        assert len([*(outbox / "new").iterdir()]) == 1


@pytest.mark.rule("M6")
def test_a_fenced_store_and_a_worker_that_is_not_alone_deliver_nothing(file_desk: Desk) -> None:
    class Closed(Unfenced):
        def closed(self) -> str | None:
            return "it stands behind its witness"

    opened = file_desk.ledger.opened
    engine = engine_over(opened, file_desk.settings)
    engine.fence = Closed()
    file_desk.ledger.grow(4)
    with Receiver() as receiver, ExitStack() as stack:
        file_desk.create(receiver.url)
        fenced = Program(file_desk.settings, opened, engine)
        other = Program(file_desk.settings, opened, file_desk.ledger.engine)
        for program, alone in ((fenced, True), (other, False)):
            duty = WebhookDuty(program, lambda alone=alone: alone, lambda: True)  # type: ignore[misc]
            stack.callback(duty.close)
            duty.turn()
            duty.settle()
        assert receiver.taken == []


@pytest.mark.kills
def test_of_two_workers_one_delivers_and_the_other_takes_over_when_it_is_killed(
    postgres_url: str, tmp_path: Path
) -> None:
    with Desk(postgres_url, tmp_path) as desk, Receiver() as receiver:
        desk.ledger.grow_everywhere(20)
        _, receiver.secret = desk.create(receiver.url)
        workers = [worker(desk, tmp_path, f"worker{number}") for number in range(2)]
        try:
            eventually(lambda: len(receiver.taken) >= desk.last)
            assert len(receiver.taken) == desk.last
            assert len({each.id for each in receiver.taken}) == desk.last
            for killed in workers:
                desk.ledger.grow_everywhere(20)
                eventually(lambda: desk.last in receiver.positions)
                if killed is workers[0]:
                    killed.kill()
            desk.ledger.grow_everywhere(20)
            eventually(lambda: {*receiver.positions} == {*range(1, desk.last + 1)})
            require_order(receiver)
        finally:
            for each in workers:
                each.kill()


@pytest.mark.kills
def test_a_worker_killed_between_delivery_and_commit_sends_again_under_the_same_ids(
    url: str, tmp_path: Path
) -> None:
    """Seven times, each in the middle of a page."""
    stops = iter(range(150, 10**6, 150))
    running = list[Process]()
    stop_at = next(stops)

    def kills(_: Handler, __: Received) -> int:
        nonlocal stop_at
        with receiver.lock:
            if len(receiver.taken) >= stop_at and running:
                running.pop().process.send_signal(signal.SIGKILL)
                stop_at = next(stops)
        return 204

    with Receiver(kills) as receiver:
        with Desk(url, tmp_path) as desk:
            desk.ledger.grow_everywhere(150)
            _, receiver.secret = desk.create(receiver.url)
            last = desk.last
        for number in range(7):
            process = worker(desk, tmp_path, f"worker{number}")
            running.append(process)
            eventually(lambda: process.process.poll() is not None)  # noqa: B023
            assert process.process.returncode == -signal.SIGKILL, process.output.read_text()
        final = worker(desk, tmp_path, "last")
        try:
            eventually(lambda: {*receiver.positions} == {*range(1, last + 1)})
        finally:
            final.stopped(signal.SIGTERM)
    assert len({each.id for each in receiver.taken}) == last < len(receiver.taken)
    require_order(receiver)


def require_order(receiver: Receiver) -> None:
    """What a receiver keeps that knows duplicates by their ids: each workspace's order."""
    for workspace in WORKSPACES:
        kept = [*dict.fromkeys(receiver.of(workspace))]
        assert kept == sorted(kept)
