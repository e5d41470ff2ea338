"""Durations as people write them on the command line."""

from datetime import timedelta

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail


def duration(option: str, text: str, longest: timedelta) -> timedelta:
    """The duration in ``PT2H``, ``2 days`` or seconds; ends the program if unreadable or longer."""
    from pydantic import TypeAdapter, ValidationError

    from adapters.settings.durations import Positive

    try:
        found: timedelta = TypeAdapter(Positive).validate_python(text)
    except ValidationError:
        expected = f"{option}: expected a duration like `PT2H` or `2 days`, found {text!r}."
        fail(expected, EXIT_UNREADABLE)
    if found > longest:
        fail(f"{option}: {longest.days} days at most.", EXIT_UNREADABLE)
    return found
