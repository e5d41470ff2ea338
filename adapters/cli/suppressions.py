"""``sendledger suppressions``: people and domains that no campaign ever writes to again (M7)."""

from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from adapters.cli.common import Here, Session, actor, asking, session
from adapters.cli.file_options import Columns, People
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Yes, group_options
from adapters.screen.output import agreed, fail, print_json, say, unknown
from adapters.screen.program import group
from adapters.screen.tables import print_table
from adapters.screen.where import Where
from events.vocabulary import SuppressedBecause

if TYPE_CHECKING:
    from engine.work.suppressing import Suppressing

app = group()

Who = Annotated[
    str, typer.Argument(metavar="WHO", help="An address, a recipient's id, or a domain.")
]
Because = Annotated[SuppressedBecause, typer.Option(help="The reason to record.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would be done; stop.")]
Names = Annotated[bool, typer.Option("--names", help="With name and address.")]


@app.callback(invoke_without_command=True)
def suppressions(context: typer.Context, names: Names = False, *, at: Where) -> None:
    """Whom no campaign ever writes to again. Without a command: list them."""
    if group_options(context):
        show_all(names, at=at)


@app.command("list")
def show_all(names: Names = False, *, at: Where) -> None:
    """List the suppressed persons, each with the reason, and the suppressed domains."""
    with asking(at) as here:
        listed = here.current.aggregates.suppressions()
        ids = sorted(listed.people)
        people = here.directory.people(here.workspace, ids) if names else {}
        columns = ("recipient_id", "because", *(("address", "name") if names else ()))
        found = [
            (each, listed.people[each].value, *(people[each][:2] if each in people else ()))
            for each in ids
        ]
    rows = [[*row, *[None] * (len(columns) - len(row))] for row in found]
    domains = sorted(listed.domains)
    if at.as_json:
        told = [dict(zip(columns, row, strict=True)) for row in rows]
        print_json({"people": told, "domains": domains})
        return
    print_table("people", columns, rows)
    print_table("domains", ("domain",), [[each] for each in domains])


@app.command()
def show(who: Who, *, at: Where) -> None:
    """Is this person, or this domain, suppressed, and why?"""
    from engine.work.suppressing import domain_of

    with asking(at) as here:
        listed = here.current.aggregates.suppressions()
        known, domain = _named(here, who)
        person = here.directory.person(here.workspace, known) if known else None
    domain = domain or domain_of(person.address if person else who)
    because = listed.people.get(known or "")
    covered = listed.covers(domain)
    told = {
        "suppressed": because is not None or covered,
        "recipient_id": known if because else None,
        "because": because,
        "domain": covered,
    }
    if at.as_json:
        print_json(told)
    elif because is not None:
        say(f"{who} is suppressed in person ({because}), as {known}.")
    elif not covered:
        say(f"{who} is not suppressed.")
    if covered and not at.as_json:
        say(f"The domain {domain}, or one above it, is suppressed.")


@app.command()
def add(who: Who, because: Because = SuppressedBecause.OPERATOR, *, at: Where) -> None:
    """Suppress a person or a domain, with all below it: at once, in every campaign."""
    from engine.work.ports import Person

    with session(at) as here:
        job = _suppressing(here, because)
        recipient_id, domain = _named(here, who)
        if domain is not None:
            new = job.domains([domain])
        elif recipient_id is not None:
            new = job.people([recipient_id])
        else:
            new = job.run([(1, Person(who.strip().lower()))]).people
        at.tell(
            {"suppressed": True, "new": bool(new)},
            f"{who} is {'' if new else 'already '}suppressed: nothing is sent there any more.",
        )


@app.command("import")
def import_people(
    file: People,
    because: Because = SuppressedBecause.OPERATOR,
    dry_run: DryRun = False,
    names: Columns = None,
    *,
    at: Where,
) -> None:
    """Suppress the addresses of a CSV file; a domain in that column is suppressed as one."""
    from adapters.cli.importing import read_names
    from adapters.composition.programs import recipients_file

    people = recipients_file(file, read_names(names))
    with session(at) as here:
        people.count()
        done = _suppressing(here, because).run(people.lines(), dry=dry_run)
    rejected = [each._asdict() for each in done.rejected]
    if at.as_json:
        print_json({**done._asdict(), "rejected": rejected, "dry_run": dry_run})
        return
    would = "would be" if dry_run else "are"
    say(
        f"Of {done.lines} lines {done.people} persons and {len(done.domains)} domains {would} "
        f"suppressed, {done.known} were before, {len(rejected)} are rejected."
    )
    if done.domains:
        say(f"Domains: {', '.join(done.domains)}.")
    if rejected:
        print_table("rejected", [*rejected[0]], [[*each.values()] for each in rejected])


@app.command()
def release(
    who: Who,
    reason: Annotated[str, typer.Option(help="Why; kept for ever, and names no address.")],
    yes: Yes = False,
    *,
    at: Where,
) -> None:
    """Let campaigns write to a person or a domain again. Whoever was ended stays so."""
    from aggregates.suppressions import ReleaseDomain, ReleasePerson

    with session(at) as here:
        recipient_id, domain = _named(here, who)
        with here.look() as now:
            listed = now.suppressions()
        if domain is None and recipient_id is None:
            unknown("recipient", who, [])
        if domain not in listed.domains and recipient_id not in listed.people:
            unknown("suppression of", who, sorted(listed.domains))
        because = listed.people.get(recipient_id or "")
        agreed(f"{who} is suppressed{f' ({because})' if because else ''}. Release?", yes=yes)
        if domain is not None:
            here.ask(ReleaseDomain(domain=domain, reason=reason))
        elif recipient_id is not None:
            here.ask(ReleasePerson(recipient_id=recipient_id, reason=reason))
        at.tell(
            {"released": True},
            f"{who} is released: campaigns that take {who} from now on may write there.",
        )


def _suppressing(here: Session, because: SuppressedBecause) -> "Suppressing":
    from engine.work.suppressing import Suppressing

    return Suppressing(
        here.engine, here.directory, here.workspace, actor(), lambda: uuid4().hex, because
    )


def _named(here: Here, who: str) -> tuple[str | None, str | None]:
    """A recipient's id or a domain; neither for an address that is not known yet. Ends the program
    for text that is none of these."""
    from adapters.cli.known_recipient import known
    from engine.work.addresses import domain_named, normalised, recipient_problem

    if "@" in who.strip().lstrip("@"):
        problem = recipient_problem(who)
        if problem is not None:
            fail(f"{who!r} {problem}.", EXIT_UNREADABLE)
        return here.directory.recipient_at(here.workspace, normalised(who)), None
    domain = domain_named(who)
    return (None, domain) if domain else (known(here, here.answers(), who), None)
