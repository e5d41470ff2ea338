"""Test, reconnect and connect an account: requested, probed, recorded (C1, C2, C6, R2).

A check that a user asks for is recorded as requested before the probe, so that a clock waits for it
(C6). Nothing is locked while a probe runs. A probe that raises, or dies with its process, leaves no
result at all.
"""

from dataclasses import replace
from typing import NamedTuple

from aggregates.email_account.checks import says_something_new
from aggregates.email_account.commands import (
    ConnectAccount,
    OneClickReconnect,
    RecordCheck,
    RequestCheck,
)
from aggregates.email_account.commands import EmailAccountCommand as AccountCommand
from engine.batch import derived_id
from engine.engine import Engine
from engine.reply import Refusal, Reply
from engine.work.findings import Findings, Watch, unwatched
from engine.work.ports import EvidenceStore, Mailbox, NewId, Probe
from events.vocabulary import AccountId, Asker, CheckReport

ACTOR = "check"
"""The actor of background checks."""
UNCHECKED = CheckReport(passed=(), classifier="none")
"""A placeholder in a command for the report of a check that has yet to run; no stage has passed."""


class Checked(NamedTuple):
    """``findings`` is None if nothing was probed; ``reply`` is None if nothing was recorded."""

    reply: Reply | None
    findings: Findings | None

    @property
    def refusal(self) -> Refusal | None:
        return None if self.reply is None else self.reply.refusal


class ConnectionChecks(NamedTuple):
    """Checks the connections of one workspace. Safe to share between threads.

    What servers said is stored as evidence before the report with its digest is recorded.
    """

    engine: Engine
    probe: Probe
    workspace: str
    new_id: NewId
    evidence: EvidenceStore | None = None

    def test(self, mailbox: Mailbox, *, actor: str, watch: Watch = unwatched) -> Checked:
        """Test Connection, as requested by a user (C2)."""
        check_id, asked = self._request(mailbox.account_id, actor)
        if asked.refusal is not None:
            return Checked(asked, None)
        findings = self._probed(mailbox, watch)
        found = RecordCheck(
            account_id=mailbox.account_id,
            asked_by=Asker.USER,
            report=findings.report,
            check_id=check_id,
            credentials=mailbox.credentials,
        )
        return Checked(self._record(found, check_id, actor), findings)

    def in_background(self, mailbox: Mailbox) -> Checked:
        """A check that nobody asked for (C2, C5); one that finds nothing new leaves no trace."""
        findings = self.probe.check(mailbox)
        found = RecordCheck(
            account_id=mailbox.account_id,
            asked_by=Asker.BACKGROUND,
            report=findings.report,
            credentials=mailbox.credentials,
        )
        if not self._is_news(found):
            return Checked(None, findings)
        self._keep_evidence(mailbox, findings)
        return Checked(self._record(found, self.new_id(), ACTOR), findings)

    def reconnect(
        self,
        mailbox: Mailbox,
        *,
        actor: str,
        configuration: str = "",
        refusal: str | None = None,
        watch: Watch = unwatched,
    ) -> Checked:
        """One-Click Reconnect (R1, R2, C6).

        ``configuration`` is the digest of the servers' names and ports as they are now. ``refusal``
        is the code of a reason to refuse that is already known; the check is then not made.
        """
        check_id, asked = self._request(mailbox.account_id, actor)
        if asked.refusal is not None:
            return Checked(asked, None)
        findings = None if refusal else self._probed(mailbox, watch)
        reconnect = OneClickReconnect(
            account_id=mailbox.account_id,
            report=findings.report if findings else UNCHECKED,
            refusal=refusal,
            configuration=configuration,
            credentials=mailbox.credentials,
            check_id=check_id,
        )
        return Checked(self._record(reconnect, check_id, actor), findings)

    def connect(self, wanted: ConnectAccount, *, actor: str, watch: Watch = unwatched) -> Checked:
        """Connect an account to a slot after a full check (C1, T1). The check's report replaces the
        one in ``wanted``."""
        findings = self._probed(Mailbox(wanted.account_id, wanted.credentials), watch)
        checked = replace(wanted, report=findings.report)
        return Checked(self._record(checked, self.new_id(), actor), findings)

    def _probed(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:
        findings = self.probe.check(mailbox, watch)
        self._keep_evidence(mailbox, findings)
        return findings

    def _keep_evidence(self, mailbox: Mailbox, findings: Findings) -> None:
        if self.evidence is not None:
            for digest, said in findings.evidence.items():
                self.evidence.keep(self.workspace, mailbox.account_id, digest, said)

    def _request(self, account_id: AccountId, actor: str) -> tuple[str, Reply]:
        check_id = self.new_id()
        request = RequestCheck(account_id=account_id, check_id=check_id)
        return check_id, self._execute(request, check_id, actor)

    def _record(self, command: AccountCommand, check_id: str, actor: str) -> Reply:
        return self._execute(command, derived_id(check_id, "result"), actor)

    def _execute(self, command: AccountCommand, command_id: str, actor: str) -> Reply:
        return self.engine.execute(self.workspace, command, command_id=command_id, actor=actor)

    def _is_news(self, found: RecordCheck) -> bool:
        with self.engine.look(self.workspace) as now:
            account = now.account(found.account_id)
        return says_something_new(account, replace(found, at=self.engine.store.now()))
