"""The pages that are followed step by step, followed step by step in an empty folder."""

import os
import signal
import subprocess
import sys
from contextlib import ExitStack, suppress
from pathlib import Path
from socket import create_server

from adapters.mail.sandbox.sandbox import Sandbox
from tests.docs.test_docs import FENCED, page
from tests.worker.processes import Process, eventually


def blocks(name: str, language: str) -> str:
    return "\n".join(text for kind, text in FENCED.findall(page(name)) if kind == language)


def followed(folder: Path, *program: str, text: str, **settings: str) -> str:
    own = {name: value for name, value in os.environ.items() if not name.startswith("SENDLEDGER_")}
    own["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{own['PATH']}"
    own |= {f"SENDLEDGER_{name}": value for name, value in settings.items()}
    done = subprocess.run(
        program,
        input=text,
        cwd=folder,
        env=own,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return " ".join(done.stdout.split())


def test_the_first_campaign_goes_as_its_page_says(tmp_path: Path) -> None:
    """S1, S2, S4."""
    said = followed(tmp_path, "sh", "-eu", text=blocks("first-campaign.md", "sh"))

    assert "Cheapest cure: One-Click Reconnect ann@acme.test" in said
    assert "is reconnected; its settings are as before. " in said
    assert "Don't forget to resume all your campaigns! Waiting to be resumed: spring." in said
    assert "│ cured │" in said
    assert "Recipients: 1 pending, 1 replied, 1 campaign_stopped." in said
    assert "Anna became Campaign Stopped in spring, for good" in said


def test_a_mailbox_of_the_sandbox_is_connected_and_reconnected_as_its_page_says(
    tmp_path: Path,
) -> None:
    """C1, C2, R2."""
    folder = tmp_path / "sandbox"
    folder.mkdir()
    base = row_of_free_ports()
    connect, reconnect = (
        text.replace("410", str(base // 10))
        for kind, text in FENCED.findall(page("sandbox.md"))
        if kind == "sh"
    )
    with Sandbox(folder=folder, first_port=base) as sandbox:
        said = followed(tmp_path, "sh", "-eu", text=connect)
        assert "ann@sandbox.test is connected in slot s1." in said

        sandbox.add_account("ann@sandbox.test", "changed")
        said = followed(tmp_path, "sh", "-eu", text=reconnect)
        assert "Connection Status of ann@sandbox.test: failed." in said
        assert "ann@sandbox.test is reconnected; its settings are as before." in said


def test_a_campaign_sends_from_a_mailbox_as_its_page_says(tmp_path: Path) -> None:
    """M1, M2: at the sandbox's servers, and at any time of day."""
    text = blocks("own-mailbox.md", "sh").replace('"09:00", to: "17:00"', '"00:00", to: "24:00"')
    text = text.replace("[mon, tue, wed, thu, fri]", "[mon, tue, wed, thu, fri, sat, sun]")
    (tmp_path / "password").write_text("secret\n")
    with Sandbox([("you@example.com", "secret")]) as sandbox:
        there = sandbox.served()
        servers = f"--imap localhost:{there['imaps']} --smtp localhost:{there['smtps']}"
        text = text.replace("imap \\", f"imap {servers} --password-file password \\")
        settings = {"ALLOWED_NETWORKS": '["127.0.0.0/8"]', "MAIL_CA_FILE": there["ca_file"]}
        said = followed(tmp_path, "sh", "-eu", text=text, **settings)
        assert "Dear Frida," in said

        serving = Process(tmp_path / "output", "serve", **settings)
        try:
            eventually(lambda: bool(sandbox.accepted()))
        finally:
            assert serving.stopped(signal.SIGTERM) == 0
        (first,) = sandbox.accepted()
    assert first["recipients"] == ["friend@example.org"]
    assert "Subject: A word about Elm Street Books" in first["content"]


def test_the_first_calls_of_the_api_are_answered_as_its_page_says(tmp_path: Path) -> None:
    with create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    said = followed(tmp_path, "sh", "-eu", text=blocks("api.md", "sh").replace("8420", str(port)))

    assert said.count('{"suppressed":true,"new":true}') == 2
    assert "campaign_id,mode,slot_id,status" in said
    assert said.lower().count("idempotency-replayed: true") == 1
    assert '{"rows":[],"next":null,"at":"2020-01-01T00:00:00Z"}' in said
    assert '"code":"preview_required"' in (tmp_path / "shown.json").read_text()
    assert '"type":"PersonReleased"' in said


def row_of_free_ports() -> int:
    """The first of ten in a row, a multiple of ten, as in the page."""
    for base in range(4100, 9000, 10):
        with ExitStack() as held, suppress(OSError):
            for port in range(base, base + 7):
                held.enter_context(create_server(("127.0.0.1", port)))
            return base
    raise AssertionError("no ports are free")


def test_the_program_that_uses_the_sandbox_runs(tmp_path: Path) -> None:
    said = followed(tmp_path, sys.executable, "-", text=blocks("sandbox.md", "python"))

    assert said == (
        "1 reply 454 4.7.0 Too many login attempts, please try again later. "
        "2 accepted, though the client does not know"
    )


def test_the_program_that_embeds_the_engine_runs(tmp_path: Path) -> None:
    said = followed(tmp_path, sys.executable, "-", text=blocks("embedding.md", "python"))

    assert said.startswith("paused ann@acme.test: running until")
