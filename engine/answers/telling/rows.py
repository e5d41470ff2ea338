"""The JSON of rows as all interfaces show them: accounts, campaigns, recipients, clocks, notices.

The keys and their order do not change. A scenario's report has its own names for some of them.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from aggregates.waiting import NotBefore
from engine.answers.consequences import Consequences
from engine.answers.workspace_answers import ClockAnswer, NotSending, RecipientAnswer
from engine.ports.check_schedule import ScheduledCheck
from engine.ports.view_status import Stop
from engine.reply import Refusal
from events.campaign import SendReserved
from events.catalogue import CATALOGUE
from events.recorded import Recorded
from events.vocabulary import RecipientStatus, instant_text
from projections.notices import NoticeRow
from projections.projection import Projection

ACCOUNT = ("account_id", "status", "slot_id", "since", "reason", "deadline_at")
CAMPAIGN = ("campaign_id", "mode", "slot_id", "status", "pause_causes", "from_email")
RECIPIENT = (
    *("recipient_id", "status", "sender", "sender_fixed", "emails_received"),
    *("stopped_at", "stop_reason"),
)
CLOCK = (
    *("campaign_id", "account_id", "kind", "started_at", "deadline_at", "outcome", "at_stake"),
    *("stopped", "cheapest_cure"),
)
NOTICE = (
    *("issued_at", "account_id", "kind", "number", "at_stake", "campaigns", "delivered"),
    "channel",
)
SIMULATED_ACCOUNT = {"status": "status", "slot": "slot_id", "settings": "settings"}
SIMULATED_CLOCK = {
    "campaign": "campaign_id",
    "account": "account_id",
    "kind": "kind",
    "started_at": "started_at",
    "deadline_at": "deadline_at",
    "outcome": "outcome",
    "ended_at": "ended_at",
    "at_stake": "at_stake",
    "stopped": "stopped",
    "skipped": "skipped",
}

Columns = Sequence[str] | Mapping[str, str]
"""Names of fields; or names in the JSON, mapped to names of fields."""


def plain(value: Any) -> Any:
    """The value in the form of JSON."""
    return instant_text(value) if isinstance(value, datetime) else value


def told(row: Any, columns: Columns = ()) -> dict[str, Any]:
    """These fields of a row, or all of them, as JSON."""
    columns = columns or row._fields
    renamed = columns if isinstance(columns, Mapping) else dict(zip(columns, columns, strict=True))
    return {name: plain(getattr(row, field)) for name, field in renamed.items()}


def all_told(rows: Iterable[Any], columns: Columns = ()) -> list[dict[str, Any]]:
    return [told(row, columns) for row in rows]


def simulated_recipient(each: RecipientAnswer) -> dict[str, Any]:
    row = told(each, ("status", "sender", "sender_fixed", "emails_received"))
    if each.status is RecipientStatus.CAMPAIGN_STOPPED and each.stopped_at is not None:
        row |= told(each, ("stopped_at", "stop_reason"))
    return row


def simulated_send(event: SendReserved, outcome: str | None) -> dict[str, Any]:
    domain = event.account_id.rpartition("@")[2]
    return {
        "at": plain(event.occurred_at),
        "campaign": event.campaign_id,
        "recipient": event.recipient_id,
        "account": event.account_id,
        "step": event.step,
        "message_id": f"<{event.send_id}@{domain}>",
        "outcome": outcome,
    }


def simulated_notice(row: NoticeRow) -> dict[str, Any]:
    names = {"at": "issued_at", "account": "account_id", "kind": "kind"}
    return {**told(row, names), "number": int(row.number), "at_stake": row.at_stake}


def background_check(check: ScheduledCheck | None) -> dict[str, Any] | None:
    """``next_at`` is null while a check runs; ``found`` is null if the last one passed."""
    if check is None:
        return None
    next_at = None if check.lease else check.due_at
    return {
        "checked_at": plain(check.checked_at),
        "found": check.found,
        "tries": check.tries,
        "next_at": plain(next_at),
    }


def not_before(wait: NotBefore | None) -> dict[str, Any] | None:
    return None if wait is None else {"at": plain(wait.at), "reason": wait.reason}


def refusal(refused: Refusal) -> dict[str, Any]:
    return {"reason": refused.code, "message": refused.message}


def event(recorded: Recorded) -> dict[str, Any]:
    state = json.loads(CATALOGUE.encode(recorded.event)[1])
    return {
        "position": recorded.position,
        "type": type(recorded.event).__name__,
        "stream": recorded.stream_id,
        "occurred_at": instant_text(recorded.event.occurred_at),
        "recorded_at": instant_text(recorded.envelope.recorded_at),
        "data": {name: value for name, value in state.items() if name != "occurred_at"},
    }


def event_and_command(recorded: Recorded) -> dict[str, Any]:
    """The event, and what its envelope says about the command that recorded it."""
    by_whom = ("actor", "command", "command_id", "correlation_id", "causation_id")
    return {
        **event(recorded),
        **told(recorded, ("event_id", "version")),
        **told(recorded.envelope, by_whom),
    }


def stopped_view(projection: Projection, stop: Stop) -> dict[str, Any]:
    return {
        "name": projection.name,
        "stopped_at": stop.position,
        "error": stop.error,
        "stopped_since": instant_text(stop.since),
    }


def running_clock(clock: ClockAnswer, now: datetime) -> dict[str, Any]:
    left = int((clock.deadline_at - now).total_seconds())
    return {
        **told(clock, ("campaign_id", "account_id", "kind", "deadline_at")),
        "seconds_left": left,
        **told(clock, ("at_stake", "cheapest_cure")),
    }


def not_sending(campaign: NotSending) -> dict[str, Any]:
    reasons = [reason._asdict() for reason in campaign.reasons]
    return {**told(campaign, ("campaign_id", "status")), "reasons": reasons}


def undelivered(notice: NoticeRow) -> dict[str, Any]:
    return {
        **told(notice, ("account_id", "incident_id")),
        "number": int(notice.number),
        **told(notice, ("kind", "issued_at", "attempts", "detail")),
    }


def consequences(follows: Consequences) -> dict[str, Any]:
    columns = ("campaign_id", "at_stake", "deadline_at", "shrinks_from", "pauses")
    return {
        "account_id": follows.account_id,
        "rotation_campaigns": all_told(follows.rotation, columns),
        "single_sender_campaigns_that_pause": list(follows.pausing),
    }
