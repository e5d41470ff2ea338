"""The time zone in which times are shown: UTC, or the one of ``--zone``."""

from collections.abc import Mapping
from contextvars import ContextVar
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail

if TYPE_CHECKING:
    from engine.answers.telling.reader import Reader

_zone: ContextVar[str] = ContextVar("zone", default="UTC")


def _chosen(name: str | None) -> str | None:
    from engine.answers.telling.reader import UnknownZone, zone_named

    if name is not None:
        try:
            zone_named(name)
        except UnknownZone:
            fail(f"There is no time zone {name}. Name one like Europe/Berlin.", EXIT_UNREADABLE)
    _zone.set(name or "UTC")
    return name


Zone = Annotated[
    str | None,
    typer.Option(
        "--zone",
        help="Show times in this zone, such as Europe/Berlin. Default: UTC. JSON stays in UTC.",
        callback=_chosen,
    ),
]
"""For a parameter that no function reads: what is shown asks ``reader``."""


def zone_name() -> str:
    return _zone.get()


def reader(*, says_zone: bool = False, names: Mapping[str, str] | None = None) -> "Reader":
    """The person at the screen. ``says_zone``: the zone is shown with each time, not once."""
    from engine.answers.telling.reader import Reader, zone_named

    return Reader(zone_named(zone_name()), says_zone, names or {})
