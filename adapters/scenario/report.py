"""How a scenario ends, as the JSON object of the scenario contract."""

from typing import Any

from adapters.scenario.runner import Ending, StepOutcome
from engine.answers.telling import rows
from engine.answers.workspace_answers import Answers
from events.vocabulary import instant_text
from projections.campaigns import CampaignRow


def report(ending: Ending) -> dict[str, Any]:
    answers = ending.answers
    accounts, campaigns = answers.accounts.items(), answers.campaigns.items()
    outcomes = [each for each in ending.course if isinstance(each, StepOutcome)]
    return {
        "at": instant_text(ending.at),
        "accounts": {name: rows.told(row, rows.SIMULATED_ACCOUNT) for name, row in accounts},
        "campaigns": {name: _campaign(row, answers) for name, row in campaigns},
        "clocks": rows.all_told(answers.clocks(), rows.SIMULATED_CLOCK),
        "notifications": [rows.simulated_notice(each) for each in answers.notices()],
        "refused": [
            {"step": each.step.number, "command": each.step.name, **rows.refusal(each.refusal)}
            for each in outcomes
            if each.refusal
        ],
        "events": [rows.event(each) for each in ending.log],
    }


def _campaign(row: CampaignRow, answers: Answers) -> dict[str, Any]:
    recipients = answers.recipients(row.campaign_id)
    return {
        "status": row.status,
        "pause_causes": list(row.pause_causes),
        "from": list(row.from_email),
        "recipients": {each.recipient_id: rows.simulated_recipient(each) for each in recipients},
    }
