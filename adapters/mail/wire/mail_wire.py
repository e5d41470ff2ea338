"""The way of one workspace's messages, put together."""

from adapters.mail.connection import Limits
from adapters.mail.dialling import Dialler
from adapters.mail.opening import OpeningImap, OpeningSmtp
from adapters.mail.token_of_check import TokenOfCheck
from adapters.mail.wire.inbox import ImapInbox, Means
from adapters.mail.wire.sessions import Keeping, Sessions
from adapters.mail.wire.submission import SUBMISSION
from adapters.mail.wire.transport import MailTransport
from engine.ports.clock import Clock
from engine.work.access import Accesses
from engine.work.ports import Mailbox
from engine.work.tokens import Tokens

SMTP_KEEPING = Keeping(idle=240.0, uses=100)
"""Servers wait five minutes for a command (RFC 5321, section 4.5.3.2.7)."""
IMAP_KEEPING = Keeping(idle=1_200.0, uses=10_000)
"""Servers wait half an hour (RFC 9051, section 5.4)."""


class MailWire:
    """``transport`` and ``inbox`` over real servers. Safe to share between threads.

    ``keeping`` and ``submission`` are the limits of sessions that send, and of one message.
    ``tidy_up`` is to be called now and then, ``close`` at the end, when nobody sends or reads.
    """

    def __init__(
        self,
        accesses: Accesses,
        tokens: Tokens,
        dialler: Dialler,
        clock: Clock,
        means: Means,
        *,
        keeping: Keeping = SMTP_KEEPING,
        submission: Limits = SUBMISSION,
    ) -> None:
        def smtp(mailbox: Mailbox) -> OpeningSmtp:
            access = accesses.of(mailbox)
            return OpeningSmtp(dialler, access, mailbox, TokenOfCheck(tokens, mailbox))

        def imap(mailbox: Mailbox) -> OpeningImap:
            access = accesses.of(mailbox)
            return OpeningImap(dialler, access, mailbox, TokenOfCheck(tokens, mailbox))

        self._smtp, self._imap = Sessions(smtp, keeping), Sessions(imap, IMAP_KEEPING)
        self.transport = MailTransport(self._smtp, self._imap, clock, submission)
        self.inbox = ImapInbox(self._imap, means, clock)

    def tidy_up(self) -> None:
        """Close sessions that were idle for too long."""
        self._smtp.tidy_up()
        self._imap.tidy_up()

    def close(self) -> None:
        """Close all that nobody uses, politely."""
        self._smtp.close()
        self._imap.close()
