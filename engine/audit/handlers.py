"""Which check handles which fact."""

from collections.abc import Callable
from typing import Any

from engine.audit import (
    clocks,
    connection,
    notices,
    pace,
    pausing,
    recipients,
    senders,
    slots,
    suppression,
    usage,
)
from engine.audit.books import Books
from events import campaign, email_account, slot
from events import suppression as suppressions
from events.base import Event

Handler = Callable[[Books, Any], None]

HANDLERS: dict[type[Event], Handler] = {
    campaign.SendReserved: recipients.leaving,
    campaign.EmailAccepted: recipients.received,
    campaign.EmailOutcomeUnknown: recipients.received,
    campaign.EmailRefused: recipients.refused,
    campaign.SentFolderSearched: recipients.searched,
    campaign.SentSearched: usage.searched,
    campaign.SequenceSet: pace.sequence_set,
    campaign.RecipientAdded: recipients.added,
    campaign.RecipientMigrated: recipients.migrated,
    campaign.RecipientImportRefused: recipients.import_refused,
    campaign.RecipientAssigned: recipients.assigned,
    campaign.AssignmentReleased: recipients.released,
    campaign.RecipientReplied: recipients.ended,
    campaign.RecipientBounced: recipients.ended,
    campaign.RecipientUnsubscribed: recipients.ended,
    campaign.RecipientFinished: recipients.ended,
    campaign.RecipientFailed: recipients.ended,
    campaign.RecipientStopped: recipients.stopped,
    campaign.LateSignalRecorded: recipients.late_signal,
    campaign.AutoReplyReceived: recipients.auto_replied,
    campaign.HoldEnded: recipients.hold_ended,
    campaign.CampaignCreated: senders.created,
    campaign.SenderAdded: senders.added,
    campaign.SenderRemoved: senders.removed,
    campaign.SenderReplaced: slots.replaced,
    campaign.CampaignStarted: pausing.started,
    campaign.CampaignPaused: pausing.paused,
    campaign.PauseCauseCleared: pausing.cleared,
    campaign.CampaignResumed: pausing.resumed,
    campaign.CampaignFinished: pausing.finished,
    campaign.CampaignReopened: pausing.reopened,
    campaign.GracePeriodStarted: clocks.started,
    campaign.GracePeriodCured: clocks.cured,
    campaign.GracePeriodSuperseded: clocks.superseded,
    campaign.GracePeriodExpired: clocks.expired,
    email_account.AccountConnected: connection.connected,
    email_account.SettingsUpdated: connection.settings_updated,
    email_account.CheckRequested: connection.check_requested,
    email_account.CheckPassed: connection.check_passed,
    email_account.CheckFailed: connection.check_failed,
    email_account.ConnectionFailed: connection.connection_failed,
    email_account.ConnectionRestored: connection.connection_restored,
    email_account.OneClickReconnected: connection.check_passed,
    email_account.OneClickRejected: connection.one_click_rejected,
    email_account.AccountDisconnected: connection.disconnected,
    email_account.NoticeIssued: notices.issued,
    email_account.NoticeAttempted: notices.attempted,
    email_account.SendCounted: usage.counted,
    email_account.SendUncounted: usage.uncounted,
    email_account.SendingThrottled: usage.throttled,
    email_account.ThrottlingEnded: usage.throttling_ended,
    email_account.SentSearchProved: usage.search_proved,
    suppressions.PersonSuppressed: suppression.suppressed,
    suppressions.PersonReleased: suppression.released,
    suppressions.DomainSuppressed: suppression.domain_suppressed,
    suppressions.DomainReleased: suppression.domain_released,
    slot.SlotOccupied: slots.occupied,
    slot.SlotVacated: slots.vacated,
}
"""``ConnectRejected``, ``RecipientForgotten``, ``PeopleCommitted`` and ``ComplaintReceived`` change
nothing, so there is nothing to check."""
