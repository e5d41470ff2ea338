"""A whole fleet at once: a preview with its consequences, then one by one, then a report."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple

import typer

from adapters.cli.common import Session, session
from adapters.screen.exit_codes import EXIT_FAILED
from adapters.screen.options import Account, Yes
from adapters.screen.output import agreed, print_json, say
from adapters.screen.reading import reader
from adapters.screen.where import Zoned

if TYPE_CHECKING:
    from engine.answers.fleet import Plan
    from engine.reply import Refusal
    from engine.work.fleet import Done

Preview = Annotated[bool, typer.Option("--preview", help="Show what would be done; stop.")]
RECONNECT, READD = "sendledger accounts reconnect --failed", "sendledger accounts readd"
RESUME = "sendledger campaigns resume --waiting"


class Manner(NamedTuple):
    """How to act, by the options: only preview, without asking, as JSON."""

    preview: bool
    yes: bool
    as_json: bool


class Act(NamedTuple):
    """What is done to each one; a word such as ``reconnected`` serves both report and question."""

    done: str
    one: Callable[[str], "Refusal | None"]
    afterwards: str = ""


def reconnect_failed(
    here: Session, reconnect_one: Callable[[str], "Refusal | None"], manner: Manner
) -> None:
    """Reconnect every failed account with the credentials it has: One-Click Reconnect (R1-R3)."""
    from engine.answers.fleet import of_reconnecting
    from engine.answers.telling.words import RESUME_ALL

    plan = of_reconnecting(here.engine, here.workspace, here.answers().accounts)
    act = Act("reconnected", reconnect_one, f"{RESUME_ALL} {RESUME}")
    _carry_out(plan, [each.account_id for each in plan.steps], act, manner)


def resume_waiting(here: Session, manner: Manner) -> None:
    """Resume every campaign that only waits to be resumed; none that a user paused (P2, P3)."""
    from engine.answers.fleet import of_resuming, resuming

    paused = [each.campaign_id for each in here.answers().waiting_campaigns()]
    plan = of_resuming(here.engine, here.workspace, paused)
    act = Act("resumed", lambda one: here.try_(resuming(one)).refusal)
    _carry_out(plan, [each.campaign_id for each in plan.steps], act, manner)


def readd(
    account: Account,
    expired: Annotated[
        bool,
        typer.Option(
            "--expired", help="Also where the time ran out: for those not contacted (T5)."
        ),
    ] = False,
    preview: Preview = False,
    yes: Yes = False,
    *,
    at: Zoned,
) -> None:
    """Re-add an account to FROM EMAIL of every campaign that lost it; in time, it cures (T4)."""
    from adapters.cli.known_account import known
    from engine.answers.fleet import of_readding, readding
    from engine.answers.telling.words import RESUME_ALL

    with session(at) as here:
        address = known(here, account).id
        plan = of_readding(here.engine, here.workspace, address, expired=expired)
        act = Act(
            "re-added",
            lambda one: here.try_(readding(one, address)).refusal,
            f"{RESUME_ALL} {RESUME}",
        )
        names = [each.campaign_id for each in plan.steps]
        _carry_out(plan, names, act, Manner(preview, yes, at.as_json))


def lost(here: Session, address: str) -> list[dict[str, Any]]:
    """Where the account is to be re-added, and until when, for programs (T2-T5)."""
    from engine.answers.fleet import Readd
    from engine.answers.fleet import lost as lost_of
    from engine.answers.telling import rows

    return rows.all_told(lost_of(here.engine, here.workspace, address), Readd._fields)


def tell_connected(here: Session, address: str, slot: str) -> None:
    """Say what remains to do after a Two-Step Reconnect, or with a new account in the slot (T3)."""
    from engine.answers.telling.words import RESUME_ALL

    answers = here.answers()
    single = [name for name, each in answers.campaigns.items() if each.slot_id == slot]
    if single:
        say(f"Campaigns that send from {slot} use the new connection: {', '.join(single)}.")
    tell_lost(here, address)
    if any(each.waits for each in answers.not_sending()):
        say(f"{RESUME_ALL} {RESUME}")


def tell_lost(here: Session, address: str, slot: str | None = None) -> None:
    """Say which campaigns lost the account and what to type; ``slot``: the one to use first."""
    from engine.answers.fleet import lost as lost_of
    from engine.answers.telling.fleet import readd as told

    found = lost_of(here.engine, here.workspace, address)
    if not found:
        if slot:
            say(f"To connect it again: sendledger accounts connect {slot} {address}")
        return
    say("Campaigns that have lost it from FROM EMAIL:")
    for each in found:
        say(f"  {told(each, reader(says_zone=True))}")
    connect = f"sendledger accounts connect {slot} {address}, then " if slot else ""
    late = "" if any(not each.expired for each in found) else " --expired"
    say(f"To re-add it to them: {connect}{READD} {address}{late}")


def _carry_out(plan: "Plan[Any]", names: Sequence[str], act: Act, manner: Manner) -> None:
    """Show, ask, act one by one, report. Exit code 1 if any was refused."""
    from adapters.screen.progress import progress
    from engine.work.fleet import one_by_one

    if not manner.as_json:
        _show(plan, act)
    done: list[Done] = []
    if names and not manner.preview:
        agreed(f"Have {len(names)} {act.done}, one by one?", yes=manner.yes)
        try:
            with progress(act.done, len(names), "steps") as count:
                for each in one_by_one(names, act.one):
                    done.append(each)
                    count(len(done))
        finally:
            if not manner.as_json:
                _report(done, names, act)
    if manner.as_json:
        _print(plan, None if manner.preview else done)
    if any(each.refusal for each in done):
        raise typer.Exit(EXIT_FAILED)


def _show(plan: "Plan[Any]", act: Act) -> None:
    from engine.answers.telling import fleet

    said = (
        (f"To be {act.done}, one by one:", fleet.steps(plan, reader(says_zone=True))),
        ("Left out:", fleet.left_out(plan)),
    )
    for heading, lines in said:
        for line in (heading, *(f"  {each}" for each in lines)) if lines else ():
            say(line)
    if not plan.steps:
        say(f"Nothing is to be {act.done}.")


def _report(done: Sequence["Done"], names: Sequence[str], act: Act) -> None:
    for each in done:
        refusal = each.refusal
        why = f"refused ({refusal.code}): {refusal.message}" if refusal else f"{act.done}."
        say(f"{each.name}: {why}")
    succeeded = sum(each.refusal is None for each in done)
    say(f"{succeeded} of {len(names)} {act.done}.")
    if succeeded and act.afterwards:
        say(act.afterwards)


def _print(plan: "Plan[Any]", done: Sequence["Done"] | None) -> None:
    from engine.answers.telling import rows

    print_json(
        {
            "preview": {
                "steps": rows.all_told(plan.steps),
                "left_out": rows.all_told(plan.left_out),
            },
            "done": done
            and [
                {"name": each.name, "refusal": rows.refusal(each.refusal) if each.refusal else None}
                for each in done
            ],
        }
    )
