"""Messages to real servers, and what their Sent folders say about them (M2). Implements
``Transport``.

A failure before the login has succeeded is the account's trouble, not the message's.
"""

from collections.abc import Callable
from typing import NamedTuple

from adapters.mail.imap_session import ImapSession
from adapters.mail.opening import Opening
from adapters.mail.smtp_session import SmtpSession
from adapters.mail.wire.limits import WireLimits
from adapters.mail.wire.refusals import submitted_by
from adapters.mail.wire.sent_folder import SentFolder
from adapters.mail.wire.sessions import SessionFailed, Sessions
from adapters.mail.wire.submission import Submission
from engine.ports.clock import Clock
from engine.work.addresses import ascii_form
from engine.work.classifying.evidence import At
from engine.work.ports import NOT_SUBMITTED, Mailbox, Message, Search, Submitted


class MailTransport(NamedTuple):
    """Safe to share between threads. A message takes at most twice as long as the limits for
    opening a session and for the submission."""

    smtp: Sessions[SmtpSession]
    imap: Sessions[ImapSession]
    clock: Clock
    limits: WireLimits

    def submit(
        self, mailbox: Mailbox, message: Message, may_leave: Callable[[], bool]
    ) -> Submitted:
        sender = ascii_form(mailbox.account_id)

        def offer(opened: Opening[SmtpSession]) -> Submitted:
            if not may_leave():
                return NOT_SUBMITTED
            opened.session.allow(self.limits.submission)
            return Submission(opened, sender, message, self.clock, may_leave).run()

        try:
            return self.smtp.use(mailbox, offer)
        except SessionFailed as failed:
            if failed.evidence is not None and failed.evidence.stage is At.MAIL:
                return submitted_by(failed.evidence, self.clock())
            return failed.trouble

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:
        def file(opened: Opening[ImapSession]) -> bool:
            return SentFolder(opened, mailbox).file_copy(message, self.limits.filing)

        try:
            return self.imap.use(mailbox, file)
        except SessionFailed:
            return False

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        try:
            return self.imap.use(
                mailbox, lambda opened: SentFolder(opened, mailbox).search(message_id)
            )
        except SessionFailed:
            return Search.INCONCLUSIVE
