"""``sendledger recipients import``: a list exported from another program, with what that sent."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from adapters.cli.campaigns import known
from adapters.cli.common import Session, asking, session
from adapters.cli.file_options import Columns, Force, Report, SkipUndecodable
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Campaign
from adapters.screen.output import fail, print_json, say
from adapters.screen.where import Where

if TYPE_CHECKING:
    from adapters.composition.programs import LeadsFile
    from engine.work.migrating import Given, Rehearsed
    from engine.work.ports import RejectedLine

GIVEN = ("step", "sender", "sent_at")


def import_list(
    campaign: Campaign,
    file: Annotated[Path, typer.Argument(help="The CSV file that the program exported, UTF-8.")],
    program: Annotated[
        Literal["smartlead", "instantly", "lemlist"],
        typer.Option("--from", help="Which program exported it."),
    ],
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would be done; write nothing.")
    ] = False,
    names: Columns = None,
    values: Annotated[
        list[str] | None,
        typer.Option(
            "--set", metavar="COLUMN=VALUE", help="step, sender or sent_at of who lacks it."
        ),
    ] = None,
    steps: Annotated[
        list[str] | None,
        typer.Option("--step", metavar="THERE=HERE", help="Which step here one of theirs is."),
    ] = None,
    report: Report = None,
    skip_undecodable: SkipUndecodable = False,
    force: Force = False,
    *,
    at: Where,
) -> None:
    """Import a list that another program exported. What it sent counts, so nobody gets it twice."""
    from adapters.cli.importing import import_file, read_names
    from adapters.composition.programs import leads_file
    from engine.work.migrating import Migration

    given = _given(read_names(values), read_names(steps))
    people = leads_file(file, read_names(names), program, skip_undecodable=skip_undecodable)
    if dry_run:
        _rehearse(campaign, people, given, at)
        return
    with session(at) as here:
        known(here, campaign)
        with here.look() as now:
            migration = Migration(now, campaign, people.leads, given, here.store.now())
        _read_again(here, migration.senders)
        try:
            import_file(
                here, campaign, people, report, migration=migration, force=force, as_json=at.as_json
            )
        finally:
            _read_again(here, migration.senders)


def _read_again(here: Session, accounts: Sequence[str]) -> None:
    """Read the senders' inboxes again: answers to messages unknown until now meant nothing (M4)."""
    from adapters.composition.programs import StoredCursors

    cursors = StoredCursors(here.opened.beside)
    for account in accounts:
        cursors.forget(here.workspace, account)


def _given(values: Mapping[str, str], steps: Mapping[str, str]) -> "Given":
    from engine.work.migrating import Given

    for name in values:
        if name not in GIVEN:
            fail(f"--set knows {', '.join(GIVEN)}, not {name}.", EXIT_UNREADABLE)
    return Given(**values, steps=steps)


def _rehearse(campaign: str, people: "LeadsFile", given: "Given", at: Where) -> None:
    from engine.work.migrating import Migration, rehearse
    from engine.work.ports import RecipientsError

    rejected: list[RejectedLine] = []
    with explained(RecipientsError), asking(at) as here, here.look() as now:
        known(here, campaign)
        people.count()
        migration = Migration(now, campaign, people.leads, given, here.current.now)

        def recipient_at(address: str) -> str | None:
            return here.directory.recipient_at(here.workspace, address)

        done = rehearse(migration, now, campaign, recipient_at, rejected.append)
    _tell(campaign, done, rejected, as_json=at.as_json)


def _tell(
    campaign: str, done: "Rehearsed", rejected: "list[RejectedLine]", *, as_json: bool
) -> None:
    counts = {"statuses": done.statuses, "steps": done.steps, "senders": done.senders}
    if as_json:
        lines = [each._asdict() for each in rejected]
        imported = {"campaign_id": campaign, "dry_run": True, **done.imported._asdict()}
        print_json({**imported, **counts, "rejected_lines": lines})
        return
    told = done.imported
    say(
        f"{campaign}: {told.taken} would be taken, {told.known} known already, {told.stopped} "
        f"stopped before, {told.suppressed} suppressed, {told.rejected} rejected."
    )
    for what, counter in counts.items():
        parts = ", ".join(f"{name} {number}" for name, number in sorted(counter.items()))
        say(f"{what.capitalize()}: {parts or 'none'}.")
    for line, column, problem, *value in rejected:
        say(f"Line {line}: {column} {problem}{f': {value[0]}' if value and value[0] else ''}.")
    say("Nothing was written.")
