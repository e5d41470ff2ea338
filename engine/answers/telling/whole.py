"""The JSON of one account, campaign or recipient, with everything that belongs to it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.answers.telling import rows
from engine.answers.waits import AccountPace, CampaignPace
from engine.answers.workspace_answers import Answers
from engine.ports.check_schedule import ScheduledCheck


def account_told(
    answers: Answers, account_id: str, check: ScheduledCheck | None, pace: AccountPace | None
) -> dict[str, Any]:
    """``check`` is the account's next background check; ``pace`` is known only for the present."""
    row = answers.accounts[account_id]
    clocks = [each for each in answers.clocks() if each.account_id == account_id]
    account = {
        **rows.told(row, rows.ACCOUNT),
        "provider": row.provider,
        "settings": row.settings,
        "background_check": rows.background_check(check),
        "pace": pace and rows.told(pace),
    }
    return {
        "account": account,
        "campaigns": using(answers, account_id),
        "clocks": rows.all_told(clocks, rows.CLOCK),
    }


def using(answers: Answers, account_id: str) -> list[str]:
    """Campaigns that send from the account."""
    senders = {name: answers.senders(each) for name, each in answers.campaigns.items()}
    return [name for name, each in senders.items() if account_id in each]


def campaign_told(answers: Answers, campaign_id: str, pace: CampaignPace | None) -> dict[str, Any]:
    """``pace`` is known only for the present, and only for campaigns that send by themselves."""
    clocks = [each for each in answers.clocks() if each.campaign_id == campaign_id]
    reasons = [r for e in answers.not_sending() if e.campaign_id == campaign_id for r in e.reasons]
    return {
        "campaign": rows.told(answers.campaigns[campaign_id], rows.CAMPAIGN),
        "recipients": answers.recipients_by_status(campaign_id),
        "not_sending": [reason._asdict() for reason in reasons],
        "clocks": rows.all_told(clocks, rows.CLOCK),
        "pace": pace and rows.told(pace),
    }


def person_told(address: str, name: str, variables: Mapping[str, str]) -> dict[str, Any]:
    return {"address": address, "name": name, "variables": dict(variables)}


def recipient_told(
    answers: Answers,
    recipient_id: str,
    person: Mapping[str, Any] | None,
    forgotten_at: datetime | None,
) -> dict[str, Any]:
    columns = ("campaign_id", *rows.RECIPIENT[1:])
    return {
        "recipient_id": recipient_id,
        "person": dict(person) if person else None,
        "forgotten_at": rows.plain(forgotten_at),
        "campaigns": rows.all_told(answers.everywhere(recipient_id), columns),
    }
