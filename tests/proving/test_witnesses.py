"""Witnesses cosign what they saw to have only grown; what lacks them is published and told."""

import signal
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from adapters.composition.programs import Program, health_of, running
from adapters.composition.proofs import ABOUT_WITNESSES, signers_of
from adapters.settings.loading import load_settings
from adapters.worker.proving import Proving
from engine.proof.notes import VerifierKey, key_of, unverified
from tests.law.story import import_recipients
from tests.proving.signed_log import SignedLog, signed_log
from tests.proving.witness_server import Mood, Witness, listening
from tests.worker.processes import Process, eventually
from tests.workplace import ACME

MORE = [f"new-{each}" for each in range(300)]


class Circle(NamedTuple):
    """A log, three witnesses that know it, and the policy that asks for two of them."""

    log: SignedLog
    policy: Path
    witnesses: Sequence[Witness]
    proving: Proving
    program: Program
    up: ExitStack

    @property
    def note(self) -> str:
        return (self.log.folder / "checkpoint").read_text("utf-8")

    @property
    def told(self) -> str | None:
        alarms = self.program.opened.coordination.alarms()
        return next((each.text for each in alarms if each.about == ABOUT_WITNESSES), None)

    def cosigned(self) -> list[str]:
        return [each.name for each in self.witnesses if f"— {each.name} " in self.note]

    def verify(self, *words: object) -> tuple[int, str]:
        return self.log.verify(self.log.folder, "--policy", self.policy, *words)


def log_keys(log: SignedLog) -> list[VerifierKey]:
    with running(log.settings) as program:
        return [key_of(each) for each in signers_of(log.settings, program.opened.store)]


def written(policy: Path, log: VerifierKey, witnesses: Sequence[Witness]) -> None:
    names = " ".join(each.name for each in witnesses)
    lines = "".join(each.line for each in witnesses)
    policy.write_text(f"# ours\nlog {log}\n{lines}\tgroup all-of-us 2 {names}\nquorum all-of-us\n")


@pytest.fixture
def circle(tmp_path: Path) -> Iterator[Circle]:
    """The last one signs with ML-DSA-44."""
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    old, other, new = (
        Ed25519PrivateKey.generate(),
        Ed25519PrivateKey.generate(),
        MLDSA44PrivateKey.generate(),
    )
    witnesses = [Witness("w1", old), Witness("w2", other), Witness("w3", new)]
    trusted = log_keys(log)
    with ExitStack() as up:
        for each in witnesses:
            up.enter_context(listening(each))
            each.trusted = trusted
        written(tmp_path / "policy", trusted[0], witnesses)
        given = {"proof_folder": log.folder, "proof_policy": tmp_path / "policy"}
        settings = load_settings(store=log.url, workspace=ACME, proof_key_file=log.key, **given)
        program = up.enter_context(running(settings))
        proving = Proving(program, lambda: True)
        up.callback(proving.close)
        yield Circle(log, tmp_path / "policy", witnesses, proving, program, up)


def down(witness: Witness) -> None:
    """Nobody listens where it was."""
    witness.url = "http://127.0.0.1:9/log"


def test_all_who_are_asked_cosign_and_the_policy_is_satisfied(circle: Circle) -> None:
    circle.proving.turn()
    assert circle.cosigned() == [each.name for each in circle.witnesses]
    assert circle.told is None
    assert circle.verify()[0] == 0
    assert circle.log.held_against_the_note()[0] == 0

    circle.log.given(import_recipients(*MORE))
    circle.proving.turn()
    assert [each.statuses for each in circle.witnesses] == [[200, 200]] * 3
    assert circle.verify()[0] == 0
    assert {each.known.size for each in circle.witnesses} == {unverified(circle.note).size}


def test_two_of_three_are_enough_when_one_is_down(circle: Circle) -> None:
    down(circle.witnesses[1])
    written(circle.policy, log_keys(circle.log)[0], circle.witnesses)
    circle.proving.turn()
    assert circle.cosigned() == ["witness.test/w1", "witness.test/w3"]
    assert circle.told is None
    assert circle.verify()[0] == 0


