"""What a campaign sends: set once, and changed at any time for what is not sent yet."""

from collections.abc import Sequence
from datetime import timedelta

from aggregates.calendar import is_zone
from aggregates.campaign.commands import SetSequence
from aggregates.campaign.state import Campaign
from aggregates.rejections import BadSequence, ZoneIsFixed
from events.campaign import CampaignEvent, SequenceSet
from events.sequence import MailSequence

MOST_STEPS = 50
LONGEST = timedelta(days=3_660)


def set_sequence(campaign: Campaign, command: SetSequence) -> Sequence[CampaignEvent]:
    """M2, M3: the zone and the id from which Message-IDs derive never change once set."""
    before, sequence = campaign.sequence, command.sequence
    problem = _problem(sequence)
    if problem is not None:
        raise BadSequence(campaign=campaign.id, problem=problem)
    if before is not None and before.zone != sequence.zone:
        raise ZoneIsFixed(campaign=campaign.id, zone=before.zone)
    mail_id = before.mail_id if before else campaign.mail_id
    if mail_id is not None:
        sequence = sequence.model_copy(update={"mail_id": mail_id})
    if sequence == before:
        return []
    return [SequenceSet(campaign_id=campaign.id, sequence=sequence, occurred_at=command.at)]


def _problem(sequence: MailSequence) -> str | None:
    names = [step.name for step in sequence.steps]
    if not is_zone(sequence.zone):
        return f"there is no time zone {sequence.zone}; name one like Europe/Berlin"
    if not names or len(names) > MOST_STEPS:
        return f"it has {len(names)} steps; give it 1 to {MOST_STEPS}"
    if len(set(names)) < len(names) or "" in names:
        return "two steps have the same name, or one has none"
    if any(step.after < timedelta() for step in sequence.steps):
        return "a step comes before the one it follows"
    if any(step.after > LONGEST for step in sequence.steps):
        return f"a step waits longer than {LONGEST.days} days"
    if not sequence.window.days:
        return "its window has no days"
    if sequence.daily_limit is not None and sequence.daily_limit < 1:
        return "its daily limit is below 1"
    return None
