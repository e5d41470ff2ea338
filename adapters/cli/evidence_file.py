"""Servers' answers from a file: JSON lines, or one JSON array (docs/classifier.md)."""

import json
from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeVar

from engine.work.classifying.evidence import At, Auth, Evidence, Protocol

Word = TypeVar("Word", bound=StrEnum)


class UnreadableEvidence(Exception):
    """The file cannot be read as evidence; the text says where, and why."""


def read_evidence(file: Path) -> list[Evidence]:
    """All evidence in the file. Other fields are ignored. Raises ``UnreadableEvidence``."""
    try:
        text = file.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise UnreadableEvidence(f"{file}: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise UnreadableEvidence(f"{file}, line {line}: not UTF-8.") from error
    return [_evidence(found, f"{file}, {where}") for where, found in _records(text, file)]


def _records(text: str, file: Path) -> Iterator[tuple[str, Any]]:
    if text.lstrip().startswith("["):
        for number, found in enumerate(_parsed(text, file, first_line=1), start=1):
            yield f"record {number}", found
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield f"line {number}", _parsed(line, file, first_line=number)


def _parsed(text: str, file: Path, *, first_line: int) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        line = first_line + error.lineno - 1
        raise UnreadableEvidence(f"{file}, line {line}: no JSON: {error.msg}.") from error
    except (RecursionError, ValueError) as error:
        raise UnreadableEvidence(f"{file}, line {first_line}: JSON too deep or big.") from error


def _evidence(found: Any, where: str) -> Evidence:
    if not isinstance(found, dict):
        raise UnreadableEvidence(f"{where}: expected an object with protocol, stage and text.")
    provider, fresh = found.get("provider"), found.get("token_fresh", False)
    if not (provider is None or isinstance(provider, str)):
        raise UnreadableEvidence(f"{where}: `provider` must be a text or null.")
    if not isinstance(fresh, bool):
        raise UnreadableEvidence(f"{where}: `token_fresh` must be true or false.")
    if not isinstance(found.get("text"), str):
        raise UnreadableEvidence(f"{where}: `text` must be a text.")
    return Evidence(
        protocol=_word(Protocol, "protocol", found, where),
        stage=_word(At, "stage", found, where),
        text=found["text"],
        provider=provider,
        auth=_word(Auth, "auth", found, where),
        token_fresh=fresh,
    )


def _word(words: type[Word], name: str, found: dict[str, Any], where: str) -> Word:
    try:
        return words(str(found.get(name)))
    except ValueError:
        known = ", ".join(words)
        raise UnreadableEvidence(f"{where}: `{name}` must be one of {known}.") from None
