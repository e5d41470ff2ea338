"""Why a command was refused: one tree, one sentence each, and what to do next.

A refusal changes nothing, except that some are worth remembering: ``facts`` are the events that
stand although the command was refused.

::

    Rejected
    ├── AccountRejected   about an account or its slot
    ├── CampaignRejected  about a campaign and its senders
    └── RecipientRejected about one recipient
"""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar

from events.base import Event
from events.vocabulary import instant_text


class Rejected(Exception):
    """A command was refused. ``code`` is stable and for programs, the text is for people."""

    code: ClassVar[str]
    sentence: ClassVar[str]

    def __init__(self, *about: object, facts: Sequence[Event] = ()) -> None:
        super().__init__(self.sentence.format(*(_spoken(thing) for thing in about)))
        self.facts = tuple(facts)

    @property
    def message(self) -> str:
        return str(self)


def _spoken(thing: object) -> object:
    return instant_text(thing) if isinstance(thing, datetime) else thing


class AccountRejected(Rejected):
    code = "account_rejected"
    sentence = "{}"


class CampaignRejected(Rejected):
    code = "campaign_rejected"
    sentence = "{}"


class RecipientRejected(Rejected):
    code = "recipient_rejected"
    sentence = "{}"


class UnknownAccount(AccountRejected):
    code = "unknown_account"
    sentence = "There is no email account {}. Connect it first."


class UnknownSlot(AccountRejected):
    code = "unknown_slot"
    sentence = "There is no slot {}. Connect an account there first."


class SlotTaken(AccountRejected):
    code = "slot_occupied"
    sentence = "Slot {} holds {}. Disconnect it or choose another slot."


class AlreadyConnected(AccountRejected):
    code = "already_connected"
    sentence = "{} is connected in slot {} already. Use One-Click Reconnect to repair it."


class NotConnected(AccountRejected):
    code = "not_connected"
    sentence = "{} is disconnected. Connect it to a slot first."


class StillFailing(AccountRejected):
    code = "still_failing"
    sentence = "The connection check of {} still fails. Correct the cause and try again."


class InsufficientScope(AccountRejected):
    code = "insufficient_scope"
    sentence = "{} was not granted full mail access. Tick the box on the next Reconnect."


class IdentityMismatch(AccountRejected):
    code = "identity_mismatch"
    sentence = "Another mailbox than {} answered. To change mailboxes, use Two-Step Reconnect."


class ConfigurationChanged(AccountRejected):
    code = "configuration_changed"
    sentence = "The mail servers of {} changed. Disconnect and connect it (Two-Step Reconnect)."


class UnknownNotice(AccountRejected):
    code = "unknown_notice"
    sentence = "No notice {} was issued about incident {}. Name one that was."


class UnknownCampaign(CampaignRejected):
    code = "unknown_campaign"
    sentence = "There is no campaign {}. Create it first."


class NameTaken(CampaignRejected):
    code = "name_taken"
    sentence = "There is a campaign {} already. Choose another name."


class NotARotationCampaign(CampaignRejected):
    code = "not_a_rotation_campaign"
    sentence = "Campaign {} sends from one slot; only Inbox Rotation campaigns have a sender list."


class AlreadyInCampaign(CampaignRejected):
    code = "already_in_campaign"
    sentence = "{} is in FROM EMAIL of {} already."


class SenderNotInCampaign(CampaignRejected):
    code = "sender_not_in_campaign"
    sentence = "{} is no sender of {}. Add it to FROM EMAIL first."


class SenderNotConnected(CampaignRejected):
    code = "sender_not_connected"
    sentence = "{} is not connected. Reconnect it first."


class NoSender(CampaignRejected):
    code = "no_sender"
    sentence = "Campaign {} has no sender. Add an account or connect one in its slot."


class SenderMissing(CampaignRejected):
    code = "sender_missing"
    sentence = (
        "{1} left FROM EMAIL of {0}: whoever heard from it ({2} recipients) is stopped for good "
        "at {3}, unless it is added again. Add it, or name it to resume without it."
    )


class PauseCauseHolds(CampaignRejected):
    code = "pause_cause_holds"
    sentence = "Campaign {} is paused because {} is not connected. Reconnect it, or remove it."


class CampaignNotRunning(CampaignRejected):
    code = "campaign_not_running"
    sentence = "Campaign {} is {}; that needs a campaign under way."


class AlreadyRunning(CampaignRejected):
    code = "already_running"
    sentence = "Campaign {} was started already and is {}. Only a paused campaign can be resumed."


class NotConfirmed(CampaignRejected):
    code = "not_confirmed"
    sentence = (
        "Removing {} leaves {} contacted recipients held until it is re-added. "
        "Confirm with that number."
    )


class UnknownRecipient(RecipientRejected):
    code = "unknown_recipient"
    sentence = "There is no recipient {} in campaign {}. Import the recipient first."


class StoppedForGood(RecipientRejected):
    code = "recipient_stopped"
    sentence = "{} is Campaign Stopped in {}, for good. Another campaign may take the recipient."


class RecipientTerminal(RecipientRejected):
    code = "recipient_terminal"
    sentence = "{} is {} already; nothing more is sent."


class FixedSenderIsOther(RecipientRejected):
    code = "fixed_sender_is_other"
    sentence = "{} hears from {} in this campaign, and from nobody else."


class AlreadyReceivedEmail(RecipientRejected):
    code = "already_received_email"
    sentence = "{} received an email already, so the sender is fixed to {}."


class SenderHeld(RecipientRejected):
    code = "sender_held"
    sentence = "{} is out of office until {}. Send after that."


class SendInFlight(RecipientRejected):
    code = "send_in_flight"
    sentence = "A message to {} is on its way through {}. Wait for its outcome."


class UnknownSend(RecipientRejected):
    code = "unknown_send"
    sentence = "No message {1} to {0} is on its way. Reserve the send first."


class OutcomeUnknown(RecipientRejected):
    code = "outcome_unknown"
    sentence = (
        "Message {1} to {0} may have arrived. Search the Sent folder before sending it again."
    )
