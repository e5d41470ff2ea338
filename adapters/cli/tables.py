"""Answers as tables for people and as JSON for programs."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any, NamedTuple

from adapters.cli.common import Session
from adapters.screen.output import print_json, say
from adapters.screen.tables import plain, print_table, text
from aggregates.campaign import Campaign
from engine.answers.consequences import Consequences
from engine.answers.workspace_answers import Answers, RecipientAnswer, WaitingCampaign
from engine.work.ports import Person
from events.vocabulary import instant_text
from projections.accounts import AccountRow
from projections.campaigns import CampaignRow

ACCOUNT = ("account_id", "status", "slot_id", "since", "reason", "deadline_at")
CAMPAIGN = ("campaign_id", "mode", "slot_id", "status", "pause_causes", "from_email")
RECIPIENT = (
    "recipient_id",
    "status",
    "sender",
    "sender_fixed",
    "emails_received",
    "stopped_at",
    "stop_reason",
)
CLOCK = (
    "campaign_id",
    "account_id",
    "kind",
    "started_at",
    "deadline_at",
    "outcome",
    "at_stake",
    "stopped",
    "cheapest_cure",
)
SCREENFUL = 50
"""Recipients on one screen, unless a limit is given."""


class Wanted(NamedTuple):
    """Which recipients to show."""

    status: str | None = None
    sender: str | None = None
    stopped_since: datetime | None = None
    limit: int | None = None
    offset: int = 0

    def takes(self, each: RecipientAnswer) -> bool:
        if self.stopped_since and not (each.stopped_at and each.stopped_at >= self.stopped_since):
            return False
        return self.status in (None, each.status) and self.sender in (None, each.sender)


def show_accounts(answers: Answers, *, as_json: bool) -> None:
    _show("accounts", ACCOUNT, answers.accounts.values(), as_json)


def account_json(row: AccountRow) -> dict[str, Any]:
    return _told(ACCOUNT, [row])[0]


def campaign_json(row: CampaignRow) -> dict[str, Any]:
    return _told(CAMPAIGN, [row])[0]


def show_account(answers: Answers, account_id: str, *, as_json: bool) -> None:
    row = answers.accounts[account_id]
    clocks = [each for each in answers.clocks() if each.account_id == account_id]
    senders = {name: answers.senders(each) for name, each in answers.campaigns.items()}
    using = [name for name, each in senders.items() if account_id in each]
    if as_json:
        account = {**account_json(row), "provider": row.provider, "settings": row.settings}
        print_json({"account": account, "campaigns": using, "clocks": _told(CLOCK, clocks)})
        return
    _print_table("account", ACCOUNT, [row])
    say(f"Campaigns that send from it: {', '.join(using) or 'none'}.")
    if clocks:
        _print_table("clocks", CLOCK, clocks)


def show_campaigns(
    answers: Answers, status: str | None, limit: int | None, offset: int, *, as_json: bool
) -> None:
    found = [each for each in answers.campaigns.values() if status in (None, each.status)]
    shown = found[offset : None if limit is None else offset + limit]
    names = {each.campaign_id for each in shown}
    waiting = [each for each in answers.waiting_campaigns() if each.campaign_id in names]
    if as_json:
        print_json(
            {
                "campaigns": _told(CAMPAIGN, shown),
                "waiting": _told(WaitingCampaign._fields, waiting),
                "total": len(found),
            }
        )
        return
    _print_table("campaigns", CAMPAIGN, shown)
    for each in waiting:
        kept = f"kept by {', '.join(each.holding)}" if each.holding else "waits to be resumed"
        say(f"{each.campaign_id} {kept}.")
    if len(found) > len(shown):
        say(f"{len(shown)} of {len(found)}; see --limit and --offset.")


def show_campaign(answers: Answers, campaign_id: str, *, as_json: bool) -> None:
    row = answers.campaigns[campaign_id]
    clocks = [each for each in answers.clocks() if each.campaign_id == campaign_id]
    by_status = answers.recipients_by_status(campaign_id)
    reasons = [r for e in answers.not_sending() if e.campaign_id == campaign_id for r in e.reasons]
    if as_json:
        print_json(
            {
                "campaign": campaign_json(row),
                "recipients": by_status,
                "not_sending": [reason._asdict() for reason in reasons],
                "clocks": _told(CLOCK, clocks),
            }
        )
        return
    _print_table("campaign", CAMPAIGN, [row])
    counts = ", ".join(f"{count} {status}" for status, count in by_status.items())
    say(f"Recipients: {counts or 'none'}.")
    for reason in reasons:
        say(f"Not sending: {reason.text}")
    if clocks:
        _print_table("clocks", CLOCK, clocks)


def show_senders(campaign: Campaign, *, as_json: bool) -> None:
    """Each lane of the campaign."""
    rows = [
        SenderLine(
            account,
            lane.listed,
            len(lane.contacted),
            lane.running and str(lane.running.kind),
            lane.running and lane.running.deadline_at,
        )
        for account, lane in sorted(campaign.lanes.items())
    ]
    _show("senders", SenderLine._fields, rows, as_json)


class SenderLine(NamedTuple):
    account_id: str
    listed: bool
    contacted: int
    clock: str | None
    deadline_at: datetime | None


def show_recipients(
    answers: Answers, campaign: str, wanted: Wanted, named: Session | None, *, as_json: bool
) -> None:
    """``named``: where to look up names, if they are wanted."""
    found = filter(wanted.takes, answers.recipients(campaign))
    skipped = sum(1 for _ in islice(found, wanted.offset))
    shown = list(islice(found, wanted.limit or (None if as_json else SCREENFUL)))
    rest = sum(1 for _ in found)
    told = _told(RECIPIENT, shown)
    if named is not None:
        _name(told, named)
    if as_json:
        print_json({"recipients": told, "total": skipped + len(shown) + rest})
        return
    _print_rows("recipients", told[0] if told else RECIPIENT, told)
    if rest:
        say(f"… and {rest} more; see --limit, --offset and --status.")


def _name(told: list[dict[str, Any]], named: Session) -> None:
    people = named.directory.people(named.workspace, [each["recipient_id"] for each in told])
    for each in told:
        person = people.get(each["recipient_id"])
        each["address"] = person and person.address
        each["name"] = person and person.name


def show_recipient(
    answers: Answers,
    recipient_id: str,
    person: Person | None,
    forgotten_at: datetime | None,
    *,
    as_json: bool,
) -> None:
    found = answers.everywhere(recipient_id)
    columns = ("campaign_id", *RECIPIENT[1:])
    if as_json:
        print_json(
            {
                "recipient_id": recipient_id,
                "person": person and {**person._asdict(), "variables": dict(person.variables)},
                "forgotten_at": plain(forgotten_at),
                "campaigns": _told(columns, found),
            }
        )
        return
    if person:
        say(f"{recipient_id}: {person.name} <{person.address}>")
    elif forgotten_at:
        say(f"{recipient_id}: forgotten on {_text(forgotten_at)}")
    else:
        say(f"{recipient_id}: not in the directory")
    _print_table("campaigns", columns, found)


def tell_consequences(follows: Consequences) -> None:
    """T2: what a disconnect brings, before anybody is asked."""
    say(f"If {follows.account_id} is disconnected:")
    for each in follows.rotation:
        say(
            f"  {each.campaign_id} loses it from FROM EMAIL; {each.at_stake} recipients are "
            f"stopped for good at {instant_text(each.deadline_at)}, unless it is connected and "
            "added again by then."
        )
        if each.shrinks_from:
            say(
                f"    Its nine days, until {instant_text(each.shrinks_from)}, are superseded: "
                "they shrink to this hour."
            )
        if each.pauses:
            say(f"    {each.campaign_id} is paused.")
    for name in follows.pausing:
        say(f"  {name}, which sends from its slot alone, is paused without limit.")
    say("  Its settings go back to defaults.")
    say(f"Cheaper: One-Click Reconnect keeps everything: {follows.cheaper}")


def show_clocks(answers: Answers, *, as_json: bool) -> None:
    _show("clocks", CLOCK, answers.clocks(), as_json)


def show_notices(answers: Answers, *, as_json: bool) -> None:
    columns = (
        "issued_at",
        "account_id",
        "kind",
        "number",
        "at_stake",
        "campaigns",
        "delivered",
        "channel",
    )
    _show("notices", columns, answers.notices(), as_json)


def _show(name: str, columns: Sequence[str], rows: Iterable[Any], as_json: bool) -> None:
    if as_json:
        print_json({name: _told(columns, rows)})
    else:
        _print_table(name, columns, rows)


def _told(columns: Sequence[str], rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [{column: plain(getattr(row, column)) for column in columns} for row in rows]


def _print_table(name: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
    _print_rows(
        name, columns, [{column: getattr(row, column) for column in columns} for row in rows]
    )


def _print_rows(name: str, columns: Iterable[str], rows: Iterable[dict[str, Any]]) -> None:
    cells = ([_text(value) for value in row.values()] for row in rows)
    print_table(name, [*columns], cells, most=None)


def _text(value: Any) -> str:
    return f"{value:%Y-%m-%d %H:%M:%SZ}" if isinstance(value, datetime) else text(value)
