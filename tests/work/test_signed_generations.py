"""What was signed outlives a backup: the fence asks it, and the next generation names it (M6)."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.composition.proofs import last_signed_of, sequencer_of, signers_of
from adapters.proof.signing import make_keys
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from engine.audit.entry_check import check_entries
from engine.audit.whole_history import violations
from engine.proof.notes import Checkpoint
from engine.stream.source import StoreAsSource
from engine.work.forgetting import Forgetters
from engine.work.mailing.reconcile import reconcile, survey
from engine.work.recover import Restored, recover
from engine.work.recover_log import recover_log
from replay import app as replay
from tests.law.story import ANN, INTRO, MINUTE, R1, R2, import_recipients, reserve_step
from tests.work.copies import Place
from tests.work.restored import Program, Sender

MORE = [f"new-{each}" for each in range(300)]


class Signing:
    """A store that sends and is signed into a folder; its key is beside it."""

    def __init__(self, sender: Sender, folder: Path) -> None:
        self.sender, self.folder, self.key = sender, folder / "tree", folder / "proof.key"
        folder.mkdir(exist_ok=True)
        make_keys(self.key)

    def settings(self, place: Place) -> EngineSettings:
        return load_settings(store=place, proof_key_file=self.key, proof_folder=self.folder)

    @contextmanager
    def running(self, place: Place | None = None) -> Iterator[Program]:
        with self.sender.running(place) as program:
            program.opened.fence.signed = last_signed_of(program.opened, self.folder)
            yield program

    def sign(self, program: Program, place: Place, folder: Path | None = None) -> Checkpoint:
        signers = signers_of(self.settings(place), program.opened.store)
        return sequencer_of(program.opened, signers, folder or self.folder).advance()

    def reconciled(self, place: Place) -> None:
        self.sender.at(self.sender.clock() + 10 * MINUTE)
        with self.running(place) as program:
            found = survey(program.engine, program.opened.fence)
            reconcile(self.sender.means(program), found, {}, "user:dana")
            assert program.opened.fence.closed() is None
            assert [*check_entries(program.opened.store)] == []
            assert [*violations(program.opened.store)] == []

    def verify(self, place: Place, *words: object) -> tuple[int, str]:
        ran = CliRunner().invoke(replay, ["verify", *map(str, words), "--store", str(place)])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, " ".join((ran.stdout + ran.stderr).split())


@pytest.fixture
def signing(sender: Sender, tmp_path: Path) -> Signing:
    return Signing(sender, tmp_path / "elsewhere")


def lost(signing: Signing) -> tuple[Place, Checkpoint, Checkpoint]:
    """A backup, the checkpoint of before it, and the one over what came after it."""
    sender = signing.sender
    with signing.running() as program:
        sender.send(program, ANN, R1)
        before = signing.sign(program, sender.place)
    (signing.folder.parent / "noted").write_bytes((signing.folder / "checkpoint").read_bytes())
    backup = sender.backup()
    with signing.running() as program:
        program.given(import_recipients(*MORE))
        after = signing.sign(program, sender.place)
    return backup, before, after


@pytest.mark.rule("M6")
def test_an_older_backup_is_fenced_before_it_sends_anything(signing: Signing) -> None:
    """Its witness knows no more than it does; the checkpoint does."""
    backup, *_ = lost(signing)
    with signing.sender.running(backup) as program:
        assert program.opened.fence.closed() is None, "the witness alone tells nothing"
    with signing.running(backup) as program:
        assert program.opened.fence.closed() == "its checkpoint is of another history"
        assert program.refused(reserve_step(ANN, R2, INTRO, read=None)) == "store_fenced"
    with signing.running() as program:
        assert program.opened.fence.closed() is None


@pytest.mark.rule("M6")
def test_a_backup_that_grew_again_is_fenced_all_the_same(signing: Signing) -> None:
    backup, _, after = lost(signing)
    with signing.sender.running(backup) as program:
        program.given(import_recipients(*(f"other-{each}" for each in range(400))))
        assert program.opened.store.last_entry() + 1 > after.size
    with signing.running(backup) as program:
        assert program.opened.fence.closed() == "its checkpoint is of another history"


@pytest.mark.rule("M6")
def test_a_backup_of_before_the_generation_that_is_signed_is_fenced(
    signing: Signing,
) -> None:
    backup = signing.sender.backup()
    with signing.running() as program:
        program.opened.store.raise_generation()
        signing.sign(program, signing.sender.place)
    with signing.running(backup) as program:
        assert "is of generation 2, and it is of 1" in (program.opened.fence.closed() or "")


@pytest.mark.rule("M6")
def test_the_number_of_a_generation_that_is_signed_is_not_used_again_though_there_is_no_witness(
    signing: Signing,
) -> None:
    backup = signing.sender.backup()
    with signing.running() as program:
        program.opened.store.raise_generation()
        signing.sign(program, signing.sender.place)
    assert not signing.sender.witness.exists()
    with signing.running(backup) as program:
        assert program.opened.fence.begin_generation().generation == 3


@pytest.mark.rule("M6")
def test_the_next_generation_names_the_last_checkpoint_and_an_auditor_follows(
    signing: Signing, tmp_path: Path
) -> None:
    backup, before, after = lost(signing)
    noted, copy = signing.folder.parent / "noted", signing.sender.copying.copy(backup)
    with signing.running(backup) as program:
        assert program.opened.fence.closed() is not None
        end = program.opened.store.last_entry() + 1
    signing.reconciled(backup)

    with signing.running(backup) as program:
        store = program.opened.store
        assert program.opened.fence.closed() is None
        assert store.identity.generation == 2
        (first,) = store.entries(store.generations()[1].first_entry - 1, 1)
        assert first.named == f"{after.origin}:{after.size}:{after.root.hex()}"
        assert signing.sign(program, backup, tmp_path / "second").origin.endswith("/2")

    with signing.running(backup) as told, signing.sender.running(copy) as program:
        recover_log(program.opened.store, StoreAsSource(told.opened.store))
        assert program.opened.store.entries(-1, 1000) == told.opened.store.entries(-1, 1000)

    code, said = signing.verify(backup, "--checkpoint", noted)
    assert (code, "are as they were signed" in said) == (0, True), said
    assert before.size <= end

    last = signing.folder / "checkpoint"
    code, said = signing.verify(backup, signing.folder, "--checkpoint", last)
    assert (code, f"over {after.size:,} entries" in said) == (0, True), said
    code, said = signing.verify(backup, "--checkpoint", last)
    assert (code, "only with the folder" in said) == (1, True), said
    assert signing.verify(backup, tmp_path / "second")[0] == 0
    assert signing.verify(backup, "--checkpoint", tmp_path / "second" / "checkpoint")[0] == 0


@pytest.mark.rule("M6")
def test_nobody_can_leave_out_what_the_new_generation_goes_on_from(
    signing: Signing,
) -> None:
    """A generation that began without the folder names nothing; one that names an older
    checkpoint than the noted one is told, too."""
    backup, _, after = lost(signing)
    again = signing.sender.copying.copy(backup)
    last = signing.folder / "checkpoint"
    with signing.sender.running(backup) as program:
        program.opened.store.raise_generation()
    code, said = signing.verify(backup, signing.folder, "--checkpoint", last)
    assert (code, "names no checkpoint of that log" in said) == (1, True), said

    with signing.sender.running(again) as program:
        older = after._replace(size=after.size - 1)
        program.opened.store.raise_generation(f"{older.origin}:{older.size}:{older.root.hex()}")
    code, said = signing.verify(again, signing.folder, "--checkpoint", last)
    assert (code, "names an older checkpoint" in said) == (1, True), said


@pytest.mark.rule("M6")
def test_a_recovered_store_names_it_too(signing: Signing) -> None:
    backup, _, after = lost(signing)
    with signing.running() as whole, signing.running(backup) as program:
        opened = program.opened
        keep = Forgetters(opened.directory, opened.evidence)
        parts = opened.store, opened.views, opened.coordination, keep
        begin = opened.fence.begin_generation
        recover(Restored(*parts, begin), StoreAsSource(whole.opened.store))
        (first,) = opened.store.entries(opened.store.last_entry() - 1, 1)
        assert (first.named or "").endswith(after.root.hex())
        assert [*check_entries(opened.store)] == []
    code, said = signing.verify(backup, "--checkpoint", signing.folder / "checkpoint")
    assert (code, "are as they were signed" in said) == (0, True), said
