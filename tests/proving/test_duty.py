"""Workers sign once a second what came; a fork is told and never signed."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from adapters.composition.programs import Program, asking, health_of, running
from adapters.proof.folder import TileFolder
from adapters.settings.loading import load_settings
from adapters.worker.proving import Proving
from engine.proof.notes import Checkpoint
from tests.law.story import import_recipients
from tests.proving.signed_log import SignedLog, signed_log
from tests.proving.test_signing import change
from tests.worker.processes import SENDLEDGER, Process, eventually
from tests.workplace import ACME

MORE = [f"new-{each}" for each in range(300)]


@pytest.fixture
def log(url: str, tmp_path: Path) -> SignedLog:
    return signed_log(url, tmp_path)


@contextmanager
def duty(log: SignedLog, **settings: object) -> Iterator[tuple[Program, Proving]]:
    given = {"proof_folder": log.folder, "proof_key_file": log.key, **settings}
    found = load_settings(store=log.url, workspace=ACME, **given)
    with running(found) as program:
        yield program, Proving(program, lambda: True)


def alarms(program: Program) -> list[str]:
    return [each.text for each in program.opened.coordination.alarms() if each.about == "proof"]


def test_a_turn_signs_what_came_and_health_tells_what_is_missing(log: SignedLog) -> None:
    with duty(log) as (program, proving):
        proving.turn()
        log.given(import_recipients(*MORE))
        lag = health_of(program.opened, log.folder).signed
        assert lag is not None
        assert lag.entries == 300
        assert lag.signed + 300 == program.opened.store.last_entry() + 1
        (late,) = [
            each
            for each in health_of(program.opened, log.folder).reasons(-1)
            if each.code == "proof_late"
        ]
        assert "300 are not" in late.text

        proving.turn()
        assert health_of(program.opened, log.folder).signed == (lag.signed + 300, 0, 0.0)
        assert health_of(program.opened).signed is None
    assert log.held_against_the_note()[0] == 0
    assert log.verify(log.folder)[0] == 0


def test_nothing_is_written_when_nothing_came(log: SignedLog) -> None:
    with duty(log) as (_, proving):
        proving.turn()
        before = (log.folder / "checkpoint").stat().st_mtime_ns
        proving.turn()
    assert (log.folder / "checkpoint").stat().st_mtime_ns == before


def test_who_is_not_alone_signs_nothing(log: SignedLog) -> None:
    before = (log.folder / "checkpoint").read_bytes()
    log.given(import_recipients(*MORE))
    with duty(log) as (program, _):
        Proving(program, lambda: False).turn()
    assert (log.folder / "checkpoint").read_bytes() == before


@pytest.mark.rule("M6")
def test_a_log_that_became_another_one_is_told_of_fenced_and_not_signed(log: SignedLog) -> None:
    """While a worker has it open; the checkpoint is a witness that no backup brings back."""
    log.given(import_recipients(*MORE))
    with duty(log) as (program, proving):
        proving.turn()
        note = (log.folder / "checkpoint").read_bytes()
        change(log, "UPDATE envelopes SET actor = 'user:nobody' WHERE command_id LIKE 'later-%'")
        log.given(import_recipients("one-more"))
        proving.turn()
        (told,) = alarms(program)
        assert "The log is not the one that was signed" in told
        proving.turn()
        assert alarms(program) == [told]
        eventually(lambda: program.opened.fence.closed() is not None)
        assert "of another history" in (program.opened.fence.closed() or "")
        found = health_of(program.opened, log.folder).reasons(60)
        assert {"operator_alarm", "store_fenced"} <= {each.code for each in found}
    assert (log.folder / "checkpoint").read_bytes() == note


@pytest.mark.rule("M6")
def test_an_older_backup_is_fenced_before_anybody_signs(tmp_path: Path) -> None:
    """Where the folder is set, whoever opens the store asks it; a read-only look does, too."""
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    before = (tmp_path / "s.db").read_bytes()
    log.given(import_recipients(*MORE))
    log.sign()
    for each in tmp_path.glob("s.db-*"):
        each.unlink()
    (tmp_path / "s.db").write_bytes(before)

    with running(log.settings) as program:
        assert program.opened.fence.closed() is None, "nobody named the folder"
    given = load_settings(store=log.url, workspace=ACME, proof_folder=log.folder)
    with asking(given) as opened:
        assert health_of(opened, log.folder).fenced == "its checkpoint is of another history"
    with duty(log) as (program, _):
        assert program.opened.fence.closed() == "its checkpoint is of another history"
    shutil.rmtree(log.folder / "tile")
    with duty(log) as (program, _):
        assert program.opened.fence.closed() is not None, "once noticed, it stays"


def test_a_trouble_is_told_anew_when_it_changes_and_no_more_when_it_is_over(
    log: SignedLog, tmp_path: Path
) -> None:
    log.given(import_recipients(*MORE))
    log.key.chmod(0o644)
    with duty(log) as (program, proving):
        proving.turn()
        assert "others may read it" in alarms(program)[0]
        kept = log.key.read_bytes()
        log.key.unlink()
        proving.turn()
        assert ["others may read it" in each for each in alarms(program)] == [False]
        log.key.write_bytes(kept)
        log.key.chmod(0o600)
        proving.turn()
        assert alarms(program) == []
    with duty(log, proof_key_file=None, proof_folder=tmp_path / "other") as (program, proving):
        proving.turn()
        assert "proof_key_file" in alarms(program)[0]


def test_another_generation_needs_another_folder(log: SignedLog, tmp_path: Path) -> None:
    """As a store that was reconciled begins one."""
    with running(log.settings) as program:
        program.opened.store.raise_generation()
    with duty(log) as (program, proving):
        proving.turn()
        assert "Name the folder of this store" in alarms(program)[0]
    with duty(log, proof_folder=tmp_path / "second") as (program, proving):
        proving.turn()
        assert alarms(program) == []
    assert log.verify(tmp_path / "second")[0] == 0


def test_somebody_else_who_signs_is_waited_for(log: SignedLog) -> None:
    log.given(import_recipients(*MORE))
    before = (log.folder / "checkpoint").read_bytes()
    with duty(log) as (program, proving), TileFolder(log.folder).alone():
        proving.turn()
        assert alarms(program) == []
        assert (log.folder / "checkpoint").read_bytes() == before
        told = log.export(log.folder)
    assert told.exit_code != 0
    assert "Somebody else signs" in told.stderr
    assert log.export(log.folder).exit_code == 0


def checkpoint(folder: Path) -> Checkpoint:
    with (folder / "checkpoint").open() as note:
        return Checkpoint.of("".join([*note][:3]))


@pytest.mark.kills
def test_who_is_killed_while_signing_leaves_no_torn_tree(log: SignedLog, tmp_path: Path) -> None:
    """Killed after ever more tiles; what is under the checkpoint is always a whole tree."""
    for number in range(4):
        log.given(import_recipients(*(f"k{number}-{each}" for each in range(2_000))))
    kept, midway = tmp_path / "kept", 0
    log.folder.rename(kept)
    before = checkpoint(kept)
    for tiles in range(1, 30, 6):
        shutil.copytree(kept, log.folder)
        midway += _killed_after(tiles, log) and checkpoint(log.folder) == before
        assert log.verify(log.folder)[0] == 0
        assert log.held_against_the_note()[0] == 0
        assert log.sign().size == before.size + 8_000
        assert log.verify(log.folder)[0] == 0
        shutil.rmtree(log.folder)
    assert midway > 0, "no kill came in the middle"


def _killed_after(tiles: int, log: SignedLog) -> bool:
    words = ["proof", "export", str(log.folder), "--store", log.url]
    killed = Process(log.folder.with_name("out.txt"), *words, PROOF_KEY_FILE=str(log.key))
    full = log.folder / "tile" / "entries"
    eventually(
        lambda: (
            len([each for each in full.iterdir() if each.is_file()]) >= tiles
            or killed.process.poll() is not None
        )
    )
    killed.kill()
    return killed.process.returncode == -signal.SIGKILL


@pytest.mark.kills
def test_two_workers_on_one_store_sign_one_tree_and_the_second_takes_over(
    postgres_url: str, tmp_path: Path
) -> None:
    log = signed_log(postgres_url, tmp_path)
    told = {"STORE": log.url, "PROOF_FOLDER": str(log.folder), "PROOF_KEY_FILE": str(log.key)}
    workers = [
        Process(tmp_path / f"{name}.txt", "work", "--only", "proof", **told) for name in "ab"
    ]
    try:
        for number, worker in enumerate(workers):
            worker.begun()
            before = checkpoint(log.folder).size
            log.given(import_recipients(*(f"w{number}-{each}" for each in range(300))))
            eventually(lambda before=before: checkpoint(log.folder).size == before + 300)  # type: ignore[misc]
            if number:
                assert worker.stopped(signal.SIGTERM) == 0
            else:
                worker.kill()
    finally:
        for worker in workers:
            worker.kill()
    assert log.verify(log.folder)[0] == 0
    assert log.held_against_the_note()[0] == 0


@pytest.mark.kills
def test_serve_signs_what_a_command_records(tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    told = {"STORE": log.url, "PROOF_FOLDER": str(log.folder), "PROOF_KEY_FILE": str(log.key)}
    before = checkpoint(log.folder).size
    worker = Process(tmp_path / "serve.txt", "serve", **told)
    try:
        worker.begun()
        log.given(import_recipients(*MORE))
        eventually(lambda: checkpoint(log.folder).size >= before + 300)
        environment = {**os.environ, **{f"SENDLEDGER_{name}": each for name, each in told.items()}}
        health = subprocess.run(
            [SENDLEDGER, "health", "--json"],
            env=environment,
            capture_output=True,
            check=False,
        )
        assert b'"signed"' in health.stdout
        assert worker.stopped(signal.SIGTERM) == 0
    finally:
        worker.kill()
    assert worker.told("signing")
    assert log.verify(log.folder)[0] == 0


@pytest.mark.kills
def test_a_worker_for_the_proof_alone_says_that_no_folder_is_set(
    postgres_url: str, tmp_path: Path
) -> None:
    signed_log(postgres_url, tmp_path)
    worker = Process(tmp_path / "w.txt", "work", "--only", "proof", STORE=postgres_url)
    try:
        worker.begun()
        assert worker.told("nothing is signed: proof_folder is not set")
    finally:
        worker.kill()
