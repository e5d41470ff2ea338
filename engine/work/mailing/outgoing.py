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
from engine.reply import Request
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.mailing.turns import Turn, Turns
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
from events.recorded import Recorded
from events.vocabulary import AccountId, FailureClass, RefusalFault

ACTOR = "mail"
SUBMIT_WITHIN = timedelta(seconds=60)
NOT_SUBMITTED = Refused(RefusalFault.ACCOUNT)
"""It was kept back by us: the recipient's tries are not counted."""


class Composer(Protocol):
    def compose(self, draft: Draft) -> Message | None:
        """None where the message cannot be written; operators are told why."""
        ...


class Way(NamedTuple):
    """What an account's messages need on their way out."""

    engine: Engine
    dispatch: Dispatch
    composer: Composer
    transport: Transport
    turns: Turns
    new_id: NewId
    held: Callable[[], bool] = lambda: True
    """Is the workspace's mail still this process's business? Who lost it submits nothing (M2)."""
    monotonic: Callable[[], float] = monotonic
    """Seconds, by a clock that nobody sets."""


class Ready(NamedTuple):
    draft: Draft
    message: Message


class Reserved(NamedTuple):
    """A message that this process may submit. ``begun``: monotonic, before it was reserved."""

    recorded: Recorded
    begun: float


class Sent(NamedTuple):
    """What became of a message, still to be recorded."""

    reserved: Reserved
    submitted: Submitted

    @property
    def request(self) -> Request:
        """The same one however often it is made."""
        return Request(self.record, derived_id(self.reserved.recorded.event_id, "outcome"), ACTOR)

    @property
    def record(self) -> CampaignCommand:
        event = self.reserved.recorded.event
        assert isinstance(event, SendReserved)
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
        draft = self._turn(None, more=True).draft
        while draft is not None or self._sent is not None:
            going = going and self.trouble is None and (draft is None or wanted())
            ready = self._ready(draft, going=going)
            begun = self._way.monotonic()
            turn = self._turn(ready, more=going)
            if ready is not None and turn.reserved is not None:
                going = self._submit(Reserved(turn.reserved, begun), ready, turn.unnoted)
                offered += going
            elif ready is not None:
                self._way.dispatch.refused(ready.draft.plan)
            draft = turn.draft
        return offered

    def _ready(self, draft: Draft | None, *, going: bool) -> Ready | None:
        """The next message; recipients to whom none can be written are left out for now."""
        if draft is None or self._way.dispatch.is_forgotten(draft.plan.recipient_id):
            return None
        if not going:
            self._way.dispatch.bring_back(draft.plan)
            return None
        message = self._way.composer.compose(draft)
        return Ready(draft, message) if message is not None else None

    def _turn(self, ready: Ready | None, *, more: bool) -> Turn:
        """Record the last outcome and reserve the next message, in one transaction."""
        way = self._way
        requests = [self._sent.request] if self._sent is not None else []
        if ready is not None:
            reserve = way.dispatch.reservation(ready.draft.plan)
            requests.append(Request(reserve, way.new_id(), ACTOR))
        turn = Turn(way.dispatch, self.account_id, requests, ready is not None, more)
        way.turns.take(turn)
        self._sent = None
        return turn

    def _submit(self, reserved: Reserved, ready: Ready, unnoted: Exception | None) -> bool:
        """False for a message that is kept back: too much time has passed, or the lease is lost."""
        self._sent = Sent(reserved, NOT_SUBMITTED)
        if unnoted is not None:
            raise unnoted
        too_late = self._way.monotonic() - reserved.begun > SUBMIT_WITHIN.total_seconds()
        if too_late or not self._way.held():
            return False
        self._sent = Sent(reserved, Outcome.UNKNOWN)
        submitted = self._way.transport.submit(ready.draft.mailbox, ready.message)
        self._sent = Sent(reserved, submitted)
        if isinstance(submitted, AccountTrouble):
            self.trouble = submitted.failure_class
        elif submitted is Outcome.ACCEPTED:
            self.accepted.append(ready.message)
        return True
