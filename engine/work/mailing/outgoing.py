"""What leaves through one account: reserved, submitted, and recorded with its outcome (M2, S8).

The outcome of one message and the reservation of the next are recorded in one transaction. A
reserved message is submitted at once or not at all: if it is not on its way ``SUBMIT_WITHIN`` of
its reservation, it is not submitted, so that a search ten minutes later can be trusted. A process
may stand still at any moment, so the transport asks for this once more in its session with the
server, which the server ends after some five minutes of silence (RFC 5321, section 4.5.3.2).
"""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, NamedTuple, Protocol, assert_never

from aggregates.campaign.commands import (
    CampaignCommand,
    RecordAccepted,
    RecordRefused,
    RecordUnknown,
)
from engine.batch import derived_id
from engine.engine import Engine
from engine.ports.clock import passing_seconds
from engine.reply import Request
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.mailing.turns import Turn, Turns
from engine.work.ports import (
    NOT_SUBMITTED,
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


class Composer(Protocol):
    def compose(self, draft: Draft) -> Message | None:
        """The message; None if it cannot be written, and operators are told why."""
        ...


class Way(NamedTuple):
    """What sending an account's messages needs."""

    engine: Engine
    dispatch: Dispatch
    composer: Composer
    transport: Transport
    turns: Turns
    new_id: NewId
    held: Callable[[], bool] = lambda: True
    """Whether this process still holds the lease on the workspace's mail; without it, it submits
    nothing (M2)."""
    seconds: Callable[[], float] = passing_seconds


class Ready(NamedTuple):
    draft: Draft
    message: Message


class Reserved(NamedTuple):
    """A message that this process may submit. ``begun``: in seconds, taken before the
    reservation."""

    recorded: Recorded
    begun: float


class Sent(NamedTuple):
    """The outcome of a message, not yet recorded."""

    reserved: Reserved
    submitted: Submitted

    @property
    def request(self) -> Request:
        """The request that records it; the same one however often it is made."""
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
    """Sends one account's messages, one after another. Not safe to share between threads.

    ``trouble`` is the account's trouble that the last message met, for which it must be checked
    (M8); ``accepted`` are the messages that the last run got accepted.
    """

    def __init__(self, way: Way, account_id: AccountId) -> None:
        self._way = way
        self.account_id = account_id
        self.trouble: FailureClass | None = None
        self.accepted: list[Message] = []
        self._sent: Sent | None = None

    @property
    def unrecorded(self) -> Request | None:
        """After an error, the outcome of the last message if it is known but not recorded yet."""
        return self._sent.request if self._sent else None

    def run(self, wanted: Callable[[], bool]) -> int:
        """Send everything that may leave now, as long as it is ``wanted``; return the number of
        messages offered.

        After any error there may be a reservation that this process does not know of: record what
        is ``unrecorded``, have the ``Dispatch`` begin again, and make another ``Outgoing``.
        """
        offered, going, self.trouble, self.accepted = 0, True, None, []
        draft = self._turn(None, more=True).draft
        while draft is not None or self._sent is not None:
            going = going and self.trouble is None and (draft is None or wanted())
            ready = self._ready(draft, going=going)
            begun = self._way.seconds()
            turn = self._turn(ready, more=going)
            if ready is not None and turn.reserved is not None:
                going = self._submit(Reserved(turn.reserved, begun), ready, turn.unnoted)
                offered += going
            elif ready is not None:
                self._way.dispatch.refused(ready.draft.plan)
            draft = turn.draft
        return offered

    def _ready(self, draft: Draft | None, *, going: bool) -> Ready | None:
        """The next message; recipients for whom no message can be written are skipped for now."""
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
        """False if the message is held back: too much time has passed, or the lease is lost."""
        self._sent = Sent(reserved, NOT_SUBMITTED)
        if unnoted is not None:
            raise unnoted
        may_leave = partial(self._may_leave, reserved.begun)
        if not may_leave():
            return False
        self._sent = Sent(reserved, Outcome.UNKNOWN)
        submitted = self._way.transport.submit(ready.draft.mailbox, ready.message, may_leave)
        self._sent = Sent(reserved, submitted)
        if isinstance(submitted, AccountTrouble):
            self.trouble = submitted.failure_class
        elif submitted is Outcome.ACCEPTED:
            self.accepted.append(ready.message)
        return True

    def _may_leave(self, begun: float) -> bool:
        in_time = self._way.seconds() - begun <= SUBMIT_WITHIN.total_seconds()
        return in_time and self._way.held()
