"""Answers as tables for people and as JSON for programs."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from engine.answers import Answers, WaitingCampaign
from events.vocabulary import instant_text

SCREENFUL = 50
"""Recipients on one screen, unless a limit is given."""


def show_accounts(answers: Answers, *, as_json: bool) -> None:
    columns = ("account_id", "status", "slot_id", "since", "reason", "deadline_at")
    _show("accounts", columns, answers.accounts.values(), as_json)


def show_campaigns(answers: Answers, *, as_json: bool) -> None:
    columns = ("campaign_id", "mode", "slot_id", "status", "pause_causes", "from_email")
    waiting = answers.waiting_campaigns()
    if as_json:
        _print_json(
            campaigns=_told(columns, answers.campaigns.values()),
            waiting=_told(WaitingCampaign._fields, waiting),
        )
        return
    _print_table("campaigns", columns, answers.campaigns.values())
    for each in waiting:
        kept = f"kept by {', '.join(each.holding)}" if each.holding else "waits to be resumed"
        _console().print(Text(f"{each.campaign_id} {kept}."))


def show_recipients(
    answers: Answers, campaign: str, status: str | None, limit: int | None, *, as_json: bool
) -> None:
    columns = (
        "recipient_id",
        "status",
        "sender",
        "sender_fixed",
        "emails_received",
        "stopped_at",
        "stop_reason",
    )
    found = (each for each in answers.recipients(campaign) if status in (None, each.status))
    shown = list(islice(found, limit or (None if as_json else SCREENFUL)))
    _show("recipients", columns, shown, as_json)
    rest = sum(1 for _ in found)
    if rest and not as_json:
        _console().print(Text(f"… and {rest} more; see --limit and --status."))


def show_clocks(answers: Answers, *, as_json: bool) -> None:
    columns = (
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
    _show("clocks", columns, answers.clocks(), as_json)


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
        _print_json(**{name: _told(columns, rows)})
    else:
        _print_table(name, columns, rows)


def _told(columns: Sequence[str], rows: Iterable[Any]) -> list[dict[str, Any]]:
    return [{column: _plain(getattr(row, column)) for column in columns} for row in rows]


def _print_json(**told: list[dict[str, Any]]) -> None:
    json.dump(told, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def _print_table(name: str, columns: Sequence[str], rows: Iterable[Any]) -> None:
    table = Table(title=name, title_justify="left")
    for column in columns:
        table.add_column(column.removesuffix("_id").replace("_", " "), overflow="fold")
    for row in rows:
        table.add_row(*(Text(_text(getattr(row, column))) for column in columns))
    _console().print(table)


def _plain(value: Any) -> Any:
    return instant_text(value) if isinstance(value, datetime) else value


def _text(value: Any) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.strftime("%Y-%m-%d %H:%M:%SZ")
        case tuple():
            return ", ".join(value)
        case dict():
            return ", ".join(f"{name}: {count}" for name, count in value.items())
        case _:
            return str(value)


def _console() -> Console:
    return Console()
