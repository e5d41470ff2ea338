"""A key is replaced without a checkpoint that an auditor of either key cannot verify."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.program import app
from tests.law.story import import_recipients
from tests.proving.signed_log import SignedLog, signed_log

ROOT = Path(__file__).parents[2]


@pytest.fixture
def log(url: str, tmp_path: Path) -> SignedLog:
    return signed_log(url, tmp_path)


def keys_of(log: SignedLog, file: Path) -> Path:
    """What ``--key-out`` writes for a key file, without signing with it in the log's own folder."""
    out = file.with_suffix(".verifier")
    told = log._replace(key=file).export(file.with_suffix(".tree"), "--key-out", out)
    assert told.exit_code == 0, told.output
    return out


def test_in_between_both_keys_sign_and_nobody_notices_a_gap(log: SignedLog) -> None:
    new = log.key.with_name("new.key")
    assert CliRunner().invoke(app, ["proof", "init", str(new)]).exit_code == 0
    old_keys, new_keys = keys_of(log, log.key), keys_of(log, new)
    both = log.key.with_name("both.key")
    both.touch(0o600)
    both.write_bytes(log.key.read_bytes() + new.read_bytes())

    log.given(import_recipients("during"))
    assert log._replace(key=both).export(log.folder).exit_code == 0
    during = log.folder / "checkpoint"
    log.note()
    for each in (old_keys, new_keys):
        assert log.verify(log.folder, "--key", each)[0] == 0
    assert len(during.read_text("utf-8").splitlines()) == 3 + 1 + 4

    log.given(import_recipients("after"))
    assert log._replace(key=new).export(log.folder).exit_code == 0
    assert log.verify(log.folder, "--key", new_keys)[0] == 0
    code, said = log.verify(log.folder, "--key", old_keys)
    assert (code, "another key" in said) == (1, True), said
    for each in (old_keys, new_keys):
        assert log.verify("--checkpoint", log.noted, "--key", each)[0] == 0


def test_an_auditor_with_the_keys_of_both_times_verifies_before_and_after(log: SignedLog) -> None:
    new = log.key.with_name("new.key")
    CliRunner().invoke(app, ["proof", "init", str(new)])
    known = log.key.with_name("known")
    known.write_text(keys_of(log, log.key).read_text() + keys_of(log, new).read_text())
    assert log.verify(log.folder, "--key", known)[0] == 0
    both = log.key.with_name("both.key")
    both.touch(0o600)
    both.write_bytes(log.key.read_bytes() + new.read_bytes())
    for key in (both, new):
        log.given(import_recipients(f"with-{key.name}"))
        assert log._replace(key=key).export(log.folder).exit_code == 0
        assert log.verify(log.folder, "--key", known)[0] == 0


def test_a_new_key_alone_does_not_go_on_where_the_old_one_signed(log: SignedLog) -> None:
    """Who lost the key begins a new folder: the same entries lead to the same roots."""
    new = log.key.with_name("new.key")
    CliRunner().invoke(app, ["proof", "init", str(new)])
    told = log._replace(key=new).export(log.folder)
    assert (told.exit_code, "by any key that is known" in told.stderr) == (1, True), told.stderr

    assert log._replace(key=new).export(log.folder.with_name("again")).exit_code == 0
    lines = [
        (folder / "checkpoint").read_text("utf-8").split("\n")[:3]
        for folder in (log.folder, log.folder.with_name("again"))
    ]
    assert lines[0] == lines[1]


@pytest.mark.parametrize(
    "more", [b"x", b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"]
)
def test_a_key_file_that_holds_something_else_signs_nothing(log: SignedLog, more: bytes) -> None:
    log.key.write_bytes(log.key.read_bytes() + more)
    told = log.export(log.folder)
    assert told.exit_code == 1
    assert "something else than private keys" in " ".join(told.stderr.split())


def test_the_commands_of_the_page_replace_a_key(log: SignedLog) -> None:
    page = (ROOT / "docs" / "proof.md").read_text("utf-8")
    (block,) = (
        each for each in re.findall("```sh\n(.*?)```", page, re.DOTALL) if "new.key" in each
    )
    log.export(log.folder, "--key-out", log.folder.with_name("elm.key"))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "SENDLEDGER_STORE": log.url,
        "SENDLEDGER_PROOF_KEY_FILE": "proof.key",
    }
    ran = subprocess.run(
        ["sh", "-eu", "-c", block],
        cwd=log.folder.parent,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("Verified: all") == 3
