"""Guards that several decisions share."""

from aggregates import rejections
from aggregates.campaign.state import Campaign, Lane, Recipient, Sending
from events.vocabulary import AccountId, RecipientId, RecipientStatus


def require_rotation(campaign: Campaign) -> None:
    if not campaign.rotates:
        raise rejections.NotARotationCampaign(campaign=campaign.id)


def known(campaign: Campaign, recipient_id: RecipientId) -> Recipient:
    recipient = campaign.recipients.get(recipient_id)
    if recipient is None:
        raise rejections.UnknownRecipient(recipient=recipient_id, campaign=campaign.id)
    return recipient


def alive(campaign: Campaign, recipient_id: RecipientId) -> Recipient:
    """The recipient, who must not be terminal."""
    recipient = known(campaign, recipient_id)
    if recipient.status is RecipientStatus.CAMPAIGN_STOPPED:
        raise rejections.StoppedForGood(recipient=recipient_id, campaign=campaign.id)
    if recipient.status.terminal:
        raise rejections.RecipientTerminal(recipient=recipient_id, status=recipient.status)
    return recipient


def listed(campaign: Campaign, account_id: AccountId) -> Lane:
    lane = campaign.lane(account_id)
    if not lane.listed:
        raise rejections.SenderNotInCampaign(account=account_id, campaign=campaign.id)
    return lane


def unknown_send(recipient: Recipient, send_id: str) -> Sending | None:
    """The message, if its outcome is unknown (M2)."""
    return next((each for each in recipient.unknown if each.send_id == send_id), None)
