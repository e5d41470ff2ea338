"""The same history with one command inserted or left out: who would have been saved or lost."""

from typing import Annotated, Any

import typer

from adapters.cli.auditing.reading import open_source, reading
from adapters.cli.common import settings_of
from adapters.composition.programs import rehearsal
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.output import fail, print_json, say, unknown
from adapters.screen.progress import progress
from adapters.screen.tables import print_table, text
from adapters.screen.where import Where
from aggregates.campaign.commands import AddSender
from aggregates.email_account.commands import AccountCommand
from engine.answers.telling.rows import plain
from engine.audit.changes import UnreadableChange, command_at, read_insertion
from engine.audit.counterfactual import Insertion, Life, reality, relive
from engine.audit.outcome import Difference, Outcome, compare, omission_told, outcome_told
from engine.audit.source import WorkspaceFacts
from events.recorded import Recorded
from events.vocabulary import instant_text


def command(
    insert: Annotated[
        list[str] | None,
        typer.Option(help="One more command: 'reconnect ACCOUNT at TIME', …; may be repeated."),
    ] = None,
    leave_out: Annotated[
        str | None, typer.Option(help="A command less: the position or id of what it recorded.")
    ] = None,
    *,
    at: Where,
) -> None:
    """Replay the history with one command more or less, and compare. Writes nothing."""
    with reading():
        settings = settings_of(at)
        inserted = insert or []
        insertions = [_insertion(each) for each in inserted]
        with open_source(at.store) as source, progress("Reading", source.end) as moved:
            history = WorkspaceFacts(source, settings.workspace, moved)
            real = reality(history, settings.workspace)
            if real is None:
                unknown("workspace", settings.workspace, list(source.workspaces()))
            try:
                omitted = command_at(history, leave_out) if leave_out else None
            except UnreadableChange as error:
                fail(str(error), EXIT_UNREADABLE)
            _require_known(real, insertions)
            altered = relive(
                history,
                real,
                lambda clock, policy: rehearsal(clock, policy).engine,
                insert=insertions,
                leave_out=omitted.envelope.command_id if omitted else None,
                policy=settings.policy,
            )
    outcome = compare(real, altered)
    if at.as_json:
        print_json(outcome_told(outcome, omitted, inserted))
    else:
        _show(outcome, omitted, inserted)


def _insertion(written: str) -> Insertion:
    try:
        return read_insertion(written)
    except UnreadableChange as error:
        fail(str(error), EXIT_UNREADABLE)


def _require_known(real: Life, insertions: list[Insertion]) -> None:
    """Require that names and moments belong to this history."""
    answers = real.answers()
    for at, command in insertions:
        if isinstance(command, AddSender) and command.campaign_id not in answers.campaigns:
            unknown("campaign", command.campaign_id, list(answers.campaigns))
        account = command.account_id if isinstance(command, AddSender | AccountCommand) else None
        if account is not None and account not in answers.accounts:
            unknown("account", account, list(answers.accounts))
        if not real.first <= at <= real.last:
            within = f"{instant_text(real.first)} to {instant_text(real.last)}"
            fail(f"This history goes from {within}; name a moment within it.", EXIT_UNREADABLE)


def _show(outcome: Outcome, omitted: Recorded | None, inserted: list[str]) -> None:
    if omitted:
        told = omission_told(omitted)
        say(f"Left out: {told['command']} of {told['at']}, position {told['position']}.")
    for each in inserted:
        say(f"Inserted: {each}.")
    for what, people in (("saved", outcome.saved), ("lost", outcome.lost)):
        if people:
            print_table(f"Would have been {what}", ("campaign", "recipient"), people)
        else:
            say(f"Nobody would have been {what}.")
    rest = [each for each in outcome.differences if each.kind != "recipient"]
    if rest:
        rows = [(each.kind, each.name, *_columns(each)) for each in rest]
        print_table("Would have ended otherwise", ("what", "name", "really", "instead"), rows)
    if outcome.refused:
        refused = [(plain(e.at), e.command, e.refusal.message) for e in outcome.refused]
        print_table("Would have been refused", ("at", "command", "because"), refused)


def _columns(difference: Difference) -> tuple[str, str]:
    really, instead = difference.really, difference.instead
    if really is None or instead is None:
        told = "there is such a one", "there is none"
        return told if instead is None else (told[1], told[0])
    names = [name for name in really if really[name] != instead.get(name)]
    return _listed(really, names), _listed(instead, names)


def _listed(row: dict[str, Any], names: list[str]) -> str:
    return "; ".join(f"{name.replace('_', ' ')}: {text(row[name]) or 'none'}" for name in names)
