"""What a check of a connection found, as it is told."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapters.cli.common import Session
from adapters.screen.exit_codes import EXIT_REFUSED
from adapters.screen.output import fail, print_json, say, warn

if TYPE_CHECKING:
    from adapters.settings import EngineSettings
    from engine.work.check_connection import Checked
    from engine.work.findings import Findings, StageSeen


def insist(here: Session, checked: "Checked") -> None:
    """A refusal ends the program, with what is to be done."""
    refusal, findings = checked.refusal, checked.findings
    if refusal is not None and findings is not None and findings.sentence:
        told = [f"Refused ({refusal.code}): {refusal.message}", findings.sentence]
        fail(told, EXIT_REFUSED, code=refusal.code, check=_as_json(findings))
    if checked.reply is not None:
        here.insist(checked.reply)


def tell(here: Session, address: str, sentence: str, as_json: bool, **more: Any) -> None:
    """What was done, and the account as it is now; ``more`` for programs."""
    from engine.answers.telling import rows

    if as_json:
        row = here.answers().accounts[address]
        print_json({"account": rows.told(row, rows.ACCOUNT), **more})
    else:
        say(sentence)


def tell_stage(seen: "StageSeen") -> None:
    """A line on standard error as soon as a stage ends, so that a slow server can be seen."""
    ended = "passed" if seen.passed else "FAILED"
    warn(f"{seen.side.upper()}  {seen.stage:5}  {ended}  {seen.milliseconds:,.0f} ms")


def domain_warnings(settings: "EngineSettings", address: str) -> Callable[[], None]:
    """Looks up the sender's domain beside the check; called, it says what is lacking there."""
    from adapters.composition import sender_domain_warnings

    found = sender_domain_warnings(settings, address)

    def say_them() -> None:
        for each in found():
            warn(f"Warning: {each}")

    return say_them


def tell_found(here: Session, address: str, findings: "Findings | None", as_json: bool) -> None:
    """What a check found, and how the account is since."""
    assert findings is not None
    row, found = here.answers().accounts[address], findings.report.found
    why = f" {findings.sentence or row.reason or ''}".rstrip()
    outcome = "The check passed." if found is None else f"The check found {found}."
    status = f"{outcome} Connection Status of {address}: {row.status}.{why}"
    tell(here, address, status, as_json, check=_as_json(findings))


def _as_json(findings: "Findings") -> dict[str, Any]:
    report = findings.report
    return {
        "passed": [*report.passed],
        "failed_at": report.failed_at,
        "class": report.found,
        "classifier": report.classifier,
        "evidence": report.evidence_digest,
        "sentence": findings.sentence or None,
        "sent_folder": findings.folders.sent if findings.folders else None,
    }
