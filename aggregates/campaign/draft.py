"""A campaign while events are folded into it: mutable, and frozen once at the end."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from immutables import MapMutation

from aggregates.campaign.lane_draft import NOBODY, LaneDraft
from aggregates.campaign.state import Campaign, Progress, Recipient, Sending
from events.campaign import (
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    GracePeriodExpired,
    RecipientMigrated,
    SendReserved,
    SentFolderSearched,
    SentSearched,
)
from events.vocabulary import (
    AccountId,
    ClockOutcome,
    RecipientId,
    RecipientStatus,
    RefusalFault,
    SearchResult,
)

_Fields = tuple[
    RecipientStatus,
    AccountId | None,
    int,
    Sending | None,
    datetime | None,
    tuple[Sending, ...],
    Progress,
]
NEW = Recipient()
PENDING = RecipientStatus.PENDING
ACTIVE = RecipientStatus.ACTIVE


class Draft:
    """The part about recipients and the messages sent to them."""

    def __init__(self, campaign: Campaign) -> None:
        self.campaign = campaign
        self.mode = campaign.mode
        self.rotates = campaign.rotates
        self.status = campaign.status
        self.slot_id = campaign.slot_id
        self.sender = campaign.sender
        self.causes = campaign.causes
        self.recipients = campaign.recipients.mutate()
        self.lanes: dict[AccountId, LaneDraft] = {}
        self.open = campaign.open
        self.mail_id = campaign.mail_id
        self.sequence = campaign.sequence
        self.day = campaign.day
        self.day_used = campaign.day_used
        self.sends = campaign.sends
        self.bounces = campaign.bounces
        self._last = NEW

    def freeze(self) -> Campaign:
        return Campaign(
            self.campaign.id,
            self.mode,
            self.status,
            self.slot_id,
            self.sender,
            self.causes,
            self.recipients.finish(),
            self.campaign.lanes.update({key: lane.freeze() for key, lane in self.lanes.items()}),
            self.open,
            self.mail_id,
            self.sequence,
            self.day,
            self.day_used,
            self.sends,
            self.bounces,
        )

    def lane(self, account_id: AccountId) -> LaneDraft:
        lane = self.lanes.get(account_id)
        if lane is None:
            lane = self.lanes[account_id] = LaneDraft(self.campaign.lane(account_id))
        return lane

    def _put(self, recipient_id: RecipientId, fields: _Fields) -> None:
        """Recipients without a message on its way share one object per state."""
        self.recipients[recipient_id] = self._shared(fields)

    def _shared(self, fields: _Fields) -> Recipient:
        if fields[3] is not None:
            return Recipient(*fields)
        if fields != self._last:
            self._last = Recipient(*fields)
        return self._last

    def _hold(self, recipient_id: RecipientId, until: datetime | None) -> None:
        recipient = self.recipients[recipient_id]
        self.recipients[recipient_id] = recipient._replace(held_until=until)

    def _assign(self, recipient_id: RecipientId, account_id: AccountId) -> None:
        sender = self.recipients[recipient_id].sender
        if sender is not None:
            self.lane(sender).soft.pop(recipient_id, None)
        self.lane(account_id).soft[recipient_id] = None
        self.recipients[recipient_id] = self.recipients[recipient_id]._replace(sender=account_id)

    def _reserve(self, event: SendReserved) -> None:
        recipient_id, account_id = event.recipient_id, event.account_id
        status, sender, emails, _, held_until, unknown, progress = self.recipients[recipient_id]
        if self.rotates and not emails:
            lane = self.lane(account_id)
            if sender != account_id:
                if sender is not None:
                    self.lane(sender).soft.pop(recipient_id, None)
                lane.soft[recipient_id] = None
                sender = account_id
            lane.first_sends[recipient_id] = None
        sending = Sending(account_id, event.send_id, None, event.step, event.occurred_at, event.day)
        if event.step is not None:
            self.day_used = self.day_used + 1 if event.day == self.day else 1
            self.day = event.day
        self._put(recipient_id, (status, sender, emails, sending, held_until, unknown, progress))

    def _receive(self, event: EmailAccepted | EmailOutcomeUnknown) -> None:
        recipient_id, account_id = event.recipient_id, event.account_id
        status, sender, emails, sending, held_until, unknown, progress = self.recipients[
            recipient_id
        ]
        if self.rotates and not emails:
            sender = account_id
            lane = self.lane(account_id)
            lane.soft.pop(recipient_id, None)
            lane.first_sends.pop(recipient_id, None)
            if status is PENDING:
                lane.contacted[recipient_id] = None
            else:
                lane.count(status)
        if status is PENDING:
            status = ACTIVE
        if type(event) is EmailOutcomeUnknown and sending is not None:
            tried = progress.tries, progress.first_tried_at
            unknown = (*unknown, sending._replace(tries=tried[0], first_tried_at=tried[1]))
        step = sending.step if sending is not None else None
        emails += step is None or not progress.again
        if step is not None:
            progress = Progress((*progress.done, step), event.occurred_at)
            self.sends += 1
        self._put(recipient_id, (status, sender, emails, None, held_until, unknown, progress))

    def _migrate(self, event: RecipientMigrated) -> None:
        sender = event.account_id if self.rotates else None
        if sender is not None:
            self.lane(sender).contacted[event.recipient_id] = None
        progress = Progress(event.steps, event.received_at)
        self.sends += len(event.steps)
        fields = (ACTIVE, sender, len(event.steps), None, None, (), progress)
        self._put(event.recipient_id, fields)

    def _refuse(self, event: EmailRefused) -> None:
        if self.rotates:
            self.lane(event.account_id).first_sends.pop(event.recipient_id, None)
        recipient = self.recipients[event.recipient_id]
        sending, progress = recipient.sending, recipient.progress
        if sending is not None and sending.step is not None:
            self.sends += event.fault is RefusalFault.RECIPIENT
            self.day_used -= sending.day == self.day
            if event.tries is not None:
                progress = progress._replace(
                    tries=event.tries,
                    first_tried_at=progress.first_tried_at or sending.reserved_at,
                    retry_at=event.retry_at,
                )
        self.recipients[event.recipient_id] = recipient._replace(sending=None, progress=progress)

    def _forget_unknown(self, event: SentFolderSearched | SentSearched) -> Sending | None:
        """M2: the message was not sent, so it may be reserved again."""
        recipient = self.recipients[event.recipient_id]
        of = [each for each in recipient.unknown if each.send_id == event.send_id]
        left = tuple(each for each in recipient.unknown if each.send_id != event.send_id)
        self.recipients[event.recipient_id] = recipient._replace(unknown=left)
        return of[0] if of else None

    def _search(self, event: SentSearched) -> None:
        if event.result is SearchResult.ABSENT:
            sending = self._forget_unknown(event)
            recipient = self.recipients[event.recipient_id]
            if sending is not None and sending.step is not None:
                done = tuple(step for step in recipient.progress.done if step != sending.step)
                again = recipient.progress._replace(
                    done=done,
                    again=True,
                    tries=sending.tries,
                    first_tried_at=sending.first_tried_at,
                )
                self.recipients[event.recipient_id] = recipient._replace(progress=again)
            return
        recipient = self.recipients[event.recipient_id]
        answered = tuple(
            each._replace(answer=event.result) if each.send_id == event.send_id else each
            for each in recipient.unknown
        )
        self.recipients[event.recipient_id] = recipient._replace(unknown=answered)

    def _end(self, recipient_id: RecipientId, ended: RecipientStatus) -> None:
        recipient = self.recipients[recipient_id]
        self.open -= 1
        self._members(recipient).pop(recipient_id, None)
        if recipient.sender is not None and recipient.emails:
            self.lane(recipient.sender).count(ended)
        self._put(recipient_id, (ended, *recipient[1:]))

    def add(self, recipient_ids: Sequence[RecipientId]) -> None:
        for recipient_id in recipient_ids:
            self.recipients[recipient_id] = NEW
        self.open += len(recipient_ids)

    def stop(self, recipient_ids: Sequence[RecipientId]) -> None:
        """S5: they do not count as ended in their lane. Those who are alike are looked at once."""
        recipients, before, after = self.recipients, None, NEW
        leaving = defaultdict[tuple[AccountId | None, bool], list[RecipientId]](list)
        for recipient_id in recipient_ids:
            recipient = recipients[recipient_id]
            if recipient != before:
                before, gone = recipient, leaving[recipient.sender, recipient.emails > 0]
                after = self._shared((RecipientStatus.CAMPAIGN_STOPPED, *recipient[1:]))
            gone.append(recipient_id)
            recipients[recipient_id] = after
        for (sender, contacted), gone in leaving.items():
            if sender is not None:
                self.lane(sender).leave(gone, contacted=contacted)
        self.open -= len(recipient_ids)

    def _members(self, recipient: Recipient) -> MapMutation[RecipientId, None]:
        """Of a lane, in whose list of them the recipient stands."""
        if recipient.sender is None:
            return NOBODY.mutate()
        lane = self.lane(recipient.sender)
        return lane.contacted if recipient.emails else lane.soft

    def _expire(self, event: GracePeriodExpired) -> None:
        lane = self.lane(event.account_id)
        lane.listed = False
        lane.end_clock(ClockOutcome.EXPIRED, event, event.stopped)
        on_their_way = lane.first_sends.finish()
        lane.first_sends = on_their_way.mutate()
        for recipient_id in on_their_way:
            recipient = self.recipients[recipient_id]
            if recipient.status is PENDING and recipient.sending is not None:
                doomed = recipient.sending._replace(ran_out=lane.clock)
                self.recipients[recipient_id] = recipient._replace(sending=doomed)
