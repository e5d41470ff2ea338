"""The transport and the inbox of one workspace, put together."""

from adapters.mail.dialling import Dialler
from adapters.mail.opening import OpeningImap, OpeningSmtp
from adapters.mail.token_of_check import TokenOfCheck
from adapters.mail.wire.inbox import ImapInbox, Means
from adapters.mail.wire.limits import WIRE_LIMITS, WireLimits
from adapters.mail.wire.sessions import Sessions
from adapters.mail.wire.transport import MailTransport
from engine.ports.clock import Clock
from engine.work.access import Accesses
from engine.work.ports import Mailbox
from engine.work.tokens import Tokens


class MailWire:
    """``transport`` and ``inbox`` over real servers. Safe to share between threads.

    Call ``tidy_up`` now and then, and ``close`` at the end, when nobody sends or reads.
    """

    def __init__(
        self,
        accesses: Accesses,
        tokens: Tokens,
        dialler: Dialler,
        clock: Clock,
        means: Means,
        *,
        limits: WireLimits = WIRE_LIMITS,
    ) -> None:
        def smtp(mailbox: Mailbox) -> OpeningSmtp:
            access = accesses.of(mailbox)
            return OpeningSmtp(dialler, access, mailbox, TokenOfCheck(tokens, mailbox))

        def imap(mailbox: Mailbox) -> OpeningImap:
            access = accesses.of(mailbox)
            return OpeningImap(dialler, access, mailbox, TokenOfCheck(tokens, mailbox))

        self._smtp, self._imap = Sessions(smtp, limits.smtp), Sessions(imap, limits.imap)
        self.transport = MailTransport(self._smtp, self._imap, clock, limits)
        self.inbox = ImapInbox(self._imap, means, clock)

    def tidy_up(self) -> None:
        """Close sessions that were idle for too long."""
        self._smtp.tidy_up()
        self._imap.tidy_up()

    def close(self) -> None:
        """Close all sessions that are not in use, with a goodbye."""
        self._smtp.close()
        self._imap.close()
