"""What a workspace has sent, for reading what comes back (M5)."""

from collections.abc import Iterable, Sequence

from aggregates.campaign import Campaign
from aggregates.campaign.pace import message_key
from engine.command_context import Look
from engine.engine import Engine
from engine.work.inbound import Sent, comparable
from engine.work.ports import Directory
from events.base import Event
from events.campaign import SendEvent
from events.vocabulary import AccountId, CampaignId, RecipientId

Whom = tuple[CampaignId, RecipientId]


class SentIndex:
    """The recipient of each message, by the left part of its Message-ID; kept up to date by
    following the log.

    A message is known from its reservation on. Safe to share between threads.
    """

    def __init__(self, now: Look) -> None:
        self._whom: dict[str, Whom] = {}
        for campaign in now.campaigns():
            self._take_in(campaign)

    def follow(self, events: Iterable[Event]) -> None:
        for event in events:
            if isinstance(event, SendEvent):
                self._whom[event.send_id] = event.campaign_id, event.recipient_id

    def find(self, message: str) -> Whom | None:
        return self._whom.get(message)

    def _take_in(self, campaign: Campaign) -> None:
        for recipient_id, recipient in campaign.recipients.items():
            whom = campaign.id, recipient_id
            for step in recipient.progress.done if campaign.sequence else ():
                assert campaign.sequence is not None
                self._whom[message_key(campaign.sequence, recipient_id, step)] = whom
            for each in (recipient.sending, *recipient.unknown):
                if each is not None:
                    self._whom[each.send_id] = whom


class AccountsSentMail:
    """``SentMail`` of one account. The answers come from the events and the directory as they are
    now."""

    def __init__(
        self,
        engine: Engine,
        workspace: str,
        directory: Directory,
        index: SentIndex,
        name: AccountId,
    ) -> None:
        self.account = comparable(name)
        self._name = name
        self._engine, self._workspace = engine, workspace
        self._directory, self._index = directory, index

    def by_message(self, message: str) -> Sequence[Sent]:
        whom = self._index.find(message)
        if whom is None:
            return ()
        person = self._directory.person(self._workspace, whom[1])
        return [Sent(message, *whom, comparable(person.address) if person else "")]

    def by_address(self, address: str) -> Sequence[Sent]:
        """The recipient at that address in each campaign in which they heard, or may have heard,
        from this account."""
        recipient_id = self._directory.recipient_at(self._workspace, address) if address else None
        if recipient_id is None:
            return ()
        with self._engine.look(self._workspace) as now:
            return [
                Sent("", campaign.id, recipient_id, address)
                for campaign in now.campaigns()
                if self._wrote(campaign, recipient_id)
            ]

    def _wrote(self, campaign: Campaign, recipient_id: RecipientId) -> bool:
        recipient = campaign.recipients.get(recipient_id)
        if recipient is None or not (recipient.emails or recipient.sending):
            return False
        return not campaign.rotates or recipient.sender == self._name
