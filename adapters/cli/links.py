"""``sendledger accounts link``: a link for an owner who works at another machine."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli.common import Session, session
from adapters.cli.durations import duration
from adapters.screen.exit_codes import EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.options import Account
from adapters.screen.output import fail, print_json, say
from adapters.screen.reading import reader
from adapters.screen.where import Zoned

if TYPE_CHECKING:
    from aggregates.email_account import EmailAccount

LONGEST = timedelta(days=30)


def link(
    account: Account,
    good_for: Annotated[
        str, typer.Option("--for", help="How long it is good: `PT2H`, `2 days`, or seconds.")
    ] = "P1D",
    *,
    at: Zoned,
) -> None:
    """Make a link with which the mailbox's owner can reconnect it once, in a browser."""
    from adapters.composition.mailboxes import link_to, signed_links
    from events.vocabulary import instant_text

    span = duration("--for", good_for, LONGEST)
    with session(at) as here:
        found = _account(here, account)
        until = here.store.now() + span
        made = signed_links(here.opened, here.settings).make(here.workspace, found.id, until)
        address = link_to(here.settings, made)
        if at.as_json:
            told = {"account_id": found.id, "link": address, "until": instant_text(made.until)}
            print_json(told)
            return
        say(address)
        say(
            f"Whoever has it can reconnect {found.id} with One-Click Reconnect, once, until "
            f"{reader().when(made.until)}. Give it to the mailbox's owner alone."
        )


def _account(here: Session, name: str) -> "EmailAccount":
    """The account, if a link can reconnect it; ends the program otherwise."""
    from adapters.cli.known_account import known
    from adapters.composition.mailboxes import providers

    if here.settings.public_url is None:
        fail("Setting public_url: a link needs to know how owners reach it.", EXIT_UNREADABLE)
    found = known(here, name)
    if not found.connected:
        text = f"{found.id} is disconnected. Connect it to a slot first."
        fail(text, EXIT_REFUSED, code="not_connected")
    if found.provider not in providers(here.settings):
        _require_password(found, here.settings.public_url)
    return found


def _require_password(account: "EmailAccount", public_url: str) -> None:
    """End the program if the link's page could not ask for the account's password."""
    from engine.answers.telling.reconnecting import PERMISSIONS

    if account.provider in PERMISSIONS:
        text = f"The settings name no client for {account.provider}; see docs/providers.md."
        fail(text, EXIT_UNREADABLE)
    if account.credentials is None:
        text = f"Nothing opens the mailbox of {account.id}: its provider is {account.provider}."
        fail(text, EXIT_UNREADABLE)
    if not public_url.startswith("https://"):
        text = f"{account.id} has a password, which is only asked for over https: see public_url."
        fail(text, EXIT_UNREADABLE)
