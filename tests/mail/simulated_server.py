"""A mail provider in this process: logins, mailboxes, Sent folders, and a will of its own.

It behaves like a provider, not like the engine's idea of one: it knows addresses and messages,
nothing of campaigns.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from operator import attrgetter

from engine.ports.clock import Clock
from engine.simulated import simulated_report
from engine.work.findings import Findings, Watch, unwatched
from engine.work.inbound import Inbound, Kind, Sent
from engine.work.ports import (
    NOT_SUBMITTED,
    AccountTrouble,
    Arrivals,
    Incoming,
    Mailbox,
    Message,
    Outcome,
    Refused,
    Search,
    Submitted,
)
from events.vocabulary import (
    AccountId,
    FailureClass,
    RefusalFault,
)


class Fate(Enum):
    """What becomes of a message."""

    TAKEN = "taken"
    NO_SUCH_MAILBOX = "no such mailbox"
    POLICY = "refused for good, for no fault of the recipient"
    GREYLISTED = "refused at first, taken later"
    LIMITED = "refused for good, as the account sent too much"
    ANSWER_LOST = "taken, but the connection broke before the server said so"


class Answer(Enum):
    NONE = "none"
    REPLY = "reply"
    BOUNCE = "bounce"
    UNSUBSCRIBE = "unsubscribe"
    OUT_OF_OFFICE = "out of office"


KINDS: Mapping[Answer, Kind] = {
    Answer.REPLY: Kind.REPLY,
    Answer.BOUNCE: Kind.BOUNCE,
    Answer.UNSUBSCRIBE: Kind.UNSUBSCRIBE,
}
ToWhom = Callable[[str], tuple[str, str] | None]
"""Campaign and recipient of a message of ours, by the left part of its id."""
FAULTS = {
    Fate.NO_SUCH_MAILBOX: RefusalFault.RECIPIENT,
    Fate.POLICY: RefusalFault.OTHER,
    Fate.GREYLISTED: RefusalFault.TEMPORARY,
    Fate.LIMITED: RefusalFault.LIMIT,
}


@dataclass(frozen=True)
class _Arrival:
    at: datetime
    about: str
    kind: Kind
    until: date | None


@dataclass
class _Mailbox:
    password: str
    refuses: FailureClass | None = None
    sent: set[str] = field(default_factory=set)
    inbox: list[_Arrival] = field(default_factory=list)


class SimulatedMailServer:
    """``Probe``, ``Transport`` and ``Inbox``. ``secrets`` holds passwords by reference. Messages
    are taken, and answered by nobody, unless told."""

    def __init__(self, clock: Clock, secrets: Mapping[str, str]) -> None:
        self._clock = clock
        self._secrets = secrets
        self._mailboxes: dict[AccountId, _Mailbox] = {}
        self._fates: dict[str, Fate] = {}
        self._greylisted: set[str] = set()
        self.to_whom: ToWhom = lambda _: None

    def open_mailbox(self, account_id: AccountId, password: str) -> None:
        self._mailboxes[account_id] = _Mailbox(password)

    def refuse_login(self, account_id: AccountId, because: FailureClass | None) -> None:
        """From now on; None lets in again."""
        self._mailboxes[account_id].refuses = because

    def decide(self, address: str, fate: Fate) -> None:
        """What becomes of messages to that address, from now on."""
        self._fates[address] = fate

    def arrive(
        self,
        account_id: AccountId,
        about: str,
        answer: Answer,
        *,
        after: timedelta = timedelta(0),
        until: date | None = None,
    ) -> None:
        """An answer to the message with that id comes into the mailbox."""
        kind = KINDS.get(answer, Kind.AUTO_REPLY)
        arrival = _Arrival(self._clock() + after, about, kind, until)
        self._mailboxes[account_id].inbox.append(arrival)

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002 at once
        return Findings(simulated_report(self._trouble(mailbox)))

    def submit(
        self, mailbox: Mailbox, message: Message, may_leave: Callable[[], bool]
    ) -> Submitted:
        if not may_leave():
            return NOT_SUBMITTED
        trouble = self._trouble(mailbox)
        if trouble is not None:
            return AccountTrouble(trouble)
        fate = self._fate_of(message.address)
        if fate in FAULTS:
            return Refused(FAULTS[fate], address_unknown=fate is Fate.NO_SUCH_MAILBOX)
        self._mailboxes[mailbox.account_id].sent.add(_left(message.message_id))
        return Outcome.UNKNOWN if fate is Fate.ANSWER_LOST else Outcome.ACCEPTED

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:  # noqa: ARG002 filed already
        return self._trouble(mailbox) is None

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        if self._trouble(mailbox) is not None:
            return Search.INCONCLUSIVE
        there = _left(message_id) in self._mailboxes[mailbox.account_id].sent
        return Search.FOUND if there else Search.ABSENT

    def since(self, mailbox: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        trouble = self._trouble(mailbox)
        if trouble is not None:
            return AccountTrouble(trouble)
        now = self._clock()
        inbox = self._mailboxes[mailbox.account_id].inbox
        arrived = sorted((each for each in inbox if each.at <= now), key=attrgetter("at"))
        new = list(enumerate(arrived))[int(cursor or 0) :]
        messages = [Incoming(f"{each.at} {n}", self._meaning(each)) for n, each in new]
        return Arrivals(str(len(arrived)), messages, read_until=now)

    def _meaning(self, arrival: _Arrival) -> Inbound:
        left = _left(arrival.about)
        whom = self.to_whom(left)
        about = [Sent(left, *whom, "")] if whom else []
        return Inbound(arrival.kind, "As told.", about, arrival.until)

    def _trouble(self, mailbox: Mailbox) -> FailureClass | None:
        known = self._mailboxes.get(mailbox.account_id)
        if known is None or self._secrets.get(mailbox.credentials or "") != known.password:
            return FailureClass.AUTH_BAD_CREDENTIALS
        return known.refuses

    def _fate_of(self, address: str) -> Fate:
        """What is greylisted is taken at the second attempt."""
        fate = self._fates.get(address, Fate.TAKEN)
        if fate is Fate.GREYLISTED and address in self._greylisted:
            return Fate.TAKEN
        if fate is Fate.GREYLISTED:
            self._greylisted.add(address)
        return fate


def _left(message_id: str) -> str:
    """Servers rewrite what stands right of ``@`` (M2)."""
    return message_id.strip("<>").partition("@")[0]
