"""``sendledger sandbox`` serves until it is stopped, and leaves nothing."""

import json
import signal
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.program import app
from tests.mail.sandbox.clients import imap, raw
from tests.worker.processes import Process, eventually


@pytest.mark.parametrize("by", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_stopped(tmp_path: Path, by: signal.Signals) -> None:
    output = tmp_path / "output"
    process = Process(output, "sandbox", "--json", "--account", "zoe@acme.test:se:cret")
    eventually(lambda: output.read_text().endswith("}\n"))
    served = json.loads(output.read_text())
    assert served["accounts"] == [{"address": "zoe@acme.test", "password": "se:cret"}]
    with imap(served) as client:
        client.login("zoe@acme.test", "se:cret")
    assert process.stopped(by) == 0
    assert not Path(served["ca_file"]).exists()
    with pytest.raises(ConnectionRefusedError):
        raw(served["imap"])


def test_it_says_to_a_person_where_everything_is(tmp_path: Path) -> None:
    output = tmp_path / "output"
    process = Process(output, "sandbox", "--folder", str(tmp_path / "kept"))
    eventually(lambda: process.told("Ctrl-C ends it"))
    assert process.told("Mailbox  ann@sandbox.test, password ann-secret")
    assert process.told(f"CA       {tmp_path}/kept/ca.pem")
    process.stopped(signal.SIGINT)
    assert (tmp_path / "kept" / "ca.pem").exists()


@pytest.mark.parametrize("account", ["ann@acme.test", "ann:secret", "ann@acme.test:"])
def test_an_account_without_address_or_password_is_none(account: str) -> None:
    done = CliRunner().invoke(app, ["sandbox", "--account", account])
    assert done.exit_code == 2
    assert f"Write an account as ADDRESS:PASSWORD, not {account}." in done.stderr


def test_ports_that_are_taken_are_said_to_be() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = CliRunner().invoke(app, ["sandbox", "--first-port", str(port)])
    assert done.exit_code == 1
    assert "cannot serve" in done.stderr
    assert str(port) in done.stderr
