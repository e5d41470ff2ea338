"""Which recipients does a workspace not write to now, why, when does that end, and how much was
sent today? (M3-M8)"""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from aggregates.calendar import day_began, day_of
from aggregates.campaign import Campaign, Recipient
from aggregates.email_account import EmailAccount, pace
from aggregates.waiting import NotBefore, soonest
from engine.planning.why_not_now import Moment, why_not_now
from events.vocabulary import CampaignId, RecipientId, Waiting, Zone


class Waits(NamedTuple):
    """The number of a campaign's recipients who wait for the same reason."""

    campaign_id: CampaignId
    reason: Waiting
    recipients: int
    at: datetime | None
    """When the wait ends for the first of them; None if only somebody's action ends it."""


class AccountPace(NamedTuple):
    used: int
    """Messages that count for the account's present day, over all campaigns."""
    limit: int
    zone: Zone
    gap: int
    """Seconds between two messages."""
    next_at: datetime | None
    """When it may send next; None if that takes somebody's action."""
    reason: Waiting | None
    """Why it may not send now; None if it may."""


class CampaignPace(NamedTuple):
    used: int
    """Messages that count for the campaign's present day, over all accounts."""
    limit: int | None
    zone: Zone


def waits(now: Moment, campaigns: Iterable[Campaign]) -> list[Waits]:
    """The waits in unfinished campaigns that send by themselves, campaign by campaign, the first to
    end first."""
    found: dict[tuple[CampaignId, Waiting], Waits] = {}
    for campaign in campaigns:
        if campaign.sequence is None or not campaign.open:
            continue
        for wait, recipients in _counted(now, campaign, exclusive=campaign.sequence.exclusive):
            key = campaign.id, wait.reason
            before = found.get(key, Waits(*key, 0, wait.at))
            moments = [each for each in (before.at, wait.at) if each is not None]
            found[key] = Waits(*key, before.recipients + recipients, min(moments, default=None))
    return sorted(found.values(), key=lambda each: (each.campaign_id, each.at is None, each.at))


def _counted(
    now: Moment, campaign: Campaign, *, exclusive: bool
) -> Iterator[tuple[NotBefore, int]]:
    """Why recipients wait, and how many. Recipients in the same state wait for the same reason,
    except in an exclusive campaign, where it also depends on other campaigns."""
    alike: dict[tuple[Recipient, RecipientId | None], list[RecipientId]] = {}
    for recipient_id, each in campaign.recipients.items():
        if not each.status.terminal:
            alike.setdefault((each, recipient_id if exclusive else None), []).append(recipient_id)
    for ids in alike.values():
        wait = why_not_now(now, campaign, ids[0])
        if wait is not None:
            yield wait, len(ids)


def account_pace(account: EmailAccount, at: datetime) -> AccountPace:
    zone = pace.zone_of(account.settings)
    used = account.usage.since(day_began(at, zone))
    limit = pace.limit_on(account, day_of(at, zone))
    gap = int(account.settings.gap.total_seconds())
    wait = soonest(at, pace.constraints(account))
    next_at, reason = (at, None) if wait is None else wait
    return AccountPace(used, limit, zone, gap, next_at, reason)


def campaign_pace(campaign: Campaign, at: datetime) -> CampaignPace | None:
    """The campaign's pace; None if it does not send by itself."""
    sequence = campaign.sequence
    if sequence is None:
        return None
    used = campaign.day_used if campaign.day == day_of(at, sequence.zone) else 0
    return CampaignPace(used, sequence.daily_limit, sequence.zone)
