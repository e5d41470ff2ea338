"""Why a command was refused: one tree, one sentence each, and what to do next.

A refusal changes nothing, but some are worth remembering: ``facts`` are events that are recorded
although the command was refused.

::

    Rejected
    ├── StoreFenced       about the store itself
    ├── AccountRejected   about an account or its slot
    │   ├── UnknownAccount
    │   ├── UnknownSlot
    │   ├── SlotTaken
    │   ├── AlreadyConnected
    │   ├── NotConnected
    │   ├── StillFailing
    │   ├── InsufficientScope
    │   ├── IdentityMismatch
    │   ├── ConfigurationChanged
    │   ├── UnknownNotice
    │   └── AccountNotYet
    ├── CampaignRejected  about a campaign and its senders
    │   ├── UnknownCampaign
    │   ├── NameTaken
    │   ├── NotARotationCampaign
    │   ├── AlreadyInCampaign
    │   ├── SenderNotInCampaign
    │   ├── SenderNotConnected
    │   ├── NoSender
    │   ├── SenderMissing
    │   ├── PausedByUser
    │   ├── PauseCauseHolds
    │   ├── CampaignNotRunning
    │   ├── AlreadyRunning
    │   ├── NotConfirmed
    │   ├── NotSetUp
    │   ├── ZoneIsFixed
    │   ├── BadSequence
    │   └── UnknownStep
    └── RecipientRejected about one recipient
        ├── UnknownRecipient
        ├── StoppedForGood
        ├── RecipientTerminal
        ├── FixedSenderIsOther
        ├── AlreadyReceivedEmail
        ├── SenderHeld
        ├── SendInFlight
        ├── UnknownSend
        ├── OutcomeUnknown
        ├── NotYet
        ├── InboxNotRead
        ├── ContactedElsewhere
        ├── Suppressed
        ├── NoReason
        ├── NotFinished
        └── NotTheNextStep
"""

from collections.abc import Iterator, Sequence
from typing import ClassVar

from events.base import Event
from events.errors import ExplainedError


class Rejected(ExplainedError):
    """A command was refused. ``code`` is stable and for programs; the text is for people."""

    code: ClassVar[str]
    rule: ClassVar[str]
    """The rule of the law by which it was refused."""

    def __init__(self, *, facts: Sequence[Event] = (), **about: object) -> None:
        super().__init__(**about)
        self.facts = tuple(facts)

    @property
    def message(self) -> str:
        return str(self)


class StoreFenced(Rejected):
    """M6: a fenced store takes no command."""

    code = "store_fenced"
    rule = "M6"
    sentence = (
        "The store may lack what it did: {reason}. Until it is reconciled it takes checks, "
        "reconnects, and what arrives or ends; nothing else."
    )


class AccountRejected(Rejected):
    pass


class CampaignRejected(Rejected):
    pass


class RecipientRejected(Rejected):
    pass


class UnknownAccount(AccountRejected):
    code = "unknown_account"
    rule = "C1"
    sentence = "There is no email account {account}. Connect it first."


class UnknownSlot(AccountRejected):
    code = "unknown_slot"
    rule = "T3"
    sentence = "There is no slot {slot}. Connect an account there first."


class SlotTaken(AccountRejected):
    code = "slot_occupied"
    rule = "T3"
    sentence = "Slot {slot} holds {account}. Disconnect it or choose another slot."


class AlreadyConnected(AccountRejected):
    code = "already_connected"
    rule = "T1"
    sentence = (
        "{account} is connected in slot {slot} already. Use One-Click Reconnect to repair it."
    )


class NotConnected(AccountRejected):
    code = "not_connected"
    rule = "T1"
    sentence = "{account} is disconnected. Connect it to a slot first."


class StillFailing(AccountRejected):
    code = "still_failing"
    rule = "R2"
    sentence = "The connection check of {account} still fails. Correct the cause and try again."


