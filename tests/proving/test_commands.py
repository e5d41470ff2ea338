"""``sendledger proof`` and ``sendledger-replay verify``, as they are typed."""

import json
import stat
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.program import app
from engine.proof.notes import VerifierKey
from tests.proving.signed_log import SignedLog, signed_log


@pytest.fixture
def log(tmp_path: Path) -> SignedLog:
    return signed_log(str(tmp_path / "s.db"), tmp_path)


def test_a_key_is_made_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "proof.key"
    made = CliRunner().invoke(app, ["proof", "init", str(file)])
    again = CliRunner().invoke(app, ["proof", "init", str(file)])

    assert (made.exit_code, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)
    assert again.exit_code != 0
    assert "cannot be used" in again.stderr


def test_an_export_tells_the_root_and_the_key(log: SignedLog) -> None:
    told = log.export(log.folder, "--key-out", log.verifier_key)
    as_json = json.loads(log.export(log.folder, "--json").stdout)

    assert told.exit_code == 0, told.output
    assert as_json["root"] in told.stdout
    assert as_json["key"] == log.verifier_key.read_text().split()[0]
    code, said = log.verify(log.folder, "--key", log.verifier_key)
    assert (code, f"all {as_json['entries']} entries of {as_json['origin']}" in said) == (0, True)


def test_without_a_key_it_is_said_that_nobody_vouches(log: SignedLog) -> None:
    code, told = log.verify(log.folder)
    assert (code, "Who signed was not looked at" in told) == (0, True)


def test_another_key_verifies_nothing(log: SignedLog) -> None:
    log.export(log.folder, "--key-out", log.verifier_key)
    own = VerifierKey.of(log.verifier_key.read_text().split()[0])
    other = VerifierKey(own.name, bytes(32))
    log.verifier_key.write_text(f"{other}\n")
    assert log.verify(log.folder, "--key", log.verifier_key)[0] == 1


@pytest.mark.parametrize("words", [[], ["--checkpoint", "nowhere"], ["nowhere"]])
def test_what_is_missing_is_told(log: SignedLog, words: list[str]) -> None:
    code, told = log.verify(*words)
    assert code != 0
    assert "Traceback" not in told


def test_an_export_without_a_key_says_which_setting_is_missing(log: SignedLog) -> None:
    told = CliRunner().invoke(app, ["proof", "export", str(log.folder), "--store", log.url])
    assert told.exit_code != 0
    assert "proof_key_file" in told.stderr


def test_a_key_that_others_may_read_signs_nothing(log: SignedLog) -> None:
    log.key.chmod(0o644)
    told = log.export(log.folder)
    assert told.exit_code != 0
    assert "others may read it" in told.stderr
