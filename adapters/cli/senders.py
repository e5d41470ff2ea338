"""``sendledger campaigns senders``: who may send for an Inbox Rotation campaign (FROM EMAIL)."""

from adapters.cli.common import Session, asking, session
from adapters.screen.options import Account, Campaign, Yes
from adapters.screen.output import agreed, say
from adapters.screen.program import group
from adapters.screen.where import Where, Zoned

app = group()


@app.command("list")
def show_all(campaign: Campaign, *, at: Zoned) -> None:
    """Show each account that sends or sent for the campaign: listed, contacted, its clock."""
    from adapters.cli.campaigns import known
    from adapters.cli.tables import show_senders

    with asking(at) as here:
        show_senders(known(here, campaign), as_json=at.as_json)


@app.command()
def add(campaign: Campaign, account: Account, *, at: Where) -> None:
    """Add an account to FROM EMAIL. Within its hour that cures the clock (T4)."""
    from aggregates.campaign.commands import AddSender
    from events.campaign import GracePeriodCured

    with session(at) as here:
        address = _address(here, campaign, account)
        answer = here.ask(AddSender(campaign_id=campaign, account_id=address))
        cured = any(isinstance(each.event, GracePeriodCured) for each in answer.recorded)
        kept = " in time: its recipients keep their sender" if cured else ""
        at.tell(
            {"campaign_id": campaign, "account_id": address, "cured": cured},
            f"{address} is in FROM EMAIL of {campaign}{kept}.",
        )


@app.command()
def remove(campaign: Campaign, account: Account, yes: Yes = False, *, at: Where) -> None:
    """Remove an account from FROM EMAIL, after showing how many recipients are held (S10)."""
    from adapters.cli.campaigns import known
    from aggregates.campaign.commands import RemoveSender

    with session(at) as here:
        address = _address(here, campaign, account)
        lane = known(here, campaign).lane(address)
        held = len(lane.contacted)
        if lane.listed:
            if not at.as_json:
                say(f"{held} contacted recipients are held until {address} is added again.")
                say("No clock starts by this, and none that runs is stopped.")
            agreed(f"Remove {address} from {campaign}?", yes=yes)
        here.ask(RemoveSender(campaign_id=campaign, account_id=address, confirmed=held))
        at.tell(
            {"campaign_id": campaign, "account_id": address, "held": held},
            f"{address} has left FROM EMAIL of {campaign}; {held} recipients are held.",
        )


def _address(here: Session, campaign: str, account: str) -> str:
    """The account's normalised address; ends the program if it or the campaign is unknown."""
    from adapters.cli.campaigns import known
    from adapters.cli.known_account import known as known_account

    known(here, campaign)
    return known_account(here, account).id
