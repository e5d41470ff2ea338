"""Answers as tables for people and as JSON for programs."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import islice
from types import SimpleNamespace
from typing import Any, NamedTuple

from adapters.cli.common import Here
from adapters.screen.hints import reconnecting
from adapters.screen.output import print_json, say
from adapters.screen.reading import reader, zone_name
from adapters.screen.tables import print_table, text
from aggregates.campaign import Campaign
from aggregates.waiting import NotBefore
from engine.answers.consequences import Consequences
from engine.answers.senders import SenderLine, senders_of
from engine.answers.telling import rows
from engine.answers.telling.reader import full_name
from engine.answers.telling.waiting import account_pace, campaign_pace
from engine.answers.telling.whole import (
    account_told,
    campaign_told,
    person_told,
    recipient_told,
    using,
)
from engine.answers.telling.words import account_of, background_check, people
from engine.answers.waits import AccountPace, CampaignPace
from engine.answers.workspace_answers import Answers, RecipientAnswer, WaitingCampaign
from engine.ports.check_schedule import ScheduledCheck
from engine.work.ports import Person

SCREENFUL = 50
"""Recipients on one screen, unless another limit is given."""


class Wanted(NamedTuple):
    """The recipients to show."""

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
    _show("accounts", rows.ACCOUNT, answers.accounts.values(), as_json)


class Pace(NamedTuple):
    """How much had been sent at that moment."""

    pace: AccountPace
    now: datetime


def show_account(
    answers: Answers, account_id: str, check: ScheduledCheck | None, today: Pace, *, as_json: bool
) -> None:
    """Show an account. ``check`` is its next background check, if there is one."""
    if as_json:
        print_json(account_told(answers, account_id, check, today.pace))
        return
    clocks = [each for each in answers.clocks() if each.account_id == account_id]
    _print_table("account", rows.ACCOUNT, [answers.accounts[account_id]])
    say(f"Campaigns that send from it: {', '.join(using(answers, account_id)) or 'none'}.")
    say(f"Sent: {account_pace(*today, reader(says_zone=True))}")
    if check is not None:
        say(background_check(check, reader(says_zone=True)))
    if clocks:
        _print_table("clocks", rows.CLOCK, clocks)


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
                "campaigns": rows.all_told(shown, rows.CAMPAIGN),
                "waiting": rows.all_told(waiting, WaitingCampaign._fields),
                "total": len(found),
            }
        )
        return
    _print_table("campaigns", rows.CAMPAIGN, shown)
    for each in waiting:
        accounts = ", ".join(map(account_of, each.holding))
        waits = f"is kept paused by {accounts}" if accounts else "waits to be resumed"
        say(f"{each.campaign_id} {waits}.")
    if len(found) > len(shown):
        say(f"{len(shown)} of {len(found)}; see --limit and --offset.")


def show_campaign(
    answers: Answers, campaign_id: str, pace: CampaignPace | None, *, as_json: bool
) -> None:
    if as_json:
        print_json(campaign_told(answers, campaign_id, pace))
        return
    clocks = [each for each in answers.clocks() if each.campaign_id == campaign_id]
    by_status = answers.recipients_by_status(campaign_id)
    reasons = [r for e in answers.not_sending() if e.campaign_id == campaign_id for r in e.reasons]
    _print_table("campaign", rows.CAMPAIGN, [answers.campaigns[campaign_id]])
    counts = ", ".join(f"{count} {status}" for status, count in by_status.items())
    say(f"Recipients: {counts or 'none'}.")
    if pace is not None:
        say(f"Sent: {campaign_pace(pace)}")
    for reason in reasons:
        say(f"Not sending: {reason.text}")
    if clocks:
        _print_table("clocks", rows.CLOCK, clocks)


def show_senders(campaign: Campaign, *, as_json: bool) -> None:
    """Show each lane of the campaign."""
    _show("senders", SenderLine._fields, senders_of(campaign), as_json)


def show_recipients(
    answers: Answers,
    campaign: str,
    wanted: Wanted,
    named: Here | None,
    waits: Callable[[str], NotBefore | None] | None,
    *,
    as_json: bool,
) -> None:
    """Show recipients. ``named``: where names are looked up, if they are wanted. ``waits``: why
    nothing is sent to a recipient now, in a campaign with a sequence."""
    found = filter(wanted.takes, answers.recipients(campaign))
    skipped = sum(1 for _ in islice(found, wanted.offset))
    shown: list[Any] = list(islice(found, wanted.limit or (None if as_json else SCREENFUL)))
    rest = sum(1 for _ in found)
    columns: Sequence[str] = rows.RECIPIENT
    if named is not None:
        shown, columns = _with_names(shown, named), (*columns, "address", "name")
    if waits is not None:
        told = rows.not_before if as_json else _not_before
        columns = (*columns, "not_before")
        shown = [_with(each, not_before=told(waits(each.recipient_id))) for each in shown]
    if as_json:
        total = skipped + len(shown) + rest
        print_json({"recipients": rows.all_told(shown, columns), "total": total})
        return
    _print_table("recipients", columns, shown)
    if rest:
        say(f"… and {rest} more; see --limit, --offset and --status.")


def _with_names(shown: Sequence[RecipientAnswer], named: Here) -> list[SimpleNamespace]:
    people = named.directory.people(named.workspace, [each.recipient_id for each in shown])
    persons = [people.get(each.recipient_id) for each in shown]
    return [
        _with(each, address=person and person.address, name=person and person.name)
        for each, person in zip(shown, persons, strict=True)
    ]


def _with(row: Any, **more: Any) -> SimpleNamespace:
    """The row with further fields."""
    fields = vars(row) if isinstance(row, SimpleNamespace) else row._asdict()
    return SimpleNamespace(**fields, **more)


def _not_before(wait: NotBefore | None) -> str:
    if wait is None:
        return ""
    return f"{reader().when(wait.at)} ({wait.reason})" if wait.at else wait.reason


def show_recipient(
    answers: Answers,
    recipient_id: str,
    person: Person | None,
    forgotten_at: datetime | None,
    *,
    as_json: bool,
) -> None:
    if as_json:
        print_json(
            recipient_told(answers, recipient_id, person and person_told(*person), forgotten_at)
        )
        return
    columns = ("campaign_id", *rows.RECIPIENT[1:])
    found = answers.everywhere(recipient_id)
    if person:
        say(f"{recipient_id}: {full_name(person.name, person.address)}")
    elif forgotten_at:
        say(f"{recipient_id}: forgotten on {reader(says_zone=True).when(forgotten_at)}")
    else:
        say(f"{recipient_id}: not in the directory")
    _print_table("campaigns", columns, found)


def tell_consequences(follows: Consequences) -> None:
    """Say what a disconnect brings about, before anybody is asked (T2)."""
    when = reader(says_zone=True).when
    say(f"If {follows.account_id} is disconnected:")
    for each in follows.rotation:
        say(
            f"  {each.campaign_id} loses it from FROM EMAIL; {people(each.at_stake)} will be "
            f"Campaign Stopped, for good, at {when(each.deadline_at)}, unless it is connected and "
            "re-added by then."
        )
        if each.shrinks_from:
            say(f"    The clock that runs now, until {when(each.shrinks_from)}, gives way to it.")
        if each.pauses:
            say(f"    {each.campaign_id} will be paused.")
    for name in follows.pausing:
        say(f"  {name}, which sends from its slot alone, will be paused without limit.")
    say("  Its settings will go back to defaults.")
    say(f"One-Click Reconnect keeps everything instead: {reconnecting(follows.account_id)}")


def show_clocks(answers: Answers, *, as_json: bool) -> None:
    _show("clocks", rows.CLOCK, answers.clocks(), as_json)


def show_notices(answers: Answers, *, as_json: bool) -> None:
    _show("notices", rows.NOTICE, answers.notices(), as_json)


def _show(name: str, columns: Sequence[str], found: Iterable[Any], as_json: bool) -> None:
    if as_json:
        print_json({name: rows.all_told(found, columns)})
    else:
        _print_table(name, columns, found)


def _print_table(name: str, columns: Sequence[str], found: Iterable[Any]) -> None:
    cells = [[getattr(row, column) for column in columns] for row in found]
    dated = any(isinstance(value, datetime) for row in cells for value in row)
    title = f"{name}, times in {zone_name()}" if dated else name
    print_table(title, columns, [[_text(value) for value in row] for row in cells], most=None)


def _text(value: Any) -> str:
    return reader().when(value) if isinstance(value, datetime) else text(value)
