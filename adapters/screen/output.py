"""The only way to a person or a program: lines, JSON, errors, questions."""

import json
import os
import sys
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any, NoReturn

import typer

from adapters.screen.escaping import escaped, escaped_json
from adapters.screen.exit_codes import ERROR_CODES, EXIT_FAILED, EXIT_UNKNOWN

FEW = 10
"""Known names that are listed if none is similar."""

errors_as_json: ContextVar[bool] = ContextVar("errors_as_json", default=False)
"""Whether the command was given ``--json``, so that its errors are for a program, too."""


def say(sentence: str, colour: str | None = None) -> None:
    """One line for the person at the keyboard. Colours are for terminals, without ``NO_COLOR``."""
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    text = escaped(sentence)
    typer.echo(text if plain else typer.style(text, fg=colour))


def warn(sentence: str) -> None:
    """One line on standard error, next to the answer."""
    typer.echo(escaped(sentence), err=True)


def print_json(value: Any, *, err: bool = False) -> None:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    (sys.stderr if err else sys.stdout).write(escaped_json(text) + "\n")


def complain(
    message: str | Sequence[str], exit_code: int, code: str | None = None, **about: Any
) -> None:
    """Report an error on standard error: lines for a person, one object for a program."""
    lines = [message] if isinstance(message, str) else message
    if errors_as_json.get():
        error = {"code": code or ERROR_CODES[exit_code], "message": "\n".join(lines), **about}
        print_json({"error": error}, err=True)
        return
    for line in lines:
        warn(line)


def fail(
    message: str | Sequence[str],
    exit_code: int = EXIT_FAILED,
    *,
    code: str | None = None,
    **about: Any,
) -> NoReturn:
    """End the program. ``code`` and the facts in ``about`` are only for programs."""
    complain(message, exit_code, code, **about)
    raise typer.Exit(exit_code)


def unknown(what: str, name: str, known: Sequence[str]) -> NoReturn:
    """End the program, since there is no such thing; names the most similar known ones, if any."""
    from difflib import get_close_matches

    near = get_close_matches(name, known, n=3, cutoff=0.4)
    hint = ""
    if near:
        hint = f" Did you mean {', '.join(near)}?"
    elif known:
        hint = f" Known: {', '.join(known[:FEW])}{' …' if len(known) > FEW else ''}."
    fail(
        f"There is no {what} {name}.{hint}",
        EXIT_UNKNOWN,
        what=what,
        name=name,
        known=[*(near or known[:FEW])],
    )


def agreed(question: str, *, yes: bool) -> None:
    """Continue only if the person agrees, when asked or by ``--yes``."""
    if yes:
        return
    if errors_as_json.get():
        fail("Nothing was changed: with --json, agree with --yes.", code="not_confirmed")
    if not typer.confirm(escaped(question), err=True):
        fail("Nothing was changed.")
