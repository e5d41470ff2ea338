"""An account's settings as given on the command line."""

from typing import Any

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail


def given(
    signature: str | None,
    sender_name: str | None,
    sending_speed: int | None,
    limit: list[str] | None,
    schedule: list[str] | None,
    folder: list[str] | None,
) -> dict[str, Any]:
    """The settings that were given, and no others."""
    given = {
        "signature": signature,
        "sender_name": sender_name,
        "sending_speed": sending_speed,
        "limits": _pairs(limit, whole_numbers=True),
        "schedule": _pairs(schedule),
        "folders": _pairs(folder),
    }
    return {name: value for name, value in given.items() if value is not None}


def _pairs(texts: list[str] | None, *, whole_numbers: bool = False) -> dict[str, Any] | None:
    if not texts:
        return None
    pairs: dict[str, Any] = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            fail(f"Expected NAME=VALUE, found {text!r}.", EXIT_UNREADABLE)
        if whole_numbers and not (value.isascii() and value.isdigit()):
            fail(f"Expected a whole number in {text!r}.", EXIT_UNREADABLE)
        pairs[name.strip()] = int(value) if whole_numbers else value
    return pairs


def spoken(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name}={each}" for name, each in value.items()) or "none"
    return str(value)
