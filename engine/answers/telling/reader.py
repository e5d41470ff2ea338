"""The reader: in which zone times are shown, and which recipients have a name."""

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, reset_tzpath


class UnknownZone(ValueError):
    """There is no such time zone in the IANA database."""


class Reader(NamedTuple):
    zone: tzinfo = UTC
    says_zone: bool = True
    """False if the zone is named once, above all sentences."""
    names: Mapping[str, str] = {}
    """Recipient id to name, for those that the directory knows."""

    def when(self, moment: datetime) -> str:
        """The time, to the second. In an hour that the clocks show twice, it always says which one
        is meant."""
        local = moment.astimezone(self.zone)
        twice = local.utcoffset() != local.replace(fold=1 - local.fold).utcoffset()
        zone = f" {local:%Z}" if self.says_zone or twice else ""
        return f"{local:%Y-%m-%d %H:%M:%S}{zone}"

    def person(self, recipient_id: str) -> str:
        """The recipient's name if there is one, otherwise the id."""
        return self.names.get(recipient_id) or recipient_id


def full_name(name: str, address: str) -> str:
    """``Anna Berg <anna@example.com>``, or the address alone."""
    return f"{name} <{address}>" if name else address


ANYBODY = Reader()
"""Reads UTC, and knows no names."""


def zone_named(name: str) -> tzinfo:
    """The zone with a name like ``Europe/Berlin``. Raises ``UnknownZone``."""
    if name == "UTC":
        return UTC
    reset_tzpath(to=())  # the pinned tables give the same result on every machine
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise UnknownZone(name) from None
