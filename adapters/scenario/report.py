"""How a scenario ends, as the JSON object of the scenario contract."""

import json
from typing import Any

from adapters.scenario.runner import Ending, StepOutcome
from engine.answers.workspace_answers import ClockAnswer, RecipientAnswer
from events.catalogue import CATALOGUE
from events.recorded import Recorded
from events.vocabulary import RecipientStatus, instant_text
from projections.accounts import AccountRow
from projections.campaigns import CampaignRow
from projections.notices import NoticeRow


def report(ending: Ending) -> dict[str, Any]:
    answers = ending.answers
    return {
        "at": instant_text(ending.at),
        "accounts": {name: _account(row) for name, row in answers.accounts.items()},
        "campaigns": {
            name: _campaign(row, list(answers.recipients(name)))
            for name, row in answers.campaigns.items()
        },
        "clocks": [_clock(each) for each in answers.clocks()],
        "notifications": [_notice(each) for each in answers.notices()],
        "refused": [
            _refused(each)
            for each in ending.course
            if isinstance(each, StepOutcome) and each.refusal
        ],
        "events": [_event(each) for each in ending.log],
    }


def _account(row: AccountRow) -> dict[str, Any]:
    return {"status": row.status, "slot": row.slot_id, "settings": row.settings}


def _campaign(row: CampaignRow, recipients: list[RecipientAnswer]) -> dict[str, Any]:
    return {
        "status": row.status,
        "pause_causes": list(row.pause_causes),
        "from": list(row.from_email),
        "recipients": {each.recipient_id: _recipient(each) for each in recipients},
    }


def _recipient(each: RecipientAnswer) -> dict[str, Any]:
    told: dict[str, Any] = {
        "status": each.status,
        "sender": each.sender,
        "sender_fixed": each.sender_fixed,
        "emails_received": each.emails_received,
    }
    if each.status is RecipientStatus.CAMPAIGN_STOPPED and each.stopped_at is not None:
        told |= {"stopped_at": instant_text(each.stopped_at), "stop_reason": each.stop_reason}
    return told


def _clock(clock: ClockAnswer) -> dict[str, Any]:
    return {
        "campaign": clock.campaign_id,
        "account": clock.account_id,
        "kind": clock.kind,
        "started_at": instant_text(clock.started_at),
        "deadline_at": instant_text(clock.deadline_at),
        "outcome": clock.outcome,
        "ended_at": instant_text(clock.ended_at) if clock.ended_at else None,
        "at_stake": clock.at_stake,
        "stopped": clock.stopped,
        "skipped": clock.skipped,
    }


def _notice(row: NoticeRow) -> dict[str, Any]:
    assert row.issued_at is not None
    return {
        "at": instant_text(row.issued_at),
        "account": row.account_id,
        "kind": row.kind,
        "number": int(row.number),
        "at_stake": row.at_stake,
    }


def _refused(outcome: StepOutcome) -> dict[str, Any]:
    assert outcome.refusal is not None
    return {
        "step": outcome.step.number,
        "command": outcome.step.name,
        "reason": outcome.refusal.code,
        "message": outcome.refusal.message,
    }


def _event(recorded: Recorded) -> dict[str, Any]:
    plain = json.loads(CATALOGUE.encode(recorded.event)[1])
    return {
        "position": recorded.position,
        "type": type(recorded.event).__name__,
        "stream": recorded.stream_id,
        "occurred_at": instant_text(recorded.event.occurred_at),
        "recorded_at": instant_text(recorded.envelope.recorded_at),
        "data": {name: value for name, value in plain.items() if name != "occurred_at"},
    }
