"""A server that is killed, or has no room left: everything asked for is done, and done once."""

import json
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from http.client import HTTPException
from pathlib import Path

import pytest

from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.http.commands.callers import Answer, Caller, Door, token
from tests.law.story import ANN, SPRING, connect, create, fail, one_click, start
from tests.small_disk import SmallDisk
from tests.webhooks.receiver import free_port
from tests.worker.processes import Process, eventually
from tests.workplace import ACME

pytestmark = pytest.mark.kills

CALLERS, EACH, KILLS = 4, 150, 5
CAMPAIGNS = 200
FREE = "127.0.0.1:0"
ROOM, LEFT = 24 << 20, 300_000


class Patient:
    """Asks again under the same key until it is answered, whoever answers."""

    def __init__(self, port: int, secret: str) -> None:
        self._at = port, secret

    def ask(self, asked: Callable[[Caller], Answer]) -> Answer:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            try:
                with closing(Caller(*self._at)) as caller:
                    found = asked(caller)
            except (OSError, HTTPException):
                found = None
            if found and found.status < 500 and found.code != "still_running":
                return found
            time.sleep(0.02)
        raise AssertionError("it was never answered")


@contextmanager
def serving(settings: EngineSettings, port: int, output: Path) -> Iterator[Process]:
    told = {"STORE": settings.store, "WORKSPACE": ACME}
    server = Process(output, "serve", "--http", f"127.0.0.1:{port}", **told)
    try:
        eventually(lambda: server.told("port="))
        yield server
    finally:
        server.kill()


@pytest.mark.rule("F1")
def test_commands_of_a_server_that_is_killed_again_and_again_are_done_once(
    settings: EngineSettings, house: Door, tmp_path: Path
) -> None:
    port, secret = free_port(), token(house.program, "ops", Role.OPERATOR, ACME)
    patient = Patient(port, secret)

    def suppress(caller: int) -> list[Answer]:
        names = [f"p{caller}-{each}" for each in range(EACH)]
        return [
            patient.ask(
                lambda ops, name=name: ops.do(  # type: ignore[misc]
                    "/suppressions", {"who": f"{name}@x.test"}, name
                )
            )
            for name in names
        ]

    with ThreadPoolExecutor(CALLERS) as pool:
        found = [pool.submit(suppress, each) for each in range(CALLERS)]
        for kill in range(KILLS):
            with serving(settings, port, tmp_path / f"{kill}.log"):
                before = house.recorded("PersonSuppressed")
                eventually(lambda: house.recorded("PersonSuppressed") >= before + 10)  # noqa: B023
        with serving(settings, port, tmp_path / "last.log"):
            answers = [each for one in found for each in one.result()]

    assert {each.status for each in answers} == {200}
    assert len(answers) == CALLERS * EACH
    assert house.recorded("PersonSuppressed") == CALLERS * EACH


@pytest.mark.rule("P2")
def test_a_fleet_whose_server_is_killed_on_the_way_is_finished_under_its_key(
    settings: EngineSettings, house: Door, tmp_path: Path
) -> None:
    house.given(connect(ANN))
    for each in range(CAMPAIGNS):
        house.given(create(ANN, to=[], campaign=f"c{each}"), start(f"c{each}"))
    house.given(fail(ANN), one_click(ANN))
    port, secret = free_port(), token(house.program, "ops", Role.OPERATOR, ACME)
    with serving(settings, port, tmp_path / "first.log") as server, ThreadPoolExecutor() as pool:
        asked = pool.submit(_resume_all, port, secret)
        eventually(lambda: house.recorded("CampaignResumed") >= 10)
        server.kill()
        with pytest.raises((OSError, HTTPException)):
            asked.result()
    assert 0 < house.recorded("CampaignResumed") < CAMPAIGNS

    with serving(settings, port, tmp_path / "second.log"):
        done = Patient(port, secret).ask(lambda ops: ops.do("/fleet/resume", None, "f1"))
    assert (done.status, done.body["refused"], len(done.body["done"])) == (200, 0, CAMPAIGNS)
    assert house.recorded("CampaignResumed") == CAMPAIGNS


def _resume_all(port: int, secret: str) -> None:
    with closing(Caller(port, secret)) as ops:
        assert len(ops.preview("/fleet/resume").body["preview"]["steps"]) == CAMPAIGNS
        ops.confirm("/fleet/resume", key="f1")


@pytest.mark.rule("F1")
def test_a_full_disk_is_told_and_with_room_the_same_keys_are_carried_out(tmp_path: Path) -> None:
    folder = tmp_path / "disk"
    folder.mkdir()
    with SmallDisk(folder, ROOM) as disk:
        within = [*disk.within, "env", f"TMPDIR={folder}"]
        told = {"STORE": f"{folder}/s.db", "WORKSPACE": ACME}
        secret = _token_made(within, tmp_path / "token.json", told)
        server = Process(tmp_path / "serve.log", "serve", "--http", FREE, within=within, **told)
        try:
            eventually(lambda: server.told("port="))
            port = int(server.output.read_text().split("port=")[1].split()[0])
            with closing(Caller(port, secret)) as ops:
                _fill_up_and_go_on(ops, disk)
        finally:
            assert server.stopped(signal.SIGTERM) == 0


def _token_made(within: Sequence[str], output: Path, told: Mapping[str, str]) -> str:
    words = ("tokens", "create", "--name", "ops", "--role", "operator", "--json")
    assert Process(output, *words, within=within, **told).process.wait() == 0
    return str(json.loads(output.read_text())["token"])


def _fill_up_and_go_on(ops: Caller, disk: SmallDisk) -> None:
    ann = {"account_id": ANN, "slot_id": "s1", "provider": "simulated"}
    assert ops.do("/accounts", ann).status == 200
    assert ops.do("/campaigns", {"campaign_id": SPRING, "from_email": [ANN]}).status == 200
    listed = b"email\n" + b"".join(b"q%d@x.test\n" % each for each in range(50_000))

    def upload() -> Answer:
        return ops.ask(
            "POST", f"/campaigns/{SPRING}/import", listed,
            Content_Type="text/csv", Idempotency_Key="list",
        )  # fmt: skip

    with disk.filled(LEFT):
        kept = upload()
        key, refused = 0, ops.do("/suppressions", {"who": "p0@x.test"}, "k0")
        while refused.status == 200:
            key += 1
            refused = ops.do("/suppressions", {"who": f"p{key}@x.test"}, f"k{key}")
        assert (kept.status, kept.code) == (507, "no_room"), kept.text
        assert refused.status == 503, refused.text
        assert "The store of this server: the disk is full" in refused.body["detail"]
        assert str(disk.folder) not in refused.text
        assert ops.get("/accounts").status == 200

    done = ops.do("/suppressions", {"who": f"p{key}@x.test"}, f"k{key}")
    assert (done.status, done.replayed) == (200, False), done.text
    assert upload().status == 202
    everybody = ops.get("/suppressions?limit=1000").body["rows"]
    assert len(everybody) == key + 1
    assert ops.get("/checks").body["clean"] is True
