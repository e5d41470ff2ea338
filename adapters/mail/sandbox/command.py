"""``sendledger sandbox``."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Json
from adapters.screen.output import fail, print_json, say

if TYPE_CHECKING:
    from adapters.mail.sandbox.world import Served


def sandbox(
    account: Annotated[
        list[str] | None,
        typer.Option(
            metavar="ADDRESS:PASSWORD", help="A mailbox; repeat it for more. Default: three."
        ),
    ] = None,
    first_port: Annotated[
        int | None,
        typer.Option(
            min=1, max=65_528, help="The first of seven ports in a row. Default: any that are free."
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Option(help="Where the certificates are put. Default: a folder that is removed."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run IMAP, SMTP and OAuth servers on this machine that fail on command, until Ctrl-C."""
    import signal
    from threading import Event

    try:
        from adapters.mail.sandbox.sandbox import ACCOUNTS, Sandbox
    except ModuleNotFoundError as missing:
        fail(f"The sandbox needs {missing.name}: install sendledger[sandbox].")
    accounts = [_read(each) for each in account or []] or ACCOUNTS
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    ended = Event()
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, lambda *_: ended.set())
    try:
        with Sandbox(accounts, folder=folder, first_port=first_port) as here:
            _show(here.served(), as_json=as_json)
            ended.wait()
    except OSError as error:
        fail(f"The sandbox cannot serve: {error.strerror or error}.")


def _read(account: str) -> tuple[str, str]:
    address, separator, password = account.partition(":")
    if not separator or "@" not in address or not password:
        fail(f"Write an account as ADDRESS:PASSWORD, not {account}.", EXIT_UNREADABLE)
    return address.strip().lower(), password


def _show(served: "Served", *, as_json: bool) -> None:
    import sys

    if as_json:
        print_json(served)
    else:
        host, oauth = served["host"], served["oauth"]
        say(f"IMAP     {host}:{served['imap']} with STARTTLS, {host}:{served['imaps']} with TLS")
        say(f"SMTP     {host}:{served['smtp']} with STARTTLS, {host}:{served['smtps']} with TLS")
        say(f"OAuth    {oauth['issuer']}, client {oauth['client_id']}:{oauth['client_secret']}")
        say(f"Control  {served['control']}")
        say(f"CA       {served['ca_file']}")
        for each in served["accounts"]:
            say(f"Mailbox  {each['address']}, password {each['password']}")
        say("Ctrl-C ends it, and all mail in it is gone.")
    sys.stdout.flush()
