"""What the present classifier makes of the stored evidence, and what that would mean for incidents.

A check whose evidence was erased, or never stored, stays as it was recorded. Misses are counted
anew from what is found now, under the policy that each check recorded (C2).
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from aggregates.command import DEFAULT_POLICY
from engine.work.classifying.classifier import classify
from engine.work.classifying.evidence import Evidence
from events import email_account as facts
from events.recorded import Recorded
from events.vocabulary import AccountId, Asker, FailureClass, IncidentId

Find = Callable[[str, str], Evidence | None]
"""Finds evidence by workspace and digest."""


class Otherwise(NamedTuple):
    """A failed check that would be classified otherwise today."""

    workspace: str
    account_id: AccountId
    position: int
    occurred_at: datetime
    was: FailureClass
    classifier: str
    """The classifier of that time."""
    now: FailureClass | None
    """The class now; None if nothing would be wrong."""
    sentence: str


class Avoided(NamedTuple):
    """An incident that would not have been opened when it was."""

    workspace: str
    account_id: AccountId
    incident_id: IncidentId
    position: int
    opened_at: datetime
    opens_at: datetime | None
    """When a later check, before the next success, would have opened it; None for never."""


class Missed(NamedTuple):
    """A check that opened no incident but would have today."""

    workspace: str
    account_id: AccountId
    position: int
    occurred_at: datetime


@dataclass
class Reclassified:
    checks: int = 0
    """The failed checks in the history."""
    judged: int = 0
    """Those of them whose evidence exists."""
    otherwise: list[Otherwise] = field(default_factory=list)
    avoided: list[Avoided] = field(default_factory=list)
    missed: list[Missed] = field(default_factory=list)


@dataclass
class _Account:
    """One account since its last full successful check: what was found, as it is classified now."""

    misses: int = 0
    first_missed_at: datetime | None = None
    differs: bool = False
    failed: bool = False
    """Whether the account is failed, as recorded."""
    avoided_at: int | None = None
    """The index, among the avoided incidents, of the open one that would not have been opened."""
    fails_now: bool = False

    def hear(self, check: facts.CheckFailed, found: FailureClass | None) -> None:
        """C2: count the misses, and decide whether the account would fail."""
        if found is None:
            self.misses, self.first_missed_at = 0, None
        elif check.asked_by is Asker.BACKGROUND and found.opens_incident and not found.permanent:
            self.misses += 1
            self.first_missed_at = self.first_missed_at or check.occurred_at
        self.fails_now = found is not None and found.opens_incident and self._enough(check, found)

    def _enough(self, check: facts.CheckFailed, found: FailureClass) -> bool:
        if found.permanent or check.asked_by is Asker.USER:
            return True
        enough = check.misses_before_failure or DEFAULT_POLICY.misses_before_failure
        span = check.misses_span or DEFAULT_POLICY.misses_span
        since = check.occurred_at - (self.first_missed_at or check.occurred_at)
        return self.misses >= enough and since >= span


class Reclassifier:
    """Reads a history in order; ``found`` is the result so far."""

    def __init__(self, find: Find) -> None:
        self.found = Reclassified()
        self._find = find
        self._accounts: dict[tuple[str, AccountId], _Account] = defaultdict(_Account)
        self._waiting: tuple[str, Missed] | None = None
        """A check that would open an incident, unless its own command opened one; with the
        command's id."""

    def read(self, facts: Iterable[Recorded]) -> Reclassified:
        for each in facts:
            self._hear(each)
        self._settle("")
        return self.found

    def _hear(self, fact: Recorded) -> None:
        event = fact.event
        match event:
            case facts.CheckFailed():
                self._settle("")
                self._check(fact, event, self._accounts[fact.workspace, event.account_id])
            case facts.ConnectionFailed():
                self._settle(fact.envelope.command_id)
                self._opened(fact, event, self._accounts[fact.workspace, event.account_id])
            case (
                facts.CheckPassed()
                | facts.ConnectionRestored()
                | facts.OneClickReconnected()
                | facts.AccountConnected()
                | facts.AccountDisconnected()
            ):
                self._accounts[fact.workspace, event.account_id] = _Account()
            case _:
                pass

    def _check(self, fact: Recorded, check: facts.CheckFailed, account: _Account) -> None:
        was = check.report.found or FailureClass.UNKNOWN
        now, differs = self._judged(fact, check, was), False
        if now != was:
            differs = account.differs = True
        account.hear(check, now)
        if not account.fails_now:
            return
        if account.avoided_at is not None:
            self._opens_later(account, check.occurred_at)
        elif differs and not account.failed:
            missed = Missed(fact.workspace, check.account_id, fact.position, check.occurred_at)
            self._waiting = (fact.envelope.command_id, missed)

    def _judged(
        self, fact: Recorded, check: facts.CheckFailed, was: FailureClass
    ) -> FailureClass | None:
        self.found.checks += 1
        told = check.report.evidence_digest
        evidence = self._find(fact.workspace, told) if told else None
        if evidence is None:
            return was
        self.found.judged += 1
        verdict = classify(evidence)
        if verdict.failure != was:
            self.found.otherwise.append(
                Otherwise(
                    fact.workspace,
                    check.account_id,
                    fact.position,
                    check.occurred_at,
                    was,
                    check.report.classifier,
                    verdict.failure,
                    verdict.sentence,
                )
            )
        return verdict.failure

    def _opened(self, fact: Recorded, event: facts.ConnectionFailed, account: _Account) -> None:
        account.failed = True
        if account.fails_now or not account.differs:
            return
        account.avoided_at = len(self.found.avoided)
        self.found.avoided.append(
            Avoided(
                fact.workspace,
                event.account_id,
                event.incident_id,
                fact.position,
                event.occurred_at,
                None,
            )
        )

    def _opens_later(self, account: _Account, at: datetime) -> None:
        assert account.avoided_at is not None
        avoided = self.found.avoided[account.avoided_at]
        self.found.avoided[account.avoided_at] = avoided._replace(opens_at=at)
        account.avoided_at = None

    def _settle(self, command_id: str) -> None:
        if self._waiting is not None and self._waiting[0] != command_id:
            self.found.missed.append(self._waiting[1])
        self._waiting = None
