"""Campaign: who sends, who is written to, and which clocks run (P, S, M, T2-T5)."""

from aggregates.campaign.commands import CampaignCommand
from aggregates.campaign.decide import decide
from aggregates.campaign.fold import evolve, fold
from aggregates.campaign.state import Campaign, Clock, Lane, Recipient, Sending, initial

__all__ = [
    "Campaign",
    "CampaignCommand",
    "Clock",
    "Lane",
    "Recipient",
    "Sending",
    "decide",
    "evolve",
    "fold",
    "initial",
]
