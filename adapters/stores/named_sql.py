"""SQL lives in ``.sql`` files; this reads statements out of one by name.

A statement begins after a line ``-- name: …`` and ends before the next.
"""

import re
from pathlib import Path

_VALUE = re.compile(r"(?<![:\w]):([a-z_]+)")
_NAME = re.compile(r"^-- name: *(\w+)[^\n]*\n", re.MULTILINE)


def statements(path: Path) -> dict[str, str]:
    _, *parts = _NAME.split(path.read_text(encoding="utf-8"))
    names, texts = parts[::2], parts[1::2]
    return {name: text.strip() for name, text in zip(names, texts, strict=True)}


def with_named_values(text: str) -> str:
    """``:name`` as psycopg has it."""
    return _VALUE.sub(r"%(\1)s", text.replace("%", "%%"))
