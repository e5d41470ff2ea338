"""The provider at which an account is connected, and which options fit it."""

from typing import Annotated

import typer

from adapters.cli.common import Session
from adapters.cli.mail_access import Given
from adapters.cli.told_results import Verdict
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, warn

SIMULATED = "simulated"
PROVIDERS = (SIMULATED, "imap", "google", "microsoft")
Provider = Annotated[
    str | None,
    typer.Option(
        help="`imap` for any server with a password, `google` or `microsoft` with their consent; "
        "`simulated` asks no server. Default: what the account had before, else `simulated`."
    ),
]


def provider_of(here: Session, address: str, given: Given, result: Verdict | None) -> str:
    """The account's provider before it was disconnected; by default one that asks no server."""
    with here.look() as now:
        provider = now.account(address).provider or SIMULATED
    require_fitting(provider, given, result)
    if provider == SIMULATED:
        warn("The provider is `simulated`: no mail server is asked. See --provider.")
    return provider


def require_fitting(provider: str, given: Given, result: Verdict | None) -> None:
    """End the program for options that belong to another provider."""
    if provider == SIMULATED and given != Given(yes=given.yes):
        fail("A mail server is asked with --provider imap.", EXIT_UNREADABLE)
    if provider in ("google", "microsoft") and given != Given(yes=given.yes):
        fail(f"{provider} names its servers, and asks for no password here.", EXIT_UNREADABLE)
    if provider != SIMULATED and result is not None:
        fail("--result is what a simulated check finds.", EXIT_UNREADABLE)
