"""How a scenario ends, as the JSON object of the scenario contract."""

from collections.abc import Iterator, Sequence
from typing import Any

from adapters.scenario.runner import Ending, StepOutcome
from engine.answers.telling import rows
from events.campaign import EmailAccepted, EmailOutcomeUnknown, EmailRefused, SendReserved
from events.recorded import Recorded
from events.vocabulary import instant_text
from projections.campaigns import CampaignRow

OUTCOMES = {EmailAccepted: "accepted", EmailRefused: "refused", EmailOutcomeUnknown: "unknown"}


def report(ending: Ending) -> dict[str, Any]:
    answers = ending.answers
    accounts, campaigns = answers.accounts.items(), answers.campaigns.items()
    outcomes = [each for each in ending.course if isinstance(each, StepOutcome)]
    told = {
        "at": instant_text(ending.at),
        "accounts": {name: rows.told(row, rows.SIMULATED_ACCOUNT) for name, row in accounts},
        "campaigns": {name: _campaign(row, ending) for name, row in campaigns},
        "clocks": rows.all_told(answers.clocks(), rows.SIMULATED_CLOCK),
        "notifications": [rows.simulated_notice(each) for each in answers.notices()],
        "refused": [
            {"step": each.step.number, "command": each.step.name, **rows.refusal(each.refusal)}
            for each in outcomes
            if each.refusal
        ],
        "events": [rows.event(each) for each in ending.log],
    }
    if ending.waits is not None:
        told["sends"] = list(_sends(ending.log))
    return told


def _sends(log: Sequence[Recorded]) -> Iterator[dict[str, Any]]:
    """The sends in order of reservation, each with its outcome, null while it is on its way."""
    outcomes: dict[tuple[str, str], list[str]] = {}
    for each in log:
        if isinstance(each.event, EmailAccepted | EmailRefused | EmailOutcomeUnknown):
            outcomes.setdefault((each.event.campaign_id, each.event.send_id), []).append(
                OUTCOMES[type(each.event)]
            )
    for each in log:
        if isinstance(each.event, SendReserved):
            found = outcomes.get((each.event.campaign_id, each.event.send_id))
            yield rows.simulated_send(each.event, found.pop(0) if found else None)


def _campaign(row: CampaignRow, ending: Ending) -> dict[str, Any]:
    recipients = ending.answers.recipients(row.campaign_id)
    return {
        "status": row.status,
        "pause_causes": list(row.pause_causes),
        "from": list(row.from_email),
        "recipients": {
            each.recipient_id: {
                **rows.simulated_recipient(each),
                **_not_before(ending, row.campaign_id, each.recipient_id),
            }
            for each in recipients
        },
    }


def _not_before(ending: Ending, campaign_id: str, recipient_id: str) -> dict[str, Any]:
    if ending.waits is None:
        return {}
    return {"not_before": rows.not_before(ending.waits[campaign_id][recipient_id])}
