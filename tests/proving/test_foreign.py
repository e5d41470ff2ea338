"""What we signed is verified by a foreign implementation: Go's of notes and transparency logs."""

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.http.commands.callers import door
from tests.law.story import import_recipients
from tests.proving.signed_log import signed_log

FOREIGN = Path(__file__).parent / "foreign"


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    go = shutil.which("go")
    if go is None:
        pytest.skip("there is no Go here to verify with")
    program = tmp_path_factory.mktemp("foreign") / "foreign"
    subprocess.run([go, "build", "-o", program, "."], cwd=FOREIGN, check=True)
    return program


def test_go_verifies_checkpoint_inclusion_and_consistency(foreign: Path, tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    log.given(import_recipients(*(f"new-{each}" for each in range(700))))
    log.export(log.folder, "--key-out", log.verifier_key)
    command = [foreign, log.folder, log.verifier_key, log.noted]
    whole = subprocess.run(command, capture_output=True, text=True, check=False)
    tile = log.folder / "tile" / "entries" / "001"
    tile.write_bytes(tile.read_bytes()[:-1] + b"x")
    changed = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (whole.returncode, whole.stderr) == (0, "")
    assert "the first 88 as before" in whole.stdout
    assert changed.returncode == 1


def test_go_verifies_what_is_served(foreign: Path, tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    log.given(import_recipients(*(f"new-{each}" for each in range(700))))
    log.export(log.folder, "--key-out", log.verifier_key)
    with door(log.served(proof_public=True)) as house:
        place = f"http://127.0.0.1:{house.port}/proof"
        command = [str(foreign), place, str(log.verifier_key), str(log.noted)]
        ran = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
    assert "the first 88 as before" in ran.stdout