class InsufficientScope(AccountRejected):
    code = "insufficient_scope"
    rule = "R2"
    sentence = "{account} was not granted full mail access. Tick the box on the next Reconnect."


class IdentityMismatch(AccountRejected):
    code = "identity_mismatch"
    rule = "R2"
    sentence = (
        "Another mailbox than {account} answered. To change mailboxes, use Two-Step Reconnect."
    )


class ConfigurationChanged(AccountRejected):
    code = "configuration_changed"
    rule = "R2"
    sentence = (
        "The mail servers of {account} changed. Disconnect and connect it (Two-Step Reconnect)."
    )


class UnknownNotice(AccountRejected):
    code = "unknown_notice"
    rule = "N2"
    sentence = "No notice {number} was issued about incident {incident}. Name one that was."


class AccountNotYet(AccountRejected):
    code = "account_not_yet"
    rule = "M3"
    sentence = "Nothing leaves through {account} before {until} ({reason})."


class UnknownCampaign(CampaignRejected):
    code = "unknown_campaign"
    rule = "P3"
    sentence = "There is no campaign {campaign}. Create it first."


class NameTaken(CampaignRejected):
    code = "name_taken"
    rule = "M2"
    sentence = "There is a campaign {campaign} already. Choose another name."


class NotARotationCampaign(CampaignRejected):
    code = "not_a_rotation_campaign"
    rule = "S10"
    sentence = (
        "Campaign {campaign} sends from one slot; only Inbox Rotation campaigns have a sender list."
    )


class AlreadyInCampaign(CampaignRejected):
    code = "already_in_campaign"
    rule = "T4"
    sentence = "{account} is in FROM EMAIL of {campaign} already."


class SenderNotInCampaign(CampaignRejected):
    code = "sender_not_in_campaign"
    rule = "S10"
    sentence = "{account} is no sender of {campaign}. Add it to FROM EMAIL first."


class SenderNotConnected(CampaignRejected):
    code = "sender_not_connected"
    rule = "S1"
    sentence = "{account} is not connected. Reconnect it first."


class NoSender(CampaignRejected):
    code = "no_sender"
    rule = "P3"
    sentence = "Campaign {campaign} has no sender. Add an account or connect one in its slot."


class SenderMissing(CampaignRejected):
    code = "sender_missing"
    rule = "P3"
    sentence = (
        "{account} left FROM EMAIL of {campaign}: whoever heard from it ({contacted} recipients) "
        "is stopped for good at {deadline}, unless it is added again. Add it, or name it to resume "
        "without it."
    )


class PausedByUser(CampaignRejected):
    code = "paused_by_user"
    rule = "P2"
    sentence = (
        "Campaign {campaign} was paused by a user. Whoever wants it to go on resumes it by name."
    )


class PauseCauseHolds(CampaignRejected):
    code = "pause_cause_holds"
    rule = "P3"
    sentence = (
        "Campaign {campaign} is paused because {account} is not connected. "
        "Reconnect it, or remove it."
    )


class CampaignNotRunning(CampaignRejected):
    code = "campaign_not_running"
    rule = "P3"
    sentence = "Campaign {campaign} is {status}; that needs a campaign under way."


class AlreadyRunning(CampaignRejected):
    code = "already_running"
    rule = "P3"
    sentence = (
        "Campaign {campaign} was started already and is {status}. "
        "Only a paused campaign can be resumed."
    )


class NotConfirmed(CampaignRejected):
    code = "not_confirmed"
    rule = "S10"
    sentence = (
        "Removing {account} leaves {held} contacted recipients held until it is re-added. "
        "Confirm with that number."
    )


class NotSetUp(CampaignRejected):
    code = "not_set_up"
    rule = "M3"
    sentence = "Campaign {campaign} has no steps and no time zone. Set its sequence first."


