"""SQL lives in ``.sql`` files; this reads statements out of one by name.

A statement begins after a line ``-- name: …`` and ends before the next.
"""

import json
import re
from datetime import datetime
from pathlib import Path
from typing import Any

from adapters.stores.microseconds import to_micros

_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")
_LOCK = re.compile(r"^LOCK TABLE .*|\s*\bFOR UPDATE( SKIP LOCKED)?\b", re.MULTILINE)
_LIST = re.compile(r"(= ANY|<> ALL) \((:[a-z_]+)\)")
_NAME = re.compile(r"^-- name: *(\w+)[^\n]*\n", re.MULTILINE)


def statements(path: Path) -> dict[str, str]:
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    return {name: text.strip() for name, text in zip(names, texts, strict=True)}


def for_psycopg(path: Path) -> dict[str, str]:
    """Statements with ``:name`` or ``?`` for values, as psycopg has them."""
    return {name: _for_psycopg(text) for name, text in statements(path).items()}


def _for_psycopg(text: str) -> str:
    return _VALUE.sub(r"%(\1)s", text.replace("%", "%%")).replace("?", "%s")


def embedded(text: str) -> str:
    """As SQLite has it: without locks, since there is one writer at a time, and a list as JSON."""
    return _LIST.sub(_from_json, _LOCK.sub("", text))


def _from_json(found: re.Match[str]) -> str:
    how = "IN" if found[1] == "= ANY" else "NOT IN"
    return f"{how} (SELECT value FROM json_each({found[2]}))"  # noqa: S608 a name in our own file


def embedded_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return to_micros(value)
    return json.dumps(value) if isinstance(value, list) else value
