"""What the log says of people and servers is held to what they really said."""

from aggregates.campaign.commands import RemoveSender, ResumeCampaign
from events.campaign import CampaignResumed, SenderRemoved, SentSearched
from events.email_account import SentSearchProved
from events.recorded import Recorded
from events.vocabulary import SearchResult
from tests.simulation.workers import World


def false_fact(world: World, recorded: Recorded) -> str:
    """Empty where people confirmed and servers showed what the event says."""
    event, asked = recorded.event, world.asked.get(recorded.envelope.command_id)
    match event, asked:
        case SenderRemoved(), RemoveSender(confirmed=told):
            return "" if event.held == (told or 0) else f"S10: {told} confirmed, {event.held} held"
        case CampaignResumed(), ResumeCampaign(without=named):
            unnamed = {each.account_id for each in event.given_up} - named
            return f"P3: nobody named {unnamed}, without which it goes on" if unnamed else ""
        case SentSearchProved() | SentSearched(result=SearchResult.FOUND), _:
            shown = world.mail.shows(recorded.workspace, event.account_id, event.send_id)
            return "" if shown else f"M2: no search can have found {event.send_id}"
        case _:
            return ""
