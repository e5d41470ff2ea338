"""Why is nothing sent to this recipient now, and when does that end? (M3-M5, M7, M8)"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign import Campaign, Recipient
from aggregates.campaign.pace import obstacle
from aggregates.campaign.state import next_step
from aggregates.command import Policy
from aggregates.waiting import NotBefore, soonest
from engine.command_context import Neighbours, contacted_elsewhere
from engine.planning.planner import Inboxes, is_fresh
from engine.planning.senders import constraints, senders_of
from events.sequence import Step
from events.vocabulary import AccountId, RecipientId, Waiting


class Moment(NamedTuple):
    """A workspace at a moment, with the policy then and the inboxes as far as they have been
    read."""

    workspace: Neighbours
    at: datetime
    policy: Policy
    inboxes: Inboxes
    fenced: bool = False
    """M6: nothing leaves before a person has reconciled the store."""


def why_not_now(now: Moment, campaign: Campaign, recipient_id: RecipientId) -> NotBefore | None:
    """Why, and until when; None if nothing more is to be sent, or a message is on its way."""
    recipient = campaign.recipients[recipient_id]
    if recipient.status.terminal or recipient.sending is not None:
        return None
    stuck = obstacle(campaign, recipient)
    if campaign.sequence is None or stuck is Waiting.NOT_SET_UP:
        return NotBefore(None, Waiting.NOT_SET_UP)
    step = next_step(campaign.sequence, recipient.progress)
    if step is None:
        return None
    if now.fenced:
        return NotBefore(None, Waiting.FENCE)
    if stuck is not None:
        return NotBefore(None, stuck)
    accounts = _accounts(now.workspace, campaign, recipient)
    if not accounts:
        return NotBefore(_released_at(now.workspace, campaign, recipient), Waiting.SENDER)
    if not recipient.emails and contacted_elsewhere(now.workspace, campaign, recipient_id):
        return NotBefore(None, Waiting.EXCLUSIVE)
    waits = [_through(now, campaign, recipient, step, each) for each in accounts]
    return min(waits, key=lambda each: (each.at is None, each.at))


def _accounts(
    workspace: Neighbours, campaign: Campaign, recipient: Recipient
) -> Sequence[AccountId]:
    senders = senders_of(workspace, campaign)
    if not campaign.rotates or recipient.sender is None:
        return senders
    return [each for each in senders if each == recipient.sender]


def _released_at(
    workspace: Neighbours, campaign: Campaign, recipient: Recipient
) -> datetime | None:
    """S3: when the clock runs out, and other accounts may write to a recipient who has received
    nothing."""
    if recipient.sender is None or recipient.emails:
        return None
    clock = campaign.lane(recipient.sender).running
    return clock.deadline_at if clock and senders_of(workspace, campaign) else None


def _through(
    now: Moment, campaign: Campaign, recipient: Recipient, step: Step, account_id: AccountId
) -> NotBefore:
    account, at = now.workspace.account(account_id), now.at
    wait = soonest(at, constraints(account, campaign, recipient, step))
    if wait is not None:
        return wait
    read_until = now.inboxes.read_until(account_id)
    if recipient.emails and not is_fresh(account, read_until, at, now.policy):
        return NotBefore(max(at, now.inboxes.read_again(account_id) or at), Waiting.FRESHNESS)
    return NotBefore(at, Waiting.TURN)
