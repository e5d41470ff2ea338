"""What leaves through one account: reserved, submitted, and recorded as what became of it (M2, S8).

The outcome of one message and the reservation of the next are one page: one transaction. Whoever
has reserved submits at once or not at all: a message that is not on its way ``SUBMIT_WITHIN`` of
its reservation is not submitted, so that a search ten minutes later can be believed.
"""

from collections.abc import Callable
from datetime import timedelta
from time import monotonic
from typing import Any, NamedTuple, Protocol, assert_never

from aggregates.campaign.commands import (
    CampaignCommand,
    RecordAccepted,
    RecordRefused,
    RecordUnknown,
)
from engine.batch import derived_id
from engine.engine import Engine
from engine.reply import Reply, Request
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.ports import (
    AccountTrouble,
    Message,
    NewId,
    Outcome,
    Refused,
    Submitted,
    Transport,
)
from events.campaign import SendReserved
from events.vocabulary import AccountId, FailureClass, RefusalFault

ACTOR = "mail"
SUBMIT_WITHIN = timedelta(seconds=60)
NOT_SUBMITTED = Refused(RefusalFault.ACCOUNT)
"""It was kept back by us: the recipient's tries are not counted."""


class Composer(Protocol):
    def compose(self, draft: Draft) -> Message | None:
        """None where the message cannot be written; operators are told why."""
        ...


class Witness(Protocol):
    def note(self, position: int, event_id: str) -> None:
        """Somewhere else it is known now that the log went that far. Raises ``OSError``."""
        ...


class Way(NamedTuple):
    """What an account's messages need on their way out."""

    engine: Engine
    dispatch: Dispatch
    composer: Composer
    transport: Transport
    witness: Witness
    new_id: NewId
    held: Callable[[], bool] = lambda: True
    """Is the workspace's mail still this process's business? Who lost it submits nothing (M2)."""


class Ready(NamedTuple):
    draft: Draft
    message: Message


class Reserved(NamedTuple):
    """A message that this process may submit. ``begun``: monotonic, before it was reserved."""

    event: SendReserved
    position: int
    event_id: str
    begun: float


class Sent(NamedTuple):
    """What became of a message, still to be recorded."""

    reserved: Reserved
    submitted: Submitted

    @property
    def request(self) -> Request:
        """The same one however often it is made."""
        return Request(self.record, derived_id(self.reserved.event_id, "outcome"), ACTOR)

    @property
    def record(self) -> CampaignCommand:
        event = self.reserved.event
        about: dict[str, Any] = {
            "campaign_id": event.campaign_id,
            "recipient_id": event.recipient_id,
            "send_id": event.send_id,
        }
        match self.submitted:
            case Outcome.ACCEPTED:
                return RecordAccepted(**about)
            case Outcome.UNKNOWN:
                return RecordUnknown(**about)
            case Refused(fault, unknown, until):
                return RecordRefused(
                    **about, fault=fault, address_unknown=unknown, told_until=until
                )
            case AccountTrouble():
                return RecordRefused(**about, fault=RefusalFault.ACCOUNT)
            case _:
                assert_never(self.submitted)


class Outgoing:
    """One account's messages, one after the other. Not safe to share between threads.

    ``trouble`` is what the last message met, of which the account is to be checked (M8);
    ``accepted`` are the messages that a run has brought away.
    """

    def __init__(self, way: Way, account_id: AccountId) -> None:
        self._way = way
        self.account_id = account_id
        self.trouble: FailureClass | None = None
        self.accepted: list[Message] = []
        self._sent: Sent | None = None

    @property
    def unrecorded(self) -> Request | None:
        """What is known of the last message and not recorded yet, after an error."""
        return self._sent.request if self._sent else None

    def run(self, wanted: Callable[[], bool]) -> int:
        """Send all that may leave now, as long as it is ``wanted``; answers how many were offered.

        Whatever it raises: a reservation may stand of which this process knows nothing. Record what
        is ``unrecorded``, and begin with another ``Dispatch``.
        """
        offered, going, self.trouble, self.accepted = 0, True, None, []
        while True:
            ready = self._ready() if going and wanted() and self.trouble is None else None
            if ready is None and self._sent is None:
                return offered
            reserved = self._turn(ready)
            if ready is None:
                return offered
            if reserved is not None:
                going = self._submit(reserved, ready)
                offered += going

    def _ready(self) -> Ready | None:
        """The next message; recipients to whom none can be written are left out for now."""
        way = self._way
        while (draft := way.dispatch.next_from(self.account_id)) is not None:
            message = way.composer.compose(draft)
            if message is not None:
                return Ready(draft, message)
            way.dispatch.set_aside(draft.plan)
        return None

    def _turn(self, ready: Ready | None) -> Reserved | None:
        """Record the last outcome and reserve the next message, in one transaction."""
        way = self._way
        requests = [self._sent.request] if self._sent is not None else []
        if ready is not None:
            reserve = way.dispatch.reservation(ready.draft.plan)
            requests.append(Request(reserve, way.new_id(), ACTOR))
        begun = monotonic()
        replies = way.engine.execute_page(way.dispatch.workspace, requests)
        self._sent = None
        way.dispatch.follow([each for reply in replies for each in reply.recorded])
        reserved = _reserved(replies[-1], begun) if ready is not None else None
        if ready is not None and reserved is None:
            way.dispatch.set_aside(ready.draft.plan)
        return reserved

    def _submit(self, reserved: Reserved, ready: Ready) -> bool:
        """False for a message that is kept back: too much time has passed, or the lease is lost."""
        self._sent = Sent(reserved, NOT_SUBMITTED)
        self._way.witness.note(reserved.position, reserved.event_id)
        if monotonic() - reserved.begun > SUBMIT_WITHIN.total_seconds() or not self._way.held():
            return False
        self._sent = Sent(reserved, Outcome.UNKNOWN)
        submitted = self._way.transport.submit(ready.draft.mailbox, ready.message)
        self._sent = Sent(reserved, submitted)
        if isinstance(submitted, AccountTrouble):
            self.trouble = submitted.failure_class
        elif submitted is Outcome.ACCEPTED:
            self.accepted.append(ready.message)
        return True


def _reserved(reply: Reply, begun: float) -> Reserved | None:
    """None where the law lets nothing leave after all: somebody was faster."""
    for each in reply.recorded:
        if isinstance(each.event, SendReserved) and reply.refusal is None:
            return Reserved(each.event, each.position, each.event_id, begun)
    return None
