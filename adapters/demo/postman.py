"""Sends the campaign's messages and reads the inboxes, each step told to the engine (M2, M5)."""

from collections.abc import Callable
from typing import Any

from adapters.demo.cast import CAMPAIGN, WORKSPACE, Sender
from adapters.demo.fates import Answer as Came
from adapters.demo.letters import compose, message_id, recipient_of, send_id
from adapters.demo.mail_server import (
    AnswerLostError,
    Incoming,
    LoginRefusedError,
    RefusedError,
    SimulatedMailServer,
)
from aggregates.campaign.commands import (
    RecordAccepted,
    RecordAutoReply,
    RecordRefused,
    RecordSentFolderSearch,
    RecordSignal,
    RecordUnknown,
    ReserveSend,
)
from aggregates.command import Command
from engine.reply import Reply
from engine.work.ports import Directory
from events.vocabulary import RecipientId, RecipientStatus, RefusalFault, Signal

ACTOR = "mail"

SIGNALS: dict[Came, Signal] = {
    Came.REPLY: RecipientStatus.REPLIED,
    Came.BOUNCE: RecipientStatus.BOUNCED,
    Came.UNSUBSCRIBE: RecipientStatus.UNSUBSCRIBED,
}

Ask = Callable[[Command, str], Reply]


class Postman:
    def __init__(self, ask: Ask, directory: Directory, server: SimulatedMailServer) -> None:
        self._ask = ask
        self._directory = directory
        self._server = server

    def send(self, recipient_id: RecipientId, sender: Sender, step: int = 1) -> bool:
        """Reserve, submit, record. False when there is to be another attempt.

        Raises ``LoginRefusedError``, the reservation given back.
        """
        send = send_id(recipient_id, step)
        reserved = self._ask(
            ReserveSend(
                campaign_id=CAMPAIGN,
                recipient_id=recipient_id,
                account_id=sender.account_id,
                send_id=send,
            ),
            ACTOR,
        )
        return reserved.refusal is not None or self._submit(recipient_id, sender, step)

    def read_inbox(self, sender: Sender) -> None:
        """Raises ``LoginRefusedError``."""
        for incoming in self._server.read_inbox(sender.account_id, sender.password):
            self._ask(_told(incoming), ACTOR)

    def _submit(self, recipient_id: RecipientId, sender: Sender, step: int) -> bool:
        person = self._directory.person(WORKSPACE, recipient_id)
        assert person is not None
        message = compose(person, recipient_id, sender, step)
        about: dict[str, Any] = {
            "campaign_id": CAMPAIGN,
            "recipient_id": recipient_id,
            "send_id": send_id(recipient_id, step),
        }
        try:
            self._server.submit(sender.account_id, sender.password, message)
        except RefusedError as refused:
            self._ask(RecordRefused(**about, fault=refused.fault), ACTOR)
            return refused.fault is not RefusalFault.TEMPORARY
        except LoginRefusedError:
            self._ask(RecordRefused(**about, fault=RefusalFault.TEMPORARY), ACTOR)
            raise
        except AnswerLostError:
            self._ask(RecordUnknown(**about), ACTOR)
            found = self._server.was_sent(
                sender.account_id, sender.password, message_id(about["send_id"])
            )
            self._ask(RecordSentFolderSearch(**about, found=found), ACTOR)
            return True
        self._ask(RecordAccepted(**about), ACTOR)
        return True


def _told(incoming: Incoming) -> Command:
    recipient_id = recipient_of(incoming.in_reply_to)
    if incoming.kind is Came.OUT_OF_OFFICE:
        return RecordAutoReply(
            campaign_id=CAMPAIGN, recipient_id=recipient_id, until=incoming.until
        )
    return RecordSignal(
        campaign_id=CAMPAIGN, recipient_id=recipient_id, signal=SIGNALS[incoming.kind]
    )
