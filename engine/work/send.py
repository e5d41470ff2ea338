"""Send a message: reserved, submitted, and recorded as what became of it (M2, S8)."""

from typing import Any, NamedTuple, assert_never

from aggregates.campaign.commands import (
    CampaignCommand,
    RecordAccepted,
    RecordRefused,
    RecordSentFolderSearch,
    RecordUnknown,
    ReserveSend,
)
from engine.batch import derived_id
from engine.engine import Engine
from engine.reply import Refusal, Reply
from engine.work.ports import (
    AccountTrouble,
    Mailbox,
    Message,
    NewId,
    Outcome,
    Refused,
    Search,
    Submitted,
    Transport,
)
from events.vocabulary import CampaignId, RecipientId, RefusalFault, SearchResult

ACTOR = "mail"


class Outgoing(NamedTuple):
    """A message of a campaign for one recipient. ``send_id`` is the same in every attempt."""

    campaign_id: CampaignId
    recipient_id: RecipientId
    send_id: str
    mailbox: Mailbox
    message: Message


class Sends:
    """Sends messages of one workspace. Safe to share between threads.

    Whoever dies between reservation and record leaves the message on its way: nobody can send it
    again before ``after_crash`` was called for it.
    """

    def __init__(self, engine: Engine, transport: Transport, workspace: str, new_id: NewId) -> None:
        self._engine = engine
        self._transport = transport
        self._workspace = workspace
        self._new_id = new_id

    def send(self, outgoing: Outgoing) -> Submitted | Refusal:
        """What became of the message; a ``Refusal`` when the law lets nothing leave.

        After a refusal for a temporary fault, and when the account itself is in trouble, the
        reservation is given back and the message may be tried again.
        """
        attempt = self._new_id()
        reserve = ReserveSend(
            campaign_id=outgoing.campaign_id,
            recipient_id=outgoing.recipient_id,
            account_id=outgoing.mailbox.account_id,
            send_id=outgoing.send_id,
        )
        reserved = self._execute(reserve, attempt)
        if reserved.refusal is not None:
            return reserved.refusal

        submitted = self._transport.submit(outgoing.mailbox, outgoing.message)
        self._execute(_record_of(outgoing, submitted), derived_id(attempt, "outcome"))
        if submitted is Outcome.UNKNOWN:
            self._search(outgoing)
        return submitted

    def after_crash(self, outgoing: Outgoing) -> Search | Refusal:
        """A reservation whose holder is gone: its outcome is unknown, and the Sent folder searched.

        A ``Refusal`` when the message was not on its way.
        """
        unknown = RecordUnknown(**_about(outgoing))
        recorded = self._execute(unknown, self._new_id())
        return recorded.refusal or self._search(outgoing)

    def _search(self, outgoing: Outgoing) -> Search:
        """What was found is recorded; the law says what it proves (M2)."""
        found = self._transport.was_sent(outgoing.mailbox, outgoing.message.message_id)
        record = RecordSentFolderSearch(**_about(outgoing), result=SearchResult(found.value))
        self._execute(record, self._new_id())
        return found

    def _execute(self, command: CampaignCommand, command_id: str) -> Reply:
        return self._engine.execute(self._workspace, command, command_id=command_id, actor=ACTOR)


def _record_of(outgoing: Outgoing, submitted: Submitted) -> CampaignCommand:
    about = _about(outgoing)
    match submitted:
        case Outcome.ACCEPTED:
            return RecordAccepted(**about)
        case Outcome.UNKNOWN:
            return RecordUnknown(**about)
        case Refused(fault=fault):
            return RecordRefused(**about, fault=fault)
        case AccountTrouble():
            return RecordRefused(**about, fault=RefusalFault.TEMPORARY)
        case _:
            assert_never(submitted)


def _about(outgoing: Outgoing) -> dict[str, Any]:
    return {
        "campaign_id": outgoing.campaign_id,
        "recipient_id": outgoing.recipient_id,
        "send_id": outgoing.send_id,
    }
