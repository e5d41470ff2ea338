"""``sendledger webhooks``, and the page about webhooks, followed."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.docs.test_docs import FENCED, page
from tests.docs.test_walkthroughs import blocks, followed
from tests.webhooks.desk import Desk
from tests.webhooks.receiver import Receiver, free_port
from tests.worker.processes import eventually

SENDLEDGER = Path(sys.executable).with_name("sendledger")


class Keyboard:
    """At a store in a folder of its own."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._settings = {
            "SENDLEDGER_STORE": url,
            "SENDLEDGER_VAULT_KEY_FILE": str(folder / "vault.key"),
            "SENDLEDGER_WEBHOOK_ALLOW": json.dumps(["127.0.0.0/8"]),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [SENDLEDGER, "webhooks", *words],
            cwd=self._folder,
            env={**os.environ, **self._settings},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def json(self, *words: str) -> Any:
        done = self.run(*words, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)


@pytest.fixture
def keyboard(tmp_path: Path) -> Keyboard:
    url = str(tmp_path / "store.db")
    with Desk(url, tmp_path) as desk:
        desk.ledger.grow(3)
    return Keyboard(tmp_path, url)


def test_a_webhook_is_made_tested_changed_paused_rotated_and_forgotten(keyboard: Keyboard) -> None:
    with Receiver() as receiver:
        made = keyboard.json("create", receiver.url, "--from", "1", "--owner", "ops@acme.test")
        webhook, receiver.secret = made["id"], made["verifier"]
        assert (made["status"], made["delivered_until"]) == ("active", 0)
        assert keyboard.json("test", webhook)["delivered"]
        assert receiver.taken[0].event["type"] == "sendledger.WebhookTest.v1"
        assert keyboard.json("rotate", webhook)["verifier"] != receiver.secret
        assert keyboard.json("test", webhook)["delivered"]
    failed = keyboard.run("test", webhook)
    assert failed.returncode == 1
    assert "failed: the connection failed (ConnectionRefusedError)" in failed.stdout

    assert keyboard.json("pause", webhook)["status"] == "paused"
    changed = keyboard.json("change", webhook, "--type", "ConnectionFailed")
    assert changed["types"] == ["ConnectionFailed"]
    assert keyboard.json("resume", webhook)["status"] == "active"
    assert keyboard.json("replay", webhook, "--from", "2")["delivered_until"] == 1
    tried = keyboard.json("deliveries", webhook)["deliveries"]
    assert [each["delivered"] for each in tried] == [False, True, True]
    (listed,) = keyboard.json("list")["webhooks"]
    assert listed == keyboard.json("show", webhook)
    assert "verifier" not in listed
    assert keyboard.run("delete", webhook, "--yes").returncode == 0
    assert keyboard.run("list").stdout == "There are no webhooks.\n"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["create", "ftp://x.test/"], "does not begin with https:// and a host"),
        (["create", "https://me:secret@x.test/"], "has a user or a password"),
        (["create", "https://x.test/ y"], "has spaces"),
        (["create", "https://x.test:99999/"], "it is none"),
        (["create", "https://x.test/\r\nX: y"], "has spaces"),
        (["create", "https://x.test/", "--type", "ConectionFailed"], "Did you mean Connection"),
        (["create", "https://x.test/", "--owner", "nobody"], "'nobody'"),
        (["create", "https://x.test/", "--from", "999"], "The log has no position 999"),
        (["show", "wh_none"], "There is no webhook wh_none"),
        (["resume", "wh_none"], "There is no webhook wh_none"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence_and_nothing_is_made(
    keyboard: Keyboard, words: list[str], said: str
) -> None:
    done = keyboard.run(*words)
    assert done.returncode == (4 if said.startswith(("There is no ", "The log has no ")) else 1)
    assert said in done.stderr
    assert "secret" not in done.stderr
    assert keyboard.json("list") == {"webhooks": []}


def test_the_page_about_webhooks_can_be_followed(tmp_path: Path) -> None:
    with Desk(str(tmp_path / "sendledger.db"), tmp_path) as desk:
        desk.ledger.grow(3)
    (tmp_path / "vault.key").unlink()
    said = followed(tmp_path, "sh", "-eu", text=blocks("webhooks.md", "sh"))
    assert "verifies signatures with whsec_" in said
    assert "ConnectionFailed up to position" in said
    assert "Nothing was tried yet." in said


def test_the_receiver_of_the_page_takes_each_event_once_and_refuses_what_is_forged(
    file_desk: Desk, tmp_path: Path
) -> None:
    (program,) = (text for kind, text in FENCED.findall(page("webhooks.md")) if kind == "python")
    (tmp_path / "receiver.py").write_text(program)
    file_desk.ledger.grow(4)
    port = free_port()
    webhook, secret = file_desk.create(f"http://127.0.0.1:{port}/hook")
    process = subprocess.Popen(
        [sys.executable, "receiver.py", secret, str(port)], cwd=tmp_path, stdout=subprocess.PIPE
    )
    try:
        eventually(lambda: file_desk.webhooks.test(webhook).delivered)
        file_desk.deliver()
        file_desk.webhooks.replay(webhook, 1)
        file_desk.deliver()
        forged, _ = file_desk.create(f"http://127.0.0.1:{port}/hook")
        assert file_desk.webhooks.test(forged).status == 401
    finally:
        process.terminate()
        told, _ = process.communicate()
    tests = len([line for line in told.decode().splitlines() if "WebhookTest" in line])
    ids = [line.split()[1] for line in told.decode().splitlines()]
    assert len(ids) == len({*ids}) == file_desk.last + tests
