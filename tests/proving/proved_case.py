"""Stops of both kinds in a signed log, and what the auditor's tools make of them."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner
from verify_case import main

from adapters.cli.auditing.verify import Trust, case_verified
from adapters.composition.programs import running
from adapters.program import app
from engine.proof.errors import ProofError
from engine.proof.notes import NoteError
from engine.work.ports import Person
from events.catalogue import UnreadableEvent
from replay import app as replay
from tests.law.story import (
    BOB,
    DAY,
    SPRING,
    attempt_notice,
    fail,
    hear_from,
    import_recipients,
    incident,
    resume,
)
from tests.proving.signed_log import LATER, SignedLog, signed_log
from tests.workplace import ACME

ON_ITS_WAY = "r5"
"""Stopped by the disconnect of their sender, once it was known that an email had left (S8)."""
PERSON = Person(address="mara@nordlicht.test", name="Mara Nordlicht", variables={})


class ProvedCase(NamedTuple):
    log: SignedLog
    failed: str
    """The recipient who was stopped because their sender's connection failed; in the directory."""

    @property
    def at(self) -> tuple[str, ...]:
        return "--store", self.log.url, "--workspace", ACME

    def prove(self, recipient: str, out: Path, *words: object) -> tuple[int, str]:
        """The exit code, and what is said."""
        about = "--campaign", SPRING, "--recipient", recipient, "--out", str(out)
        where = "--tiles", str(self.log.folder), *map(str, words), *self.at
        ran = CliRunner().invoke(replay, ["prove", *about, *where])
        if ran.exception is not None and not isinstance(ran.exception, SystemExit):
            raise ran.exception
        return ran.exit_code, " ".join((ran.stdout + ran.stderr).split())

    def why(self, recipient: str) -> Any:
        words = "recipients", "why", recipient, "--campaign", SPRING, "--json", *self.at
        ran = CliRunner().invoke(app, words)
        assert ran.exit_code == 0, ran.output
        return json.loads(ran.stdout)

    def forget(self, recipient: str) -> None:
        ran = CliRunner().invoke(app, ["recipients", "forget", recipient, "--yes", *self.at])
        assert ran.exit_code == 0, ran.output

    def by_the_script(self, file: Path, key: Path | None = None) -> bool:
        noted = "--checkpoint", str(self.log.noted)
        return main([str(file), "--key", str(key or self.log.verifier_key), *noted]) == 0

    def by_the_house(self, file: Path, key: Path | None = None) -> bool:
        try:
            trust = Trust.of(key or self.log.verifier_key, None)
            case_verified(file, self.log.noted, trust)
        except (ProofError, NoteError, UnreadableEvent):
            return False
        return True


def proved_case(url: str, folder: Path) -> ProvedCase:
    """A checkpoint was noted before the second stop."""
    log = signed_log(url, folder)
    with running(log.settings) as program:
        (failed,) = program.opened.directory.enrol(ACME, [PERSON])
    with log.workplace("more") as workplace:
        workplace.at(LATER).given(
            import_recipients(failed),
            resume(),
            hear_from(BOB, failed),
            fail(BOB),
            attempt_notice(BOB, incident(BOB, 2), delivered=True),
        )
        workplace.at(LATER + 10 * DAY).tick()
    log.export(log.folder, "--key-out", log.verifier_key)
    return ProvedCase(log, failed)