@pytest.mark.parametrize("mood", [Mood.SILENT, Mood.LYING, Mood.BABBLING])
def test_without_a_quorum_it_is_published_told_and_refused_by_who_asks_for_one(
    circle: Circle, mood: Mood
) -> None:
    for each in circle.witnesses[1:]:
        each.mood = mood
    circle.log.given(import_recipients(*MORE))
    circle.proving.turn()

    assert unverified(circle.note).size == circle.program.opened.store.last_entry() + 1
    assert circle.cosigned() == ["witness.test/w1"]
    assert "lacks the quorum" in (circle.told or "")
    assert "witness.test/w2, witness.test/w3" in (circle.told or "")
    found = health_of(circle.program.opened, circle.log.folder).reasons(60)
    assert "operator_alarm" in {each.code for each in found}
    code, said = circle.verify()
    assert (code, "witness.test/w2, witness.test/w3 did not cosign" in said) == (1, True), said
    assert circle.log.verify(circle.log.folder)[0] == 0

    for each in circle.witnesses:
        each.mood = Mood.SOUND
    if mood is Mood.SILENT:
        circle.proving.turn()
        assert circle.told is None
        assert circle.verify()[0] == 0
        assert circle.witnesses[0].statuses == [200], "who has cosigned is not asked again"


def test_a_witness_that_knows_another_size_gets_the_right_proof(circle: Circle) -> None:
    late, early, _ = circle.witnesses
    down_ = Proving(circle.program, lambda: True)
    circle.proving.turn()
    circle.log.given(import_recipients(*MORE))
    early.known = late.known
    down_.turn()
    down_.close()
    assert late.statuses == [200, 409, 200]
    assert len(circle.cosigned()) == 3


def test_who_has_store_folder_and_key_gets_no_cosignature_for_another_history(
    circle: Circle, tmp_path: Path
) -> None:
    other = circle.log._replace(url=str(tmp_path / "other.db"), folder=tmp_path / "other")
    with closing(sqlite3.connect(circle.log.url)) as own, closing(sqlite3.connect(other.url)) as to:
        own.backup(to)
    circle.log.given(import_recipients(*MORE))
    circle.proving.turn()
    assert circle.told is None

    other.given(import_recipients(*(f"other-{each}" for each in range(400))))
    told = other.export(other.folder, env={"SENDLEDGER_PROOF_POLICY": str(circle.policy)})
    assert "all-of-us" not in told.stdout
    assert " ".join(told.stdout.split()).count("the log did not only grow (HTTP 422)") == 3
    assert other.verify(other.folder, "--policy", circle.policy)[0] == 1
    assert circle.verify()[0] == 0


def test_a_fork_of_the_same_size_is_refused(circle: Circle) -> None:
    for each in circle.witnesses:
        each.known = unverified(circle.note)._replace(root=bytes(32))
    circle.proving.turn()
    assert circle.cosigned() == []
    assert (circle.told or "").count("another log of the same size (HTTP 409)") == 3


def test_a_refusal_is_told_even_where_the_others_are_enough(circle: Circle) -> None:
    circle.witnesses[0].trusted = []
    circle.witnesses[1].trusted = [
        each._replace(public=bytes(32)) for each in circle.witnesses[1].trusted[:1]
    ]
    circle.proving.turn()
    assert "(HTTP 404)" in (circle.told or "")
    circle.witnesses[0].trusted = circle.witnesses[2].trusted
    circle.proving.turn()
    assert "lacks the quorum" not in (circle.told or "")
    assert "does not know our key (HTTP 403)" in (circle.told or "")
    assert circle.verify()[0] == 0


def test_a_witness_that_saw_more_than_the_log_has_tells_that_it_was_brought_back(
    circle: Circle,
) -> None:
    for each in circle.witnesses:
        each.known = unverified(circle.note)._replace(size=10_000)
    circle.proving.turn()
    assert "it cosigned 10000 entries" in (circle.told or "")


def test_an_export_asks_too_and_says_who_did_not_cosign(circle: Circle) -> None:
    circle.witnesses[0].mood = circle.witnesses[1].mood = Mood.LYING
    told = circle.log.export(circle.log.folder, env={"SENDLEDGER_PROOF_POLICY": str(circle.policy)})
    assert told.exit_code == 0
    assert "Published all the same" in told.stdout
    assert "is not signed by its key" in " ".join(told.stdout.split())
    assert circle.told is not None


@pytest.mark.kills
def test_a_worker_has_its_checkpoints_cosigned(tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    witness, policy = Witness("w1", Ed25519PrivateKey.generate()), tmp_path / "policy"
    witness.trusted = log_keys(log)
    with listening(witness):
        policy.write_text(f"log {witness.trusted[0]}\n{witness.line}quorum {witness.name}\n")
        told = {"STORE": log.url, "PROOF_FOLDER": str(log.folder), "PROOF_KEY_FILE": str(log.key)}
        worker = Process(tmp_path / "serve.txt", "serve", PROOF_POLICY=str(policy), **told)
        try:
            worker.begun()
            log.given(import_recipients(*MORE))
            eventually(lambda: witness.known.size > 300)
            assert worker.stopped(signal.SIGTERM) == 0
        finally:
            worker.kill()
    assert log.verify(log.folder, "--policy", policy)[0] == 0
