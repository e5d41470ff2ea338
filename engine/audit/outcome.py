"""How two histories of a workspace differ: who would have been saved, who lost, and what else."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from engine.answers.telling import rows
from engine.audit.counterfactual import Life, Refused
from events.recorded import Recorded
from events.vocabulary import RecipientStatus, instant_text

STOPPED = RecipientStatus.CAMPAIGN_STOPPED


class Difference(NamedTuple):
    """Something that would have ended otherwise; None on one side means that it does not exist
    there."""

    kind: str
    name: str
    really: dict[str, Any] | None
    instead: dict[str, Any] | None


class Outcome(NamedTuple):
    """What the change would have changed."""

    saved: list[tuple[str, str]]
    """Campaign and recipient of those stopped in reality but not with the change."""
    lost: list[tuple[str, str]]
    differences: list[Difference]
    refused: list[Refused]


def compare(real: Life, altered: Life) -> Outcome:
    before, after = _everything(real), _everything(altered)
    differences = [
        Difference(kind, name, before.get((kind, name)), after.get((kind, name)))
        for kind, name in before | after
        if before.get((kind, name)) != after.get((kind, name))
    ]
    stopped, instead = _stopped(real), _stopped(altered)
    return Outcome(
        sorted(stopped - instead), sorted(instead - stopped), differences, [*altered.refused]
    )


def _stopped(life: Life) -> set[tuple[str, str]]:
    answers = life.answers()
    return {
        (name, each.recipient_id)
        for name in answers.campaigns
        for each in answers.recipients(name, status=STOPPED)
    }


def _everything(life: Life) -> dict[tuple[str, str], dict[str, Any]]:
    return {(kind, name): row for kind, name, row in _rows(life)}


def _rows(life: Life) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Each row, under a name that it has in both histories."""
    answers = life.answers()
    for name, account in answers.accounts.items():
        yield "account", name, _plain(account)
    for name, campaign in answers.campaigns.items():
        yield "campaign", name, _plain(campaign)
        for each in answers.recipients(name):
            yield "recipient", f"{name}/{each.recipient_id}", _plain(each)
    for clock in answers.clocks():
        started = instant_text(clock.started_at)
        name = f"{clock.campaign_id}/{clock.account_id}/{clock.kind} since {started}"
        yield "clock", name, _plain(clock)
    for notice in answers.notices():
        due = instant_text(notice.issued_at) if notice.issued_at else ""
        yield "notice", f"{notice.account_id}/{notice.kind} at {due}", _plain(notice)


def _plain(row: Any) -> dict[str, Any]:
    """The row without positions, which differ from history to history."""
    return {name: value for name, value in rows.told(row).items() if "position" not in name}


def outcome_told(
    outcome: Outcome, omitted: Recorded | None, inserted: Sequence[str]
) -> dict[str, Any]:
    return {
        "inserted": [*inserted],
        "left_out": omission_told(omitted) if omitted else None,
        "saved": [{"campaign": name, "recipient": who} for name, who in outcome.saved],
        "lost": [{"campaign": name, "recipient": who} for name, who in outcome.lost],
        "differences": [each._asdict() for each in outcome.differences],
        "refused": [_refusal(each) for each in outcome.refused],
    }


def omission_told(omitted: Recorded) -> dict[str, Any]:
    envelope = omitted.envelope
    return {
        "command": envelope.command,
        "position": envelope.first_position,
        "event_id": omitted.event_id,
        "at": instant_text(envelope.recorded_at),
    }


def _refusal(refused: Refused) -> dict[str, Any]:
    return {
        "at": instant_text(refused.at),
        "command": refused.command,
        "position": refused.position,
        **rows.refusal(refused.refusal),
    }
