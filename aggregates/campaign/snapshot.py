"""A campaign's state as plain data, for a snapshot.

Many recipients are in the same state, so each state is stored once, with the ids in it. ``FORMAT``
is raised whenever the shape or the meaning of the state changes; snapshots of another format are
ignored, and the history is replayed instead.
"""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from immutables import Map

from aggregates.campaign.state import Campaign, Clock, Lane, Progress, Recipient, Sending
from events.sequence import MailSequence
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    IncidentKind,
    Mode,
    RecipientStatus,
    SearchResult,
)

FORMAT = 2


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
        "recipients": [(_plain_recipient(state), sorted(ids)) for state, ids in groups.items()],
        "lanes": {account: _plain_lane(lane) for account, lane in campaign.lanes.items()},
        "open": campaign.open,
        "mail_id": campaign.mail_id,
        "sequence": campaign.sequence.model_dump(mode="json") if campaign.sequence else None,
        "day": _text(campaign.day),
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
        recipients=_members((_recipient(state), ids) for state, ids in data["recipients"]),
        lanes=Map({account: _lane(lane) for account, lane in data["lanes"].items()}),
        open=data["open"],
        mail_id=data["mail_id"],
        sequence=MailSequence(**data["sequence"]) if data["sequence"] else None,
        day=_day(data["day"]),
        day_used=data["day_used"],
        sends=data["sends"],
        bounces=data["bounces"],
    )


def _plain_recipient(recipient: Recipient) -> list[Any]:
    return [
        recipient.status,
        recipient.sender,
        recipient.emails,
        _plain_sending(recipient.sending),
        _text(recipient.held_until),
        [_plain_sending(each) for each in recipient.unknown],
        _plain_progress(recipient.progress),
    ]


def _recipient(state: list[Any]) -> Recipient:
    status, sender, emails, sending, held_until, unknown, progress = state
    return Recipient(
        RecipientStatus(status),
        sender,
        emails,
        _sending(sending),
        _moment(held_until),
        tuple(found for each in unknown if (found := _sending(each))),
        _progress(progress),
    )


def _plain_sending(sending: Sending | None) -> list[Any] | None:
    if sending is None:
        return None
    return [
        sending.account_id,
        sending.send_id,
        _plain_clock(sending.ran_out),
        sending.step,
        _text(sending.reserved_at),
        _text(sending.day),
        sending.answer,
    ]


def _sending(state: list[Any] | None) -> Sending | None:
    if state is None:
        return None
    account_id, send_id, ran_out, step, reserved_at, day, answer = state
    return Sending(
        account_id,
        send_id,
        _clock(ran_out),
        step,
        _moment(reserved_at),
        _day(day),
        SearchResult(answer) if answer else None,
    )


def _plain_progress(progress: Progress) -> list[Any]:
    return [
        list(progress.done),
        _text(progress.last_at),
        progress.again,
        progress.tries,
        _text(progress.first_tried_at),
        _text(progress.retry_at),
    ]


def _progress(state: list[Any]) -> Progress:
    done, last_at, again, tries, first_tried_at, retry_at = state
    return Progress(
        tuple(done), _moment(last_at), again, tries, _moment(first_tried_at), _moment(retry_at)
    )


def _plain_lane(lane: Lane) -> list[Any]:
    return [
        lane.listed,
        _plain_clock(lane.clock),
        list(lane.soft),
        list(lane.contacted),
        list(lane.first_sends),
        dict(lane.ended),
    ]


def _lane(state: list[Any]) -> Lane:
    listed, clock, soft, contacted, first_sends, ended = state
    return Lane(
        listed,
        _clock(clock),
        Map(dict.fromkeys(soft)),
        Map(dict.fromkeys(contacted)),
        Map(dict.fromkeys(first_sends)),
        Map({RecipientStatus(status): count for status, count in ended.items()}),
    )


def _plain_clock(clock: Clock | None) -> list[Any] | None:
    if clock is None:
        return None
    return [
        clock.incident_id,
        clock.kind,
        _text(clock.began_at),
        _text(clock.deadline_at),
        clock.outcome,
        _text(clock.ended_at),
        clock.stopped,
    ]


def _clock(state: list[Any] | None) -> Clock | None:
    if state is None:
        return None
    incident_id, kind, began_at, deadline_at, outcome, ended_at, stopped = state
    return Clock(
        incident_id,
        IncidentKind(kind),
        datetime.fromisoformat(began_at),
        datetime.fromisoformat(deadline_at),
        ClockOutcome(outcome),
        _moment(ended_at),
        stopped,
    )


def _members(groups: Iterable[tuple[Recipient, list[str]]]) -> Map[str, Recipient]:
    everyone: dict[str, Recipient] = {}
    for recipient, ids in groups:
        everyone.update(dict.fromkeys(ids, recipient))
    return Map(everyone)


def _text(moment: date | None) -> str | None:
    return moment.isoformat() if moment else None


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
