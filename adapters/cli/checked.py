"""Reports what a connection check found."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from adapters.cli.common import Session
from adapters.screen.exit_codes import EXIT_REFUSED
from adapters.screen.output import fail, print_json, say, warn

if TYPE_CHECKING:
    from adapters.settings.model import EngineSettings
    from aggregates.email_account import EmailAccount
    from engine.reply import Refusal
    from engine.work.check_connection import Checked
    from engine.work.findings import Findings, StageSeen, Watch

_CREDENTIALS = ("auth_bad_credentials", "auth_revoked", "auth_insufficient_scope")
"""The failure classes (C3) that new credentials cure."""


def insist(here: Session, checked: "Checked", hint: str = "") -> None:
    """End the program if it was refused, and say what to do; ``hint``: with which command."""
    refusal, findings = checked.refusal, checked.findings
    if refusal is not None and findings is not None and findings.sentence:
        told = [f"Refused ({refusal.code}): {refusal.message}", findings.sentence]
        told += [hint] if hint else []
        fail(told, EXIT_REFUSED, code=refusal.code, check=findings.to_json())
    if checked.reply is not None:
        here.insist(checked.reply)


def explained_refusal(checked: "Checked") -> "Refusal | None":
    """The refusal with what the check found, for a report with one line per account."""
    refusal, findings = checked.refusal, checked.findings
    if refusal is None or findings is None or not findings.sentence:
        return refusal
    return refusal._replace(message=f"{refusal.message} {findings.sentence}")


def new_credentials(account: "EmailAccount", findings: "Findings | None") -> str:
    """The command that gives new credentials, if the present ones open no mailbox."""
    found = findings.report.found if findings else None
    if account.provider == "simulated" or found not in _CREDENTIALS:
        return ""
    new = "a new password" if account.provider == "imap" else "new consent"
    return f"With {new}: sendledger accounts reconnect {account.id} --anew"


def tell(here: Session, address: str, sentence: str, **more: Any) -> None:
    """Say what was done; with ``--json`` the account as it is now, and ``more``."""
    from engine.answers.telling import rows

    if here.at.as_json:
        row = here.answers().accounts[address]
        print_json({"account": rows.told(row, rows.ACCOUNT), **more})
    else:
        say(sentence)


def tell_stage(seen: "StageSeen") -> None:
    """Print a line on standard error as soon as a stage ends, so that a slow server is noticed."""
    ended = "passed" if seen.passed else "FAILED"
    warn(f"{seen.side.upper()}  {seen.stage:5}  {ended}  {seen.milliseconds:,.0f} ms")


def tell_stages_of(address: str) -> "Watch":
    """As ``tell_stage``, with the account's address before it, for checks one after another."""
    warn(f"{address}:")
    return tell_stage


def domain_warnings(settings: "EngineSettings", address: str) -> Callable[[], None]:
    """Look up the sender's domain in parallel. Calling the result says what the domain lacks."""
    from adapters.composition.mail_servers import sender_domain_warnings

    found = sender_domain_warnings(settings, address)

    def say_them() -> None:
        for each in found():
            warn(f"Warning: {each}")

    return say_them


def tell_found(here: Session, account: "EmailAccount", findings: "Findings | None") -> None:
    """Say what a check found, and what the Connection Status is now."""
    assert findings is not None
    address = account.id
    row, found = here.answers().accounts[address], findings.report.found
    why = f" {findings.sentence or row.reason or ''}".rstrip()
    outcome = "The check passed." if found is None else f"The check found {found}."
    status = f"{outcome} Connection Status of {address}: {row.status}.{why}"
    tell(here, address, status, check=findings.to_json())
    hint = new_credentials(account, findings)
    if hint and not here.at.as_json:
        say(hint)
