"""The signed tree of a log, beside reading and decoding all of it; and beside those who write."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.composition.programs import running
from adapters.composition.proofs import commitments_of, sequencer_of, signers_of
from adapters.proof.folder import TileFolder
from adapters.proof.signing import make_keys
from adapters.settings.loading import load_settings
from bench.ours import WORKSPACE
from bench.postgres.looking_back import scan
from bench.postgres.million import million
from bench.postgres.places import freeze_survivors, fresh_ledger
from bench.postgres.turns import ROUNDS, halves, in_turns, only
from bench.programs import started, until
from bench.timing import timed
from engine.proof.notes import Checkpoint
from engine.proof.verifying import verified


def pg_proof(events: int = 300_000) -> dict[str, float]:
    """Events per second: signed from nothing, held against a checkpoint with tiles, scanned."""
    with fresh_ledger() as ledger, TemporaryDirectory() as folder:
        million(ledger, events)
        url, count = ledger.store.url, ledger.store.last_position()
        freeze_survivors(url, "stored_events", "envelopes")
        scanning = timed(lambda: scan(url))
        signing, verifying = _signed_and_verified(url, Path(folder))
    return {
        "signed": count / signing,
        "verified": count / verifying,
        "scan": count / scanning,
    }


def pg_proof_writers(rounds: int = ROUNDS) -> dict[str, float]:
    """Commands per second of eight writers in turns, and what signing beside them costs, in %.

    ``apart``: writers and PostgreSQL have half of the processors, the worker that signs the others;
    ``shared``: all of them have all.
    """
    there = os.sched_getaffinity(0)
    apart = _beside_a_signer(*halves(), rounds)
    shared = _beside_a_signer(there, there, rounds)
    return {**apart, "shared_cost": shared["cost"]}


def _beside_a_signer(writing: set[int], signing: set[int], rounds: int) -> dict[str, float]:
    with only(writing), fresh_ledger() as ledger, TemporaryDirectory() as folder:
        url, tree, key = ledger.store.url, Path(folder) / "tree", Path(folder) / "key"
        make_keys(key)
        words = ("work", "--store", url, "--only", "proof")
        with (
            only(signing),
            started(*words, proof_folder=str(tree), proof_key_file=str(key)) as (worker, _),
            only(writing),
        ):
            until((tree / "checkpoint").exists, worker)
            return in_turns(worker, url, rounds)


def _signed_and_verified(url: str, folder: Path) -> tuple[float, float]:
    """Seconds of each."""
    key, tiles = folder / "key", TileFolder(folder / "tree")
    make_keys(key)
    settings = load_settings(store=url, workspace=WORKSPACE, proof_key_file=key)
    with running(settings) as program:
        opened, noted = program.opened, list[Checkpoint]()
        signers = signers_of(settings, opened.store)
        sequencer = sequencer_of(opened, signers, folder / "tree")
        signing = timed(lambda: noted.append(sequencer.advance()))

        def verify() -> None:
            end = opened.store.last_entry() + 1
            assert verified(commitments_of(opened), end, noted[0], tiles) is None

        return signing, timed(verify)
