"""Lists of people by upload: taken once, told as they go, gone on with after a crash."""

import gzip
import os
import socket
import tempfile
import time
from contextlib import closing
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.settings.model import EngineSettings
from engine.work.permissions import Role
from tests.http.commands.callers import PREVIEW, Answer, Caller, Door, token
from tests.law.story import ANN, SPRING, connect, create
from tests.worker.processes import Process, eventually
from tests.workplace import ACME

PATH = f"/campaigns/{SPRING}/import"
LIST = b"email,name\n" + b"".join(b"p%d@x.test,P %d\n" % (each, each) for each in range(50))


@pytest.fixture(autouse=True)
def story(house: Door) -> None:
    house.given(connect(ANN), create(ANN, to=[]))


def take(ops: Caller, octets: bytes, key: str | None = None, path: str = PATH) -> Answer:
    chosen = key or uuid4().hex
    return ops.ask("POST", path, octets, Content_Type="text/csv", Idempotency_Key=chosen)


def ended(ops: Caller, begun: Answer) -> Answer:
    path = f"/imports/{begun.body['import_id']}"
    until = time.monotonic() + 30
    while (found := ops.get(path)).body.get("state") == "running":
        assert time.monotonic() < until, "it never ended"
        time.sleep(0.05)
    return found


def test_a_list_is_taken_and_tells_what_was_wrong(ops: Caller, house: Door) -> None:
    begun = take(ops, LIST + b"nonsense,N\n" * 300, "k1")
    found = ended(ops, begun).body
    again = take(ops, LIST + b"nonsense,N\n" * 300, "k1")

    assert begun.status == 202, begun.text
    assert (found["state"], found["of"], found["taken"], found["rejected"]) == (
        "done", 350, 50, 300,
    )  # fmt: skip
    assert len(found["rejected_lines"]) == 200
    assert set(found["rejected_lines"][0]) == {"line", "column", "problem"}
    assert (again.status, again.replayed, again.body) == (200, True, found)
    assert house.recorded("RecipientAdded") == 50


def test_another_list_under_the_key_is_refused(ops: Caller, house: Door) -> None:
    ended(ops, take(ops, LIST, "k1"))
    other = take(ops, LIST + b"q@x.test,Q\n", "k1")

    assert (other.status, other.code) == (422, "idempotency_key_used")
    assert house.recorded("RecipientAdded") == 50


@pytest.mark.parametrize(
    ("octets", "headers", "status"),
    [
        (b"email\nb\xe9n@x.test\n", {"Content_Type": "text/csv"}, 422),
        (b"name\nBen\n", {"Content_Type": "text/csv"}, 422),
        (b"", {"Content_Type": "text/csv"}, 422),
        (b'email\n"ben@x.test\n', {"Content_Type": "text/csv"}, 422),
        (LIST, {"Content_Type": "application/json"}, 415),
        (gzip.compress(LIST), {"Content_Type": "text/csv", "Content_Encoding": "gzip"}, 415),
    ],
)
def test_what_is_no_list_takes_nobody_and_leaves_no_file(
    ops: Caller, house: Door, octets: bytes, headers: dict[str, str], status: int
) -> None:
    asked = ops.ask("POST", PATH, octets, Idempotency_Key="k1", **headers)
    good = take(ops, LIST, "k1")

    assert asked.status == status, asked.text
    assert "/tmp" not in asked.text
    assert ended(ops, good).body["taken"] == 50
    assert house.recorded("RecipientAdded") == 50


def test_an_upload_that_is_cut_takes_nobody_and_leaves_no_file(
    house: Door,
) -> None:
    folder, ours = Path(tempfile.gettempdir()), f"sendledger-upload-{os.getpid()}-*"
    secret = token(house.program, "cutting", Role.OPERATOR, ACME)
    with socket.create_connection(("127.0.0.1", house.port)) as wire:
        wire.sendall(
            f"POST /v1{PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {secret}\r\n"
            "Content-Type: text/csv\r\nIdempotency-Key: k1\r\n"
            f"Content-Length: {len(LIST)}\r\n\r\n".encode()
            + LIST[:400]
        )
        eventually(lambda: bool([*folder.glob(ours)]))
    eventually(lambda: not [*folder.glob(ours)])

    assert house.recorded("RecipientAdded") == 0


def test_a_list_for_no_campaign_is_not_taken(ops: Caller) -> None:
    assert take(ops, LIST, path="/campaigns/none/import").code == "unknown_campaign"


def test_suppressions_are_counted_then_confirmed(ops: Caller, house: Door) -> None:
    """M7"""
    octets = b"email\ndan@x.test\nspam.test\nnonsense at all\n"
    path = "/suppressions/import"
    shown = ops.ask("POST", f"{path}/preview", octets, Content_Type="text/csv")
    without = take(ops, octets, path=path)
    done = ops.ask(
        "POST", path, octets, Content_Type="text/csv", Idempotency_Key="k1",
        **{PREVIEW: shown.body["token"]},
    )  # fmt: skip

    assert (without.status, without.code) == (428, "preview_required")
    assert (shown.body["preview"]["people"], shown.body["preview"]["domains"]) == (
        1,
        ["spam.test"],
    )
    assert (done.status, done.body["people"], done.body["rejected"]) == (200, 1, 1), done.text
    assert house.recorded("DomainSuppressed") == 1


@pytest.mark.kills
def test_a_server_killed_in_the_midst_goes_on_under_the_same_key(
    settings: EngineSettings, house: Door, tmp_path: Path
) -> None:
    """Nobody is missing, nobody twice."""
    people = 100_000
    octets = b"email\n" + b"".join(b"p%d@x.test\n" % each for each in range(people))
    secret = token(house.program, "importing", Role.OPERATOR, ACME)
    told = {"STORE": settings.store, "WORKSPACE": ACME}
    server = Process(tmp_path / "first.log", "serve", "--http", "127.0.0.1:0", **told)
    try:
        with closing(Caller(_port(server), secret)) as caller:
            begun = take(caller, octets, "k1")
            path = f"/imports/{begun.body['import_id']}"
            eventually(lambda: caller.get(path).body["lines"] >= 10_000)
    finally:
        server.kill()

    assert 0 < house.recorded("RecipientAdded") < people
    server = Process(tmp_path / "second.log", "serve", "--http", "127.0.0.1:0", **told)
    try:
        with closing(Caller(_port(server), secret)) as caller:
            stopped = caller.get(path).body
            again = take(caller, octets, "k1")
            found = ended(caller, again).body
    finally:
        server.kill()

    assert stopped["state"] == "interrupted"
    assert (found["state"], found["taken"], found["known"]) == ("done", people, 0)
    with house.program.engine.look(ACME) as now:
        assert len(now.campaign(SPRING).recipients) == people


def _port(server: Process) -> int:
    eventually(lambda: server.told("port="))
    told = server.output.read_text()
    return int(told.split("port=")[1].split()[0])
