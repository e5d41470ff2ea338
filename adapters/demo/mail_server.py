"""A mail server in this process: logins, mailboxes, Sent folders, and a will of its own.

It behaves like a provider, not like the engine's idea of one: it knows addresses and messages,
nothing of campaigns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import NamedTuple

from adapters.demo.fates import Answer, Fate, answer_of, fate_of
from engine.ports.clock import Clock
from engine.work.simulated import simulated_report
from events.vocabulary import CheckReport, FailureClass, RefusalFault

AWAY = timedelta(days=3)


class MailServerError(Exception):
    pass


class LoginRefusedError(MailServerError):
    pass


class RefusedError(MailServerError):
    def __init__(self, fault: RefusalFault) -> None:
        super().__init__(fault)
        self.fault = fault


class AnswerLostError(MailServerError):
    """The connection broke after the message; whether it was taken, the Sent folder knows."""


class Incoming(NamedTuple):
    """A message in an inbox: what it is, and the Message-ID it answers."""

    at: datetime
    kind: Answer
    in_reply_to: str
    until: datetime | None = None


@dataclass
class _Mailbox:
    password: str
    refuses: FailureClass | None = None
    sent: set[str] = field(default_factory=set)
    inbox: list[Incoming] = field(default_factory=list)


class SimulatedMailServer:
    def __init__(self, clock: Clock, seed: str) -> None:
        self._clock = clock
        self._seed = seed
        self._mailboxes: dict[str, _Mailbox] = {}
        self._greylisted: set[str] = set()

    def open_mailbox(self, account_id: str, password: str) -> None:
        self._mailboxes[account_id] = _Mailbox(password)

    def refuse_login(self, account_id: str, because: FailureClass) -> None:
        """From now on."""
        self._mailboxes[account_id].refuses = because

    def check(self, account_id: str, password: str) -> CheckReport:
        """C1: the stages, as far as they pass."""
        return simulated_report(self._refusal(account_id, password))

    def submit(self, account_id: str, password: str, message: EmailMessage) -> None:
        """Returns once the message is taken. Raises ``MailServerError`` for anything else."""
        mailbox = self._login(account_id, password)
        address = message["To"].addresses[0].addr_spec
        fate = fate_of(address, self._seed)
        if fate is Fate.NO_SUCH_MAILBOX:
            raise RefusedError(RefusalFault.RECIPIENT)
        if fate is Fate.POLICY:
            raise RefusedError(RefusalFault.OTHER)
        if fate is Fate.GREYLISTED and address not in self._greylisted:
            self._greylisted.add(address)
            raise RefusedError(RefusalFault.TEMPORARY)
        first = message["In-Reply-To"] is None
        mailbox.sent.add(message["Message-ID"])
        if first:
            self._answer(mailbox, address, message["Message-ID"])
        if fate is Fate.ANSWER_LOST and first:
            raise AnswerLostError

    def was_sent(self, account_id: str, password: str, message_id: str) -> bool:
        return message_id in self._login(account_id, password).sent

    def read_inbox(self, account_id: str, password: str) -> Sequence[Incoming]:
        """What has arrived since it was last read."""
        mailbox = self._login(account_id, password)
        now = self._clock()
        arrived = sorted((e for e in mailbox.inbox if e.at <= now), key=lambda e: e.at)
        mailbox.inbox = [each for each in mailbox.inbox if each.at > now]
        return arrived

    def _login(self, account_id: str, password: str) -> _Mailbox:
        refusal = self._refusal(account_id, password)
        if refusal is not None:
            raise LoginRefusedError(refusal)
        return self._mailboxes[account_id]

    def _refusal(self, account_id: str, password: str) -> FailureClass | None:
        mailbox = self._mailboxes[account_id]
        wrong = mailbox.password != password
        return FailureClass.AUTH_BAD_CREDENTIALS if wrong else mailbox.refuses

    def _answer(self, mailbox: _Mailbox, address: str, message_id: str) -> None:
        kind, delay = answer_of(address, self._seed)
        if kind is Answer.NONE:
            return
        at = self._clock() + delay
        until = at + AWAY if kind is Answer.OUT_OF_OFFICE else None
        mailbox.inbox.append(Incoming(at, kind, message_id, until))
