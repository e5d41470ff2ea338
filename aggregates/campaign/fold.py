"""``evolve`` for campaigns, for one event or a whole history at a time.

A fold works on a private draft with mutable maps, and freezes it once at the end: pure for the
caller, and several times faster over a long history than a new state for each event.
"""

from collections.abc import Iterable, Sequence
from typing import assert_never

from aggregates.campaign.draft import Draft
from aggregates.campaign.state import Campaign, Clock
from events.alike import Alike, runs
from events.campaign import (
    AssignmentReleased,
    AutoReplyReceived,
    CampaignCreated,
    CampaignEvent,
    CampaignFinished,
    CampaignPaused,
    CampaignReopened,
    CampaignResumed,
    CampaignStarted,
    ComplaintReceived,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    HoldEnded,
    LateSignalRecorded,
    PauseCauseCleared,
    RecipientAdded,
    RecipientAssigned,
    RecipientBounced,
    RecipientFailed,
    RecipientFinished,
    RecipientImportRefused,
    RecipientMigrated,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
    SenderAdded,
    SenderRemoved,
    SenderReplaced,
    SendReserved,
    SentFolderSearched,
    SentSearched,
    SequenceSet,
)
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    Mode,
    RecipientStatus,
)


def evolve(campaign: Campaign, event: CampaignEvent) -> Campaign:
    return fold(campaign, (event,))


def fold(campaign: Campaign, events: Iterable[CampaignEvent]) -> Campaign:
    draft = CampaignDraft(campaign)
    for run in runs(events) if isinstance(events, Sequence) else (events,):
        match run:
            case Alike(one=RecipientStopped()):
                draft.stop(run.texts)
            case Alike(one=RecipientAdded()):
                draft.add(run.texts)
            case _:
                draft.apply_all(run)
    return draft.freeze()


class CampaignDraft(Draft):
    """What each event changes."""

    def apply_all(self, events: Iterable[CampaignEvent]) -> None:
        apply = self.apply
        for event in events:
            apply(event)

    def apply(self, event: CampaignEvent) -> None:  # noqa: C901, PLR0912, PLR0915 one case per event
        match event:
            case RecipientStopped(recipient_id=recipient_id):
                self.stop((recipient_id,))
            case SendReserved():
                self._reserve(event)
            case EmailAccepted() | EmailOutcomeUnknown():
                self._receive(event)
            case RecipientAdded(recipient_id=recipient_id):
                self.add((recipient_id,))
            case RecipientMigrated():
                self._migrate(event)
            case RecipientReplied(recipient_id=recipient_id):
                self._end(recipient_id, RecipientStatus.REPLIED)
            case RecipientFinished(recipient_id=recipient_id):
                self._end(recipient_id, RecipientStatus.FINISHED)
            case RecipientBounced(recipient_id=recipient_id):
                self._end(recipient_id, RecipientStatus.BOUNCED)
                self.bounces += 1
            case RecipientUnsubscribed(recipient_id=recipient_id):
                self._end(recipient_id, RecipientStatus.UNSUBSCRIBED)
            case RecipientFailed(recipient_id=recipient_id):
                self._end(recipient_id, RecipientStatus.FAILED)
            case RecipientAssigned(recipient_id=recipient_id, account_id=account_id):
                self._assign(recipient_id, account_id)
            case AssignmentReleased(recipient_id=recipient_id, account_id=account_id):
                self.lane(account_id).soft.pop(recipient_id, None)
                self.recipients[recipient_id] = self.recipients[recipient_id]._replace(sender=None)
            case EmailRefused():
                self._refuse(event)
            case SentFolderSearched(found=found):
                if not found:
                    self._forget_unknown(event)
            case SentSearched():
                self._search(event)
            case AutoReplyReceived(recipient_id=recipient_id, held_until=held_until):
                self._hold(recipient_id, held_until)
            case HoldEnded(recipient_id=recipient_id):
                self._hold(recipient_id, None)
            case SenderAdded(account_id=account_id):
                self.lane(account_id).listed = True
            case SenderRemoved(account_id=account_id):
                self.lane(account_id).listed = False
            case SenderReplaced(account_id=account_id):
                self.sender = account_id
            case GracePeriodStarted():
                self.lane(event.account_id).clock = Clock(
                    event.incident_id, event.kind, event.occurred_at, event.deadline_at
                )
            case GracePeriodCured(account_id=account_id):
                self.lane(account_id).end_clock(ClockOutcome.CURED, event)
            case GracePeriodSuperseded(account_id=account_id):
                self.lane(account_id).end_clock(ClockOutcome.SUPERSEDED, event)
            case GracePeriodExpired():
                self._expire(event)
            case CampaignCreated():
                self.mode = event.mode
                self.rotates = event.mode is Mode.ROTATION
                self.slot_id = event.slot_id
                self.sender = event.account_id
                self.mail_id = event.mail_id
                self.status = CampaignStatus.DRAFT
            case CampaignStarted() | CampaignResumed() | CampaignReopened():
                self.status = CampaignStatus.RUNNING
                self.causes = frozenset()
                self.sends = self.bounces = 0
            case CampaignPaused(cause=cause):
                self.status = CampaignStatus.PAUSED
                self.causes |= {cause}
            case PauseCauseCleared(cause=cause):
                self.causes -= {cause}
            case CampaignFinished():
                self.status = CampaignStatus.FINISHED
                self.causes = frozenset()
            case SequenceSet(sequence=sequence):
                self.sequence = sequence
            case RecipientImportRefused() | LateSignalRecorded() | ComplaintReceived():
                pass
            case _:
                assert_never(event)