class ZoneIsFixed(CampaignRejected):
    code = "zone_is_fixed"
    rule = "M3"
    sentence = (
        "The days of campaign {campaign} are those of {zone}, for good: what was sent is counted "
        "by them. Create another campaign for another time zone."
    )


class BadSequence(CampaignRejected):
    code = "bad_sequence"
    rule = "M3"
    sentence = "The sequence of campaign {campaign} cannot be used: {problem}."


class UnknownStep(CampaignRejected):
    code = "unknown_step"
    rule = "M3"
    sentence = "{step} is no step of {campaign}. Name one of its sequence."


class UnknownRecipient(RecipientRejected):
    code = "unknown_recipient"
    rule = "S4"
    sentence = (
        "There is no recipient {recipient} in campaign {campaign}. Import the recipient first."
    )


class StoppedForGood(RecipientRejected):
    code = "recipient_stopped"
    rule = "S4"
    sentence = (
        "{recipient} is Campaign Stopped in {campaign}, for good. "
        "Another campaign may take the recipient."
    )


class RecipientTerminal(RecipientRejected):
    code = "recipient_terminal"
    rule = "S5"
    sentence = "{recipient} is {status} already; nothing more is sent."


class FixedSenderIsOther(RecipientRejected):
    code = "fixed_sender_is_other"
    rule = "M1"
    sentence = "{recipient} hears from {sender} in this campaign, and from nobody else."


class AlreadyReceivedEmail(RecipientRejected):
    code = "already_received_email"
    rule = "M1"
    sentence = "{recipient} received an email already, so the sender is fixed to {sender}."


class SenderHeld(RecipientRejected):
    code = "sender_held"
    rule = "M5"
    sentence = "{recipient} is out of office until {until}. Send after that."


class SendInFlight(RecipientRejected):
    code = "send_in_flight"
    rule = "M2"
    sentence = "A message to {recipient} is on its way through {account}. Wait for its outcome."


class UnknownSend(RecipientRejected):
    code = "unknown_send"
    rule = "M2"
    sentence = "No message {send} to {recipient} is on its way. Reserve the send first."


class OutcomeUnknown(RecipientRejected):
    code = "outcome_unknown"
    rule = "M2"
    sentence = (
        "Message {send} to {recipient} may have arrived. "
        "Search the Sent folder before sending it again."
    )


class NotYet(RecipientRejected):
    code = "not_yet"
    rule = "M3"
    sentence = "Nothing goes to {recipient} before {until} ({reason})."


class InboxNotRead(RecipientRejected):
    code = "inbox_not_read"
    rule = "M4"
    sentence = (
        "The inbox of {account} has not been read lately, so {recipient} may have answered. "
        "Read it first."
    )


class ContactedElsewhere(RecipientRejected):
    code = "contacted_elsewhere"
    rule = "M7"
    sentence = (
        "Another campaign writes to {recipient}, and {campaign} is exclusive. Wait for its end."
    )


class Suppressed(RecipientRejected):
    code = "suppressed"
    rule = "M7"
    sentence = (
        "{recipient} is never to be written to again in this workspace. "
        "Only an operator can release the recipient, with a reason."
    )


class NoReason(RecipientRejected):
    code = "no_reason"
    rule = "M7"
    sentence = (
        "A release needs a reason, which is kept for ever. Give one, without anybody's address."
    )


class NotFinished(RecipientRejected):
    code = "not_finished"
    rule = "M4"
    sentence = "The sequence of {recipient} is not over. Wait for its end."


class NotTheNextStep(RecipientRejected):
    code = "not_the_next_step"
    rule = "M3"
    sentence = "The next step of {recipient} is {next}, not {step}."


def _leaves(kind: type[Rejected]) -> Iterator[type[Rejected]]:
    yield from (kind,) if hasattr(kind, "code") else ()
    for each in kind.__subclasses__():
        yield from _leaves(each)


RULES = {each.code: each.rule for each in _leaves(Rejected)}
"""The rule of each refusal, by code."""
