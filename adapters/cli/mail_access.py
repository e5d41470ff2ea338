"""The access to a mailbox, as given on the command line.

A password is never an argument, which every user of the machine could read: it comes from the
keyboard, from standard input or from a file.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NamedTuple

import typer

from adapters.screen.exit_codes import EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.output import agreed, fail, warn

if TYPE_CHECKING:
    from adapters.cli.common import Session
    from engine.work.access import Access, Server
    from engine.work.secret import Secret

LONGEST = 10_000
"""Characters in a password, or in an app password with the text around it."""
_METAVAR = "HOST[:PORT][/starttls|/tls]"

Imap = Annotated[
    str | None,
    typer.Option(metavar=_METAVAR, help="IMAP server. Default: proposed from the address."),
]
Smtp = Annotated[
    str | None,
    typer.Option(metavar=_METAVAR, help="SMTP server. Default: proposed from the address."),
]
User = Annotated[str | None, typer.Option(help="Name for the login. Default: the address.")]
PasswordFile = Annotated[
    Path | None, typer.Option(help="A file whose first line is the password; - is standard input.")
]


class Given(NamedTuple):
    """What the person gave for the access."""

    imap: str | None = None
    smtp: str | None = None
    user: str | None = None
    password_file: Path | None = None
    yes: bool = False


def by_password(here: "Session", address: str, given: Given) -> "Access":
    """Access with the given servers, or shown proposals; ends the program if there are none."""
    from adapters.composition.mail_servers import proposed_servers
    from engine.work.access import Access

    imap = server(given.imap, 993, 143) if given.imap else None
    smtp = server(given.smtp, 465, 587) if given.smtp else None
    if imap is None or smtp is None:
        proposed = proposed_servers(here.settings, address)
        imap, smtp = imap or proposed.imap, smtp or proposed.smtp
        if imap is None or smtp is None:
            lacking = " and ".join(
                name for name, each in (("--imap", imap), ("--smtp", smtp)) if each is None
            )
            fail(f"Nobody names the servers of {address}: give {lacking}.", EXIT_UNREADABLE)
        warn(f"Servers: IMAP {imap}, SMTP {smtp}; --imap and --smtp name others.")
        if not proposed.certain:
            question = f"DNS alone names them for {address}. Is the password to be sent there?"
            agreed(question, yes=given.yes)
    secret = password(given.password_file, address)
    return Access("imap", given.user or address, imap, smtp, secret)


def by_consent(
    here: "Session", provider: str, address: str, subject: str | None = None, *, again: bool = False
) -> "Access":
    """Access by the consent that the mailbox's owner gives in a browser on this machine.

    Raises ``ConsentRefused`` for too few permissions or another mailbox, and ``TokenError``.
    """
    from adapters.composition.mailboxes import loopback_consent
    from adapters.composition.programs import logs_beside_answers

    logs_beside_answers()
    with loopback_consent(here.opened, here.settings, provider) as consent:
        url = consent.start(address, again=again)
        warn(f"Open this within 5 minutes in the browser in which {address} is signed in:")
        warn(url)
        return consent.wait(address, subject)


def consented(
    consent: "Callable[[], Access]",
    record: Callable[[str], object] = lambda _: None,
) -> "Access":
    """The consent's access. A refusal is passed to ``record`` by its code, and ends the program."""
    from engine.work.classifying.classifier import classify
    from engine.work.consents import ConsentRefused
    from engine.work.tokens import TokenError

    try:
        return consent()
    except ConsentRefused as refused:
        record(refused.code)
        fail(f"Refused ({refused.code}): {refused}", EXIT_REFUSED, code=refused.code)
    except TokenError as error:
        verdict = classify(error.evidence)
        fail(verdict.sentence, EXIT_REFUSED, code=str(verdict.outcome))


def server(text: str, implicit: int, starttls: int) -> "Server":
    """As ``read_server``; ends the program if it is not a server."""
    from engine.work.written_servers import read_server

    try:
        return read_server(text, implicit, starttls)
    except ValueError as error:
        fail(f"{error}.", EXIT_UNREADABLE)


def password(file: Path | None, whose: str) -> "Secret":
    """The password from the file or the keyboard; ends the program if there is neither."""
    from engine.work.secret import Secret

    if file is None and not sys.stdin.isatty():
        fail("There is nobody to ask for the password: give --password-file.", EXIT_UNREADABLE)
    found = _asked(whose) if file is None else _first_line(file)
    if not found:
        fail("The password is empty.", EXIT_UNREADABLE)
    return Secret(found)


def _asked(whose: str) -> str:
    from adapters.screen.escaping import escaped

    asked: str = typer.prompt(escaped(f"Password of {whose}"), hide_input=True, err=True)
    return asked


def _first_line(file: Path) -> str:
    try:
        with sys.stdin.buffer if str(file) == "-" else file.open("rb") as opened:
            line = opened.readline(LONGEST + 1)
    except OSError as error:
        fail(f"{file} cannot be read: {error.strerror}.", EXIT_UNREADABLE)
    if len(line) > LONGEST:
        fail(f"The first line of {file} is too long for a password.", EXIT_UNREADABLE)
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        fail(f"{file} is not in UTF-8.", EXIT_UNREADABLE)
