"""Incoming messages, and what an account has sent, from files (docs/reading-mail.md)."""

import json
from pathlib import Path
from typing import Any

from engine.work.inbound import OCTETS, Sent, SentList, comparable, message_of


class UnreadableMail(Exception):
    """A file cannot be read; the text says where, and why."""


def octets_of(file: Path) -> bytes:
    """As much of a message as is looked at."""
    try:
        with file.open("rb") as message:
            return message.read(OCTETS)
    except OSError as error:
        raise UnreadableMail(f"{file}: {error.strerror}.") from error


def read_sent(file: Path) -> SentList:
    """What was sent. Other fields of a record are ignored. Raises ``UnreadableMail``."""
    try:
        found = json.loads(file.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise UnreadableMail(f"{file}: {error.strerror}.") from error
    except (ValueError, RecursionError) as error:
        raise UnreadableMail(f"{file}: no JSON in UTF-8.") from error
    if not isinstance(found, dict) or not isinstance(found.get("sent"), list):
        raise UnreadableMail(f"{file}: expected an object with `account` and `sent`, a list.")
    records = enumerate(found["sent"], start=1)
    sent = [_sent(record, f"{file}, record {number} of `sent`") for number, record in records]
    return SentList(_text(found, "account", str(file)), sent)


def _sent(record: Any, where: str) -> Sent:
    if not isinstance(record, dict):
        raise UnreadableMail(f"{where}: expected an object.")
    names = ("message_id", "campaign", "recipient", "address")
    message_id, campaign, recipient, address = (_text(record, name, where) for name in names)
    return Sent(message_of(message_id), campaign, recipient, comparable(address))


def _text(record: dict[str, Any], name: str, where: str) -> str:
    value = record.get(name)
    if not isinstance(value, str) or not value.strip():
        raise UnreadableMail(f"{where}: `{name}` must be a text.")
    return value
