"""``sendledger recipients``: the recipients, what became of each, and forgetting a person."""

from functools import partial
from typing import Annotated

import typer

from adapters.cli import by_hand, migrating
from adapters.cli.common import Session, asking, moment, session
from adapters.cli.known_recipient import known
from adapters.cli.why import planned, wait_of, why
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Recipient, Yes, group_options
from adapters.screen.output import agreed, fail, print_json, say, unknown
from adapters.screen.program import group
from adapters.screen.where import Where, Zoned
from events.vocabulary import RecipientStatus

app = group()
app.command("why")(why)
app.command()(by_hand.assign)
app.command()(by_hand.complained)
app.command()(by_hand.away)
app.command("import")(migrating.import_list)
for signal, purpose in by_hand.SIGNALS.items():
    app.command(signal, help=purpose)(by_hand.signal_of(signal))

Campaign = Annotated[str | None, typer.Option(help="The campaign's name.")]
Status = Annotated[RecipientStatus | None, typer.Option(help="Only those of this status.")]
Limit = Annotated[
    int | None, typer.Option(min=1, help="At most this many. Default: 50, with --json all.")
]
Offset = Annotated[int, typer.Option(min=0, help="Skip this many.")]
Sender = Annotated[str | None, typer.Option(help="Only those who hear from this account.")]
Since = Annotated[str | None, typer.Option(help="Only those stopped at or after this time.")]
Names = Annotated[bool, typer.Option("--names", help="With name and address.")]


@app.callback(invoke_without_command=True)
def recipients(
    context: typer.Context,
    campaign: Campaign = None,
    status: Status = None,
    limit: Limit = None,
    *,
    at: Zoned,
) -> None:
    """Recipients. With --campaign and no command: its recipients; stopped ones with the reason."""
    if group_options(context):
        show_all(campaign, status, limit, 0, None, None, False, at=at)


@app.command("list")
def show_all(
    campaign: Campaign = None,
    status: Status = None,
    limit: Limit = None,
    offset: Offset = 0,
    sender: Sender = None,
    stopped_since: Since = None,
    names: Names = False,
    *,
    at: Zoned,
) -> None:
    """Show a campaign's recipients: status, sender, and for stopped ones the reason."""
    from adapters.cli.tables import Wanted, show_recipients
    from engine.work.addresses import normalised

    if campaign is None:
        fail("Name the campaign: --campaign NAME.", EXIT_UNREADABLE)
    since = moment(stopped_since) if stopped_since else None
    with asking(at) as here:
        answers = here.answers()
        if campaign not in answers.campaigns:
            unknown("campaign", campaign, [*answers.campaigns])
        wanted = Wanted(status, sender and normalised(sender), since, limit, offset)
        named = here if names else None
        waits = partial(wait_of, here, campaign) if planned(here, campaign) else None
        show_recipients(answers, campaign, wanted, named, waits, as_json=at.as_json)


@app.command()
def show(recipient: Recipient, *, at: Zoned) -> None:
    """Show a recipient: who it is, or since when forgotten, and its state in every campaign."""
    from adapters.cli.tables import show_recipient

    with asking(at) as here:
        answers = here.answers()
        recipient_id = known(here, answers, recipient)
        show_recipient(
            answers,
            recipient_id,
            here.directory.person(here.workspace, recipient_id),
            here.directory.forgotten_at(here.workspace, recipient_id),
            as_json=at.as_json,
        )


@app.command()
def forget(recipient: Recipient, yes: Yes = False, *, at: Where) -> None:
    """Forget a person for good: name, address, variables. The history, by id, stays whole."""
    from events.vocabulary import instant_text

    with session(at) as here:
        recipient_id = known(here, here.answers(), recipient)
        agreed(f"Forget {recipient_id} for good? Nobody can undo this.", yes=yes)
        stopped_in = _forget(here, recipient_id)
        forgotten_at = here.directory.forgotten_at(here.workspace, recipient_id)
        if at.as_json:
            print_json(
                {
                    "recipient_id": recipient_id,
                    "forgotten_at": forgotten_at and instant_text(forgotten_at),
                    "stopped_in": stopped_in,
                }
            )
            return
        say(f"{recipient_id} is forgotten; what happened stays, by this id.")
        if stopped_in:
            say(f"The address stays refused where it was stopped: {', '.join(stopped_in)}.")


def _forget(here: Session, recipient_id: str) -> list[str]:
    from aggregates.recipient import ForgetRecipient
    from engine.work.forgetting import Forgetters, forget

    here.ask(ForgetRecipient(recipient_id=recipient_id))
    stopped = forget(
        Forgetters(here.directory, here.opened.evidence),
        here.workspace,
        recipient_id,
        lambda: _settled_position(here),
        lambda: here.answers().everywhere(recipient_id),
        suppressed=lambda: _is_suppressed(here, recipient_id),
    )
    if stopped is None:
        fail("Other programs write without a pause. Try again.")
    return stopped


def _is_suppressed(here: Session, recipient_id: str) -> bool:
    with here.look() as now:
        return recipient_id in now.suppressions().people


def _settled_position(here: Session) -> int:
    here.engine.tick(here.workspace)
    return here.store.last_position()
