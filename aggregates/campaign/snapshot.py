"""A campaign's state as plain data, for a snapshot.

Many recipients are in the same state, so each state is stored once, with the ids in it. ``FORMAT``
is raised whenever the shape or the meaning of the state changes; snapshots of another format are
ignored, and the history is replayed instead.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from enum import StrEnum
from functools import cache, partial
from types import NoneType
from typing import Any, cast, get_args, get_origin, get_type_hints

from immutables import Map

from aggregates.campaign.state import Campaign, Clock, Lane, Recipient
from events.sequence import MailSequence
from events.vocabulary import (
    CampaignStatus,
    Mode,
    RecipientStatus,
)

FORMAT = 3


def to_plain(campaign: Campaign) -> dict[str, Any]:
    """Data that JSON can hold, and from which ``from_plain`` makes the same state."""
    groups: dict[Recipient, list[str]] = {}
    for recipient_id, recipient in campaign.recipients.items():
        groups.setdefault(recipient, []).append(recipient_id)
    return {
        "id": campaign.id,
        "mode": campaign.mode,
        "status": campaign.status,
        "slot_id": campaign.slot_id,
        "sender": campaign.sender,
        "causes": sorted(campaign.causes),
        "recipients": [(_plain(state), sorted(ids)) for state, ids in groups.items()],
        "lanes": {account: _plain_lane(lane) for account, lane in campaign.lanes.items()},
        "open": campaign.open,
        "mail_id": campaign.mail_id,
        "sequence": campaign.sequence.model_dump(mode="json") if campaign.sequence else None,
        "day": _plain(campaign.day),
        "day_used": campaign.day_used,
        "sends": campaign.sends,
        "bounces": campaign.bounces,
    }


def from_plain(data: dict[str, Any]) -> Campaign:
    return Campaign(
        id=data["id"],
        mode=Mode(data["mode"]),
        status=CampaignStatus(data["status"]),
        slot_id=data["slot_id"],
        sender=data["sender"],
        causes=frozenset(data["causes"]),
        recipients=_members((_made(Recipient, state), ids) for state, ids in data["recipients"]),
        lanes=Map({account: _lane(lane) for account, lane in data["lanes"].items()}),
        open=data["open"],
        mail_id=data["mail_id"],
        sequence=MailSequence(**data["sequence"]) if data["sequence"] else None,
        day=date.fromisoformat(data["day"]) if data["day"] else None,
        day_used=data["day_used"],
        sends=data["sends"],
        bounces=data["bounces"],
    )


def _plain(value: Any) -> Any:
    """A part of the state: the fields of a tuple become a list, and moments become texts."""
    match value:
        case date():
            return value.isoformat()
        case tuple():
            return [_plain(each) for each in value]
        case _:
            return value


def _plain_lane(lane: Lane) -> list[Any]:
    return [
        lane.listed,
        _plain(lane.clock),
        list(lane.soft),
        list(lane.contacted),
        list(lane.first_sends),
        dict(lane.ended),
    ]


def _lane(state: list[Any]) -> Lane:
    listed, clock, soft, contacted, first_sends, ended = state
    return Lane(
        listed,
        _made(Clock, clock) if clock else None,
        Map(dict.fromkeys(soft)),
        Map(dict.fromkeys(contacted)),
        Map(dict.fromkeys(first_sends)),
        Map({RecipientStatus(status): count for status, count in ended.items()}),
    )


def _made(kind: Any, state: Sequence[Any]) -> Any:
    """The named tuple of which ``state`` has the fields."""
    pairs = zip(_readers(kind), state, strict=True)
    return kind(*(None if value is None else read(value) for read, value in pairs))


@cache
def _readers(kind: Any) -> Sequence[Callable[[Any], Any]]:
    return [_reader(hint) for hint in get_type_hints(kind).values()]


def _reader(hint: Any) -> Callable[[Any], Any]:
    """How a field of this annotation is read, unless it is None."""
    (kind, *_) = [each for each in get_args(hint) if each is not NoneType] or [hint]
    if get_origin(hint) is tuple:
        read = _reader(kind)
        return lambda values: tuple(map(read, values))
    if hasattr(kind, "_fields"):
        return partial(_made, kind)
    if kind in (date, datetime):
        return cast("Callable[[str], date]", kind.fromisoformat)
    return kind if isinstance(kind, type) and issubclass(kind, StrEnum) else _as_it_is


def _as_it_is(value: Any) -> Any:
    return value


def _members(groups: Iterable[tuple[Recipient, list[str]]]) -> Map[str, Recipient]:
    everyone: dict[str, Recipient] = {}
    for recipient, ids in groups:
        everyone.update(dict.fromkeys(ids, recipient))
    return Map(everyone)
