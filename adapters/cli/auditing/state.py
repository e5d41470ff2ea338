"""Accounts, campaigns and recipients as they were at a moment."""

from collections.abc import Iterator, Sequence
from typing import Annotated, Any, NamedTuple

import typer

from adapters.cli.auditing.reading import (
    ByOption,
    moment_of,
    open_source,
    reading,
)
from adapters.cli.common import settings_of
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say, unknown
from adapters.screen.progress import progress
from adapters.screen.tables import print_table
from adapters.screen.where import Where
from engine.answers.telling.rows import all_told
from engine.answers.workspace_answers import Answers, RecipientAnswer
from engine.audit.by_stream import NEEDED, Asked, without_a_scan
from engine.audit.fold import Fold
from engine.audit.moments import By, Moment, facts_until
from engine.audit.source import Source
from projections.accounts import AccountRow
from projections.campaigns import CampaignRow


class State(NamedTuple):
    """The state at the moment, including what was ``held``."""

    accounts: Sequence[AccountRow]
    campaigns: Sequence[CampaignRow]
    recipients: Sequence[RecipientAnswer]


def command(
    time: Annotated[str | None, typer.Option("--at", help="A time with its zone.")] = None,
    position: Annotated[int | None, typer.Option(min=0, help="A position of the log.")] = None,
    by: ByOption = By.RECORDED,
    campaign: Annotated[str | None, typer.Option(help="Only this campaign.")] = None,
    recipient: Annotated[
        str | None, typer.Option(help="Only this recipient of the campaign.")
    ] = None,
    account: Annotated[str | None, typer.Option(help="Only this account.")] = None,
    *,
    at: Where,
) -> None:
    """Show accounts, campaigns and recipients as they were at a time or a position."""
    if (time is None) == (position is None):
        fail("Name one moment: --at TIME or --position N.", EXIT_UNREADABLE)
    if recipient is not None and campaign is None:
        fail("A recipient is somebody in a campaign: name it with --campaign.", EXIT_UNREADABLE)
    with reading():
        chosen = settings_of(at).workspace
        asked = Asked(chosen, campaign, recipient, account)
        with open_source(at.store) as source:
            moment = moment_of(time or str(position), by, source)
            found = state_at(source, moment, asked)
        _show(found, moment, asked, as_json=at.as_json)


def state_at(source: Source, moment: Moment, asked: Asked) -> State:
    """The state at that moment. Ends the program for an unknown name, and says which are known."""
    if (found := without_a_scan(source, moment, asked)) is not None:
        return state_of(found, asked)
    with progress("Reading the log", source.end) as told_position:
        fold = Fold(NEEDED).add(facts_until(source, moment, told_position))
    return state_of(fold, asked)


def state_of(fold: Fold, asked: Asked) -> State:
    known = {workspace for rows in fold.rows.values() for workspace, *_ in rows}
    if asked.workspace not in known:
        unknown("workspace", asked.workspace, sorted(known))
    answers = Answers(fold.views(), asked.workspace)
    if asked.account is not None and asked.account not in answers.accounts:
        unknown("account", asked.account, [*answers.accounts])
    if asked.campaign is not None and asked.campaign not in answers.campaigns:
        unknown("campaign", asked.campaign, [*answers.campaigns])
    everything = asked.account is None and asked.campaign is None
    accounts = [
        row for name, row in answers.accounts.items() if everything or name == asked.account
    ]
    campaigns = [
        row for name, row in answers.campaigns.items() if everything or name == asked.campaign
    ]
    return State(accounts, campaigns, [*_recipients(answers, campaigns, asked)])


def _recipients(
    answers: Answers, campaigns: Sequence[CampaignRow], asked: Asked
) -> Iterator[RecipientAnswer]:
    for campaign in campaigns:
        everybody = list(answers.recipients(campaign.campaign_id))
        if asked.recipient is None:
            yield from everybody
            continue
        found = [each for each in everybody if each.recipient_id == asked.recipient]
        if not found:
            named = [each.recipient_id for each in everybody]
            unknown("recipient", asked.recipient, named)
        yield from found


def _show(state: State, moment: Moment, asked: Asked, *, as_json: bool) -> None:
    if as_json:
        parts = {name: all_told(rows) for name, rows in state._asdict().items()}
        print_json({"workspace": asked.workspace, "moment": moment.told(), **parts})
        return
    say(f"Workspace {asked.workspace} at {moment}")
    _table("accounts", ("account_id", "status", "slot_id", "since", "reason"), state.accounts)
    of_campaign = ("campaign_id", "mode", "slot_id", "status", "pause_causes", "from_email")
    _table("campaigns", of_campaign, state.campaigns)
    of_recipient = ("campaign_id", "recipient_id", "status", "sender", "emails_received")
    _table("recipients", of_recipient, state.recipients)


def _table(title: str, columns: Sequence[str], rows: Sequence[Any]) -> None:
    if rows:
        print_table(title, columns, ([getattr(row, each) for each in columns] for row in rows))
