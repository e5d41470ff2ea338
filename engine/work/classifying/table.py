"""The rows, read from the folder next to this file, in the order in which they are tried (C3)."""

import re
import tomllib
from functools import cache
from importlib.resources import files
from typing import Any

from engine.work.classifying.evidence import At, Auth, Protocol
from engine.work.classifying.outcome import Answer, Outcome
from engine.work.classifying.row import Row
from events.vocabulary import FailureClass

FILES = (
    *("worked", "microsoft", "limits", "network", "tokens"),
    *("signing_in", "passing", "password", "sending"),
)
FOLDER = files("engine.work.classifying") / "rows"
_NAMED = re.compile(r"\{([A-Z]\w*)\}")
_OUTCOMES: dict[str, Outcome] = {each.value: each for each in (*FailureClass, *Answer)}


def rows_of(text: str) -> list[Row]:
    """The rows of one file.

    ``[named]`` holds patterns that several rows use as ``{NAME}``. Line ends within a pattern are
    ignored.
    """
    found = tomllib.loads(text)
    return [_row(each, found.get("named", {})) for each in found["row"]]


def _row(entry: dict[str, Any], named: dict[str, str]) -> Row:
    def spelled(key: str) -> str | None:
        return _spelled(entry[key], named) if key in entry else None

    code = spelled("code")
    return Row(
        outcome=_OUTCOMES[entry["outcome"]],
        example=entry["example"],
        source=spelled("source") or "",
        says=_one_line(spelled("says") or ""),
        code=None if code is None else _one_line(code),
        protocol=Protocol(entry["protocol"]) if "protocol" in entry else None,
        stages=tuple(At(each) for each in entry.get("stages", ())),
        provider=entry.get("provider"),
        auth=Auth(entry["auth"]) if "auth" in entry else None,
        todo=spelled("todo") or "",
    )


def _spelled(text: str, named: dict[str, str]) -> str:
    return _NAMED.sub(lambda found: _spelled(named[found[1]], named), text)


def _one_line(pattern: str) -> str:
    return pattern.replace("\n", "")


@cache
def table() -> tuple[Row, ...]:
    """All of them, read when the first text is judged: most programs judge none."""
    return tuple(
        row for name in FILES for row in rows_of((FOLDER / f"{name}.toml").read_text("utf-8"))
    )
