"""Notices by SMTP through the operator's relay, never through the mailbox they are about (N2)."""

from collections.abc import Callable, Mapping
from datetime import UTC, tzinfo
from email.headerregistry import Address
from email.message import EmailMessage

from adapters.mail.notice_message import digest_of, notice_message
from adapters.mail.owners import Owners
from adapters.mail.relay import Relay, RelayFailed
from engine.work.addresses import normalised
from projections.notices import NoticeRow


class SmtpNotices:
    """Implements ``OwnerChannel``. A notice delivered again has the same Message-ID; who has taken
    it, as far as this process knows, does not get it again.

    ``connected`` says whether an email account of that address is connected anywhere in the store.
    Raises ``ValueError`` for a relay or an address that cannot be used.
    """

    name = "smtp"

    def __init__(
        self,
        relay: Relay,
        owners: Owners,
        sender: str,
        *,
        connected: Callable[[str], bool],
        zone: tzinfo = UTC,
        public_url: str | None = None,
    ) -> None:
        relay.require_usable()
        owners.require_addresses()
        self._relay, self._owners, self._connected = relay, owners, connected
        self._sender = Address("Sendledger", addr_spec=sender)
        self._zone, self._public_url = zone, public_url
        self._taken: dict[str, set[str]] = {}

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Raises ``RelayFailed`` unless each owner has it, or is refused for good."""
        self._refuse_a_connected_account(notice)
        to = self._owners.of(notice)
        if to == [notice.account_id]:
            raise RelayFailed("The account's own address is its only owner's; name another owner.")
        taken = self._taken.setdefault(digest_of(notice), set())
        left = [address for address in to if address not in taken]
        content = self.message(notice, reason).as_bytes()
        refused = self._relay.submit(self._sender.addr_spec, left, content)
        taken.update(address for address in left if address not in refused)
        self._require_done(refused, len(to))
        del self._taken[digest_of(notice)]
        return f"{self._relay}, {len(to) - len(refused)} of {len(to)} owners"

    def message(self, notice: NoticeRow, reason: str | None = None) -> EmailMessage:
        return notice_message(
            notice,
            reason,
            sender=self._sender,
            to=[Address(addr_spec=each) for each in self._owners.of(notice)],
            zone=self._zone,
            public_url=self._public_url,
            html=True,
        )

    def _refuse_a_connected_account(self, notice: NoticeRow) -> None:
        user = normalised(self._relay.user or "")
        if user and (user == notice.account_id or self._connected(user)):
            raise RelayFailed(
                f"The relay logs in as {user}, which is a connected account: notices must not "
                "depend on one. Name another relay or user."
            )

    def _require_done(self, refused: Mapping[str, int], owners: int) -> None:
        deferred = [code for code in refused.values() if code < 500]
        if deferred:
            raise RelayFailed(
                f"The relay {self._relay} has put off {len(deferred)} of {owners} owners "
                f"({deferred[0]}); they are tried again."
            )
        if len(refused) == owners:
            codes = ", ".join(map(str, sorted({*refused.values()})))
            raise RelayFailed(f"The relay {self._relay} refused every owner's address ({codes}).")
