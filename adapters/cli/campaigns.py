"""``sendledger campaigns``: create, fill, start, pause, resume and look at campaigns."""

from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from adapters.cli import fleet
from adapters.cli.common import Here, Session, asking, require_name, session
from adapters.cli.file_options import Columns, Force, People, Report, SkipUndecodable
from adapters.screen.exit_codes import EXIT_UNREADABLE
from adapters.screen.options import Yes, group_options
from adapters.screen.output import agreed, fail, print_json, say, unknown, warn
from adapters.screen.program import Place, group
from adapters.screen.where import Where, Zoned
from events.vocabulary import CampaignStatus

if TYPE_CHECKING:
    from aggregates.campaign import Campaign
    from aggregates.campaign.commands import CampaignCommand

app = group(
    {
        "sequence": Place(
            "adapters.cli.sequences:app",
            "What a campaign sends by itself: set, check, show, preview.",
        ),
        "senders": Place(
            "adapters.cli.senders:app",
            "Add, remove and list the senders of an Inbox Rotation campaign.",
        ),
    }
)

Name = Annotated[str, typer.Argument(help="The campaign's name.")]
Status = Annotated[CampaignStatus | None, typer.Option(help="Only those of this status.")]
Limit = Annotated[int | None, typer.Option(min=1, help="At most this many.")]
Offset = Annotated[int, typer.Option(min=0, help="Skip this many.")]


@app.callback(invoke_without_command=True)
def campaigns(context: typer.Context, *, at: Where) -> None:
    """Campaigns. Without a command: show each, what keeps it, whether it waits to be resumed."""
    if group_options(context):
        show_all(None, None, 0, at=at)


@app.command("list")
def show_all(status: Status = None, limit: Limit = None, offset: Offset = 0, *, at: Where) -> None:
    """Show each campaign: whether it runs, what prevents it, whether it waits to be resumed."""
    from adapters.cli.tables import show_campaigns

    with asking(at) as here:
        show_campaigns(here.answers(), status, limit, offset, as_json=at.as_json)


@app.command()
def show(campaign: Name, *, at: Zoned) -> None:
    """Show one campaign: its senders, its recipients by status, how much it sent, its clocks."""
    from adapters.cli.tables import show_campaign
    from engine.answers.waits import campaign_pace

    with asking(at) as here:
        answers = here.answers()
        if campaign not in answers.campaigns:
            unknown("campaign", campaign, [*answers.campaigns])
        pace = campaign_pace(known(here, campaign), here.current.now)
        show_campaign(answers, campaign, pace, as_json=at.as_json)


@app.command()
def create(
    campaign: Name,
    senders: Annotated[
        list[str] | None,
        typer.Option("--from", help="Inbox Rotation: an account of FROM EMAIL; may be repeated."),
    ] = None,
    slot: Annotated[str | None, typer.Option(help="Single sender: the slot it sends from.")] = None,
    *,
    at: Where,
) -> None:
    """Create a campaign: an Inbox Rotation (--from …) or one with a single sender (--slot)."""
    from secrets import token_hex

    from aggregates.campaign.commands import CreateCampaign
    from engine.work.addresses import normalised
    from events.vocabulary import Mode

    if bool(senders) == bool(slot) or not campaign.strip():
        fail("Name the campaign, and either --from, once or more, or --slot.", EXIT_UNREADABLE)
    require_name("campaign", campaign)
    with session(at) as here:
        accounts = tuple(map(normalised, senders or ()))
        _require_accounts(here, accounts)
        command = CreateCampaign(
            campaign_id=campaign,
            mode=Mode.SINGLE if slot else Mode.ROTATION,
            slot_id=slot,
            account_ids=accounts,
            mail_id=token_hex(16),
        )
        here.ask(command)
        _tell(here, campaign, f"{campaign} is created, a draft.")


@app.command("import")
def import_people(
    campaign: Name,
    file: People,
    report: Report = None,
    names: Columns = None,
    skip_undecodable: SkipUndecodable = False,
    force: Force = False,
    *,
    at: Where,
) -> None:
    """Import recipients from a CSV file. Importing it again takes only who is missing."""
    from adapters.cli.importing import import_file, read_names
    from adapters.cli.sequence_lack import tell_lack_after_import
    from adapters.composition.programs import recipients_file

    people = recipients_file(file, read_names(names), skip_undecodable=skip_undecodable)
    with session(at) as here:
        known(here, campaign)
        import_file(here, campaign, people, report, force=force, as_json=at.as_json)
        if not at.as_json:
            tell_lack_after_import(here, known(here, campaign))


