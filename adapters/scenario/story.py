"""A scenario as a story for people: its steps, what followed from each, and how it ended."""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from adapters.scenario.reader import Scenario, Step
from adapters.scenario.runner import Ending, StepOutcome, TimePassed
from adapters.screen.tables import safe
from engine.answers.telling.facts import sentence
from engine.answers.telling.reader import ANYBODY
from engine.answers.workspace_answers import Answers
from events.recorded import Recorded
from events.vocabulary import RecipientStatus

ALIKE = 5
"""Events of one kind in a row, above which they are counted instead of listed."""


def tell(scenario: Scenario, ending: Ending, console: Console | None = None) -> None:
    """Print the story."""
    console = console or Console(highlight=False)
    for part in ending.course:
        match part:
            case StepOutcome(step=step):
                console.print(_heading(scenario, step.at, _step_text(step), "bold"))
                if part.refusal:
                    console.print(
                        safe(f"    refused ({part.refusal.code}): {part.refusal.message}", "red")
                    )
                _tell_facts(console, part.recorded)
            case TimePassed(at=at, recorded=recorded) if recorded:
                console.print(_heading(scenario, at, "time passes", "bold cyan"))
                _tell_facts(console, recorded)
    console.print()
    console.rule(f"How it ends, {_clock_text(ending.at)}", align="left", style="bold")
    _tell_ending(console, ending.answers)


def _heading(scenario: Scenario, at: datetime, text: str, style: str) -> Text:
    since = at - scenario.start
    hours, rest = divmod(since.seconds, 3600)
    minutes, seconds = divmod(rest, 60)
    offset = f"{since.days}d {hours:02}:{minutes:02}:{seconds:02}"
    return Text.assemble((f"{offset:>12}  ", "dim"), (text, style))


def _step_text(step: Step) -> str:
    given = step.arguments.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    told = ", ".join(f"{name} {_value_text(value)}" for name, value in given.items())
    return f"{step.name.replace('_', ' ')}: {told}"


def _value_text(value: object) -> str:
    match value:
        case list():
            shown = ", ".join(map(str, value[:ALIKE]))
            more = len(value) - ALIKE
            return f"{shown} and {more} more" if more > 0 else shown
        case dict():
            return ", ".join(f"{name}={each}" for name, each in value.items())
        case _:
            return str(value)


def _tell_facts(console: Console, recorded: Sequence[Recorded]) -> None:
    for text in _sentences(recorded):
        console.print(safe(f"{'':14}→ {text}"))


def _sentences(recorded: Sequence[Recorded]) -> Iterator[str]:
    """A sentence for each event; many similar ones are counted."""
    counts = Counter(type(each.event) for each in recorded)
    counted = set()
    for each in recorded:
        kind, told = type(each.event), sentence(each.event)
        if counts[kind] <= ALIKE:
            yield told
        elif kind not in counted:
            counted.add(kind)
            yield f"{told} … and {counts[kind] - 1} more like this"


def _tell_ending(console: Console, answers: Answers) -> None:
    for account in answers.accounts.values():
        slot = f" in slot {account.slot_id}" if account.slot_id else ""
        reason = f": {account.reason}" if account.reason else ""
        console.print(safe(f"{account.account_id} is {account.status}{slot}{reason}"))
    for name, campaign in answers.campaigns.items():
        causes = f" ({', '.join(campaign.pause_causes)})" if campaign.pause_causes else ""
        console.print()
        console.print(safe(f"Campaign {name} is {campaign.status}{causes}", "bold"))
        console.print(_recipients_table(answers, name))
    _tell_clocks(console, answers)


def _recipients_table(answers: Answers, campaign_id: str) -> Table:
    table = Table("recipient", "status", "sender", "emails", "why", box=None, padding=(0, 2, 0, 0))
    for each in answers.recipients(campaign_id):
        fixed = "" if each.sender_fixed or each.sender is None else " (soft)"
        stopped = each.status is RecipientStatus.CAMPAIGN_STOPPED and each.stopped_at
        why = f"{each.stop_reason} at {_clock_text(each.stopped_at)}" if stopped else ""
        table.add_row(
            safe(each.recipient_id),
            safe(each.status),
            safe(f"{each.sender or '-'}{fixed}"),
            str(each.emails_received),
            safe(why),
        )
    return table


def _tell_clocks(console: Console, answers: Answers) -> None:
    clocks = answers.clocks()
    if not clocks:
        return
    table = Table(
        "campaign", "account", "clock", "deadline", "outcome", "at stake", "stopped", "cure",
        box=None, padding=(0, 2, 0, 0),
    )  # fmt: skip
    for clock in clocks:
        table.add_row(
            safe(clock.campaign_id),
            safe(clock.account_id),
            clock.kind,
            _clock_text(clock.deadline_at),
            clock.outcome,
            str(clock.at_stake),
            str(clock.stopped),
            safe(clock.cheapest_cure or ""),
        )
    console.print()
    console.print(table)


def _clock_text(moment: datetime | None) -> str:
    return ANYBODY.when(moment) if moment else ""
