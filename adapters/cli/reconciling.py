"""``sendledger store reconcile``: reopen a store that was restored from a backup."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from adapters.cli.common import actor, settings_of
from adapters.cli.recovering import FromKafka, FromStore, copy_of_the_log, recovered
from adapters.cli.recovering import tell as tell_recovered
from adapters.cli.recovering import to_json as recovered_json
from adapters.screen.errors import explained
from adapters.screen.exit_codes import EXIT_REFUSED, EXIT_UNREADABLE
from adapters.screen.options import KafkaTopic, Yes
from adapters.screen.output import agreed, fail, print_json, say
from adapters.screen.where import WholeStore

if TYPE_CHECKING:
    from adapters.composition.programs import Program
    from engine.work.mailing.reconcile import Reconciled, Survey

PATIENCE = 5.0
"""Seconds to wait for another process that is reconciling the store."""
Confirm = Annotated[
    list[str] | None,
    typer.Option(
        "--confirm",
        metavar="ACCOUNT=N",
        help="Let a clock that came due expire: it stops N recipients. May be repeated.",
    ),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what is lost; change nothing.")]


def reconcile(
    dry_run: DryRun = False,
    confirm: Confirm = None,
    from_kafka: FromKafka = None,
    topic: KafkaTopic = None,
    from_store: FromStore = None,
    yes: Yes = False,
    *,
    at: WholeStore,
) -> None:
    """Open a store that came from a backup: recover what a copy of its log has, search the Sent
    folders, test every account with a clock. What cannot be undone waits for `--confirm`."""
    from adapters.composition.programs import running
    from events.errors import ExplainedError

    confirmed = _numbers(confirm or [])
    show = _as_json if at.as_json else _tell
    with (
        explained(ExplainedError, OSError),
        copy_of_the_log(at, from_kafka, topic, from_store) as source,
        running(settings_of(at)) as program,
        program.opened.coordination.exclusively("reconciliation", PATIENCE),
    ):
        from engine.work.mailing.reconcile import survey

        seen = survey(program.engine, program.opened.fence)
        if dry_run:
            show(seen, None, None)
            return
        if not at.as_json:
            _tell_survey(seen)
        agreed(f"Reconcile {program.opened.name}? Nobody can undo this.", yes=yes)
        recovery = recovered(program.opened, source) if source is not None else None
        if recovery is not None and not at.as_json:
            tell_recovered(recovery)
        done = _reconciled(program, confirmed)
        if done.unconfirmed and not yes:
            done = _reconciled(program, {**confirmed, **_asked(done)})
        show(seen, done, recovered_json(recovery) if recovery is not None else None)
        if done.unconfirmed:
            raise typer.Exit(EXIT_REFUSED)


def _reconciled(program: "Program", confirmed: dict[str, int]) -> "Reconciled":
    from adapters.composition.reconciling import reconciling
    from engine.work.mailing.reconcile import reconcile, survey

    with reconciling(program) as means:
        found = survey(program.engine, program.opened.fence)
        return reconcile(means, found, confirmed, actor())


def _numbers(stated: list[str]) -> dict[str, int]:
    found = dict[str, int]()
    for each in stated:
        account, _, number = each.rpartition("=")
        if not account or not number.isdecimal():
            fail(f"Write --confirm ACCOUNT=N, not {each!r}.", EXIT_UNREADABLE)
        found[account] = int(number)
    return found


def _asked(done: "Reconciled") -> dict[str, int]:
    found = dict[str, int]()
    for account, number in done.unconfirmed.items():
        say(f"{account} does not pass, and its clock has run out: {number} recipients stop.")
        typed = typer.prompt(f"Type {number} to let it expire", default="no", err=True)
        if typed == str(number):
            found[account] = number
    return found


def _as_json(seen: "Survey", done: "Reconciled | None", recovery: dict[str, Any] | None) -> None:
    from engine.work.mailing.reconcile import NOT_KNOWN
    from events.vocabulary import instant_text

    told: dict[str, Any] = {
        "fenced": None if done is not None and not done.unconfirmed else seen.reason,
        "fenced_since": instant_text(seen.closed_at),
        "witness": seen.known and seen.known._asdict(),
        "last_position": seen.last,
        "last_recorded_at": instant_text(seen.since),
        "recipients_to_search": _people(seen),
        "accounts_to_test": sorted({account for _, account in seen.ticking}),
        "clocks_due": [
            {**each._asdict(), "deadline_at": instant_text(each.deadline_at)}
            for each in seen.clocks
        ],
        "not_known": list(NOT_KNOWN),
        "recovered": recovery,
        "messages": None,
    }
    if done is not None:
        told["messages"] = {str(name): count for name, count in done.messages.items()}
        told["inboxes_unread"] = list(done.unread)
        told["accounts"] = dict(done.passed)
        told["cured"] = [[each.campaign_id, each.account_id] for each in done.cured]
        told["to_confirm"] = dict(done.unconfirmed)
    print_json(told)


def _tell(seen: "Survey", done: "Reconciled | None", _: dict[str, Any] | None) -> None:
    if done is None:
        _tell_survey(seen)
        return
    for result, count in sorted(done.messages.items()):
        say(f"Messages {result}: {count}.")
    for account, passed in done.passed.items():
        say(f"{account} {'works' if passed else 'does not pass its check'}.")
    for each in done.cured:
        say(f"Cured: the clock of {each.account_id} in {each.campaign_id}.")
    for account in done.unread:
        say(f"The inbox of {account} could not be read; no follow-up leaves before it is.")
    for account, number in done.unconfirmed.items():
        say(
            f"Not open: {account} does not pass, and its clock ran out at {number} recipients. "
            f"Reconnect it, or: --confirm {account}={number}"
        )
    if not done.unconfirmed:
        say("The store is open. Start the workers.")


def _tell_survey(seen: "Survey") -> None:
    from adapters.screen.reading import reader
    from engine.work.mailing.reconcile import NOT_KNOWN

    when: Callable[[Any], str] = reader(says_zone=True).when
    say(f"The store is fenced: {seen.reason}.")
    say(f"Its last event before that is {seen.last}, of {when(seen.since)}.")
    say(f"Recipients whose next message may have left since: {_people(seen)}.")
    for each in seen.clocks:
        say(
            f"The clock of {each.account_id} in {each.campaign_id} came due at "
            f"{when(each.deadline_at)}, with {each.at_stake} recipients at stake."
        )
    for sentence in NOT_KNOWN:
        say(sentence)


def _people(seen: "Survey") -> int:
    return sum(map(len, seen.people.values()))