@app.command()
def start(campaign: Name, yes: Yes = False, *, at: Where) -> None:
    """Start a draft, after listing the recipients who lack variables that its letters need."""
    from adapters.cli.sequence_lack import agree_to_lack
    from aggregates.campaign.commands import StartCampaign

    with session(at) as here:
        found = known(here, campaign)
        if found.sequence is not None and found.status is CampaignStatus.DRAFT:
            agree_to_lack(here, found, found.sequence, yes=yes)
        _do(here, StartCampaign(campaign_id=campaign), "is started")


@app.command()
def pause(campaign: Name, *, at: Where) -> None:
    """Pause a campaign, until somebody resumes it. Clocks run on (P4)."""
    from aggregates.campaign.commands import PauseCampaign

    with session(at) as here:
        known(here, campaign)
        reply = here.ask(PauseCampaign(campaign_id=campaign))
        told = "is paused" if reply.recorded else "was paused already; nothing was changed"
        _tell(here, campaign, f"{campaign} {told}.")


@app.command()
def resume(
    campaign: Annotated[str | None, typer.Argument(help="The campaign's name.")] = None,
    waiting: Annotated[
        bool, typer.Option("--waiting", help="Every campaign that only waits for it.")
    ] = False,
    preview: fleet.Preview = False,
    yes: Yes = False,
    without: Annotated[
        list[str] | None,
        typer.Option(help="Go on without this account, whose hour runs; may be repeated."),
    ] = None,
    *,
    at: Zoned,
) -> None:
    """Resume a paused campaign. While an account's hour runs, name it to go on without it (P3)."""
    from aggregates.campaign.commands import ResumeCampaign
    from engine.work.addresses import normalised

    if waiting == (campaign is not None) or (waiting and without) or (campaign and preview):
        fail("Name a campaign; or --waiting, with or without --preview.", EXIT_UNREADABLE)
    with session(at) as here:
        if campaign is None:
            fleet.resume_waiting(here, fleet.Manner(preview, yes, at.as_json))
            return
        known(here, campaign)
        accounts = tuple(map(normalised, without or ()))
        _require_accounts(here, accounts)
        _agree_to_bounces(known(here, campaign), yes=yes)
        command = ResumeCampaign(campaign_id=campaign, without=frozenset(accounts))
        answer = here.try_(command)
        if answer.refusal is not None and answer.refusal.code == "sender_missing":
            _explain_the_choice(here, campaign, accounts)
        told = "is resumed"
        if known(here, campaign).status is CampaignStatus.RUNNING and answer.refusal is not None:
            told = "runs already; nothing was changed"
        else:
            here.insist(answer)
        _tell(here, campaign, f"{campaign} {told}.")


def _agree_to_bounces(campaign: "Campaign", *, yes: bool) -> None:
    """Ask the person to decide, with the figures shown; then counting begins anew (M8)."""
    from aggregates.campaign.state import BOUNCES_CAUSE

    if BOUNCES_CAUSE in campaign.causes:
        bounced = f"{campaign.bounces} of {campaign.sends} messages of {campaign.id} bounced."
        agreed(f"{bounced} Go on all the same?", yes=yes)


def _explain_the_choice(here: Session, campaign_id: str, given_up: tuple[str, ...]) -> None:
    """Say what is at stake, until when, and both ways to continue, as commands to type (P3)."""
    from events.vocabulary import IncidentKind, instant_text

    missing = [
        (account, lane)
        for account, lane in sorted(known(here, campaign_id).lanes.items())
        if lane.runs(IncidentKind.DISCONNECT)
    ]
    for account, lane in missing:
        assert lane.clock is not None
        deadline = instant_text(lane.clock.deadline_at)
        warn(f"{account}: {len(lane.contacted)} recipients at stake until {deadline}")
        if account not in given_up:
            add = f"sendledger campaigns senders add {quote(campaign_id)} {account}"
            warn(f"  To keep them: {add}")
    names = " ".join(f"--without {account}" for account, _ in missing)
    go_on = f"sendledger campaigns resume {quote(campaign_id)} {names}"
    warn(f"To go on without: {go_on}")


def known(here: Here, name: str) -> "Campaign":
    """The campaign by that name, as it is now; ends the program if there is none."""
    with here.look() as now:
        campaign = now.campaign(name)
    if campaign.status is None:
        unknown("campaign", name, [*here.answers().campaigns])
    return campaign


def _require_accounts(here: Session, accounts: tuple[str, ...]) -> None:
    from adapters.cli.known_account import known as known_account

    for account in accounts:
        known_account(here, account)


def _do(here: Session, command: "CampaignCommand", done: str) -> None:
    known(here, command.campaign_id)
    here.ask(command)
    _tell(here, command.campaign_id, f"{command.campaign_id} {done}.")


def _tell(here: Session, name: str, sentence: str) -> None:
    """Report what was done, and the campaign as it is now."""
    from engine.answers.telling import rows

    if here.at.as_json:
        print_json({"campaign": rows.told(here.answers().campaigns[name], rows.CAMPAIGN)})
    else:
        say(sentence)
