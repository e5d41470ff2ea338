"""A store in which much happened, signed into a folder, and what a person types about it."""

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from itertools import count
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from typer.testing import CliRunner

from adapters.composition.programs import running
from adapters.composition.proofs import sequencer_of, signers_of
from adapters.program import app
from adapters.proof.signing import make_keys
from adapters.settings.loading import load_settings
from adapters.settings.model import EngineSettings
from adapters.stores.opening import migrate
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from engine.ports.clock import ManualClock
from engine.proof.notes import Checkpoint, VerifierKey
from engine.proof.sequencing import Sequencer
from replay import app as replay
from tests.law.story import DAY, NOON, Move
from tests.workplace import ACME, Workplace, much_happens

LATER = NOON + 30 * DAY
_LATER = count(1)
"""No two moves under one id, or the second is the first again."""


class SignedLog(NamedTuple):
    url: str
    folder: Path
    """Of the tiles."""
    key: Path

    @property
    def settings(self) -> EngineSettings:
        return load_settings(store=self.url, workspace=ACME, proof_key_file=self.key)

    def served(self, **more: Any) -> EngineSettings:
        """Over HTTP, with its tiles."""
        place = {"http": "127.0.0.1:0", "proof_folder": self.folder}
        return load_settings(store=self.url, workspace=ACME, **{**place, **more})

    @property
    def noted(self) -> Path:
        """The checkpoint as an auditor has copied it."""
        return self.folder.with_name("noted")

    @property
    def verifier_key(self) -> Path:
        return self.folder.with_name("verifier-key")

    @property
    def verifier_keys(self) -> list[VerifierKey]:
        return [VerifierKey.of(each) for each in self.verifier_key.read_text().split()]

    @contextmanager
    def workplace(self, name: str) -> Iterator[Workplace]:
        clock = ManualClock(NOON)
        is_server = self.url.startswith("postgresql")
        store = PostgresStore(self.url, clock) if is_server else SQLiteStore(Path(self.url), clock)
        with closing(store):
            yield Workplace(store, clock, name=name)

    def given(self, *moves: Move) -> None:
        with self.workplace(f"later-{next(_LATER)}") as workplace:
            workplace.at(LATER).given(*moves)

    @contextmanager
    def sequencer(self) -> Iterator[Sequencer]:
        with running(self.settings) as program:
            signers = signers_of(self.settings, program.opened.store)
            yield sequencer_of(program.opened, signers, self.folder)

    def sign(self) -> Checkpoint:
        with self.sequencer() as sequencer:
            return sequencer.advance()

    def note(self) -> None:
        self.noted.write_bytes((self.folder / "checkpoint").read_bytes())

    def verify(self, *words: object) -> tuple[int, str]:
        """The exit code, and what is said."""
        given = [*map(str, words), "--store", self.url]
        ran = CliRunner().invoke(replay, ["verify", *given])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, " ".join((ran.stdout + ran.stderr).split())

    def held_against_the_note(self) -> tuple[int, str]:
        return self.verify(self.folder, "--checkpoint", self.noted)

    def export(self, *words: object, env: Mapping[str, str] = MappingProxyType({})) -> Any:
        environment = {"SENDLEDGER_PROOF_KEY_FILE": str(self.key), **env}
        given = [*map(str, words), "--store", self.url]
        return CliRunner().invoke(app, ["proof", "export", *given], env=environment)


def signed_log(url: str, folder: Path) -> SignedLog:
    found = SignedLog(url, folder / "tree", folder / "proof.key")
    make_keys(found.key)
    migrate(found.settings)
    with found.workplace("command") as workplace:
        much_happens(workplace)
    found.sign()
    found.note()
    return found
