"""Notices by SMTP through the operator's relay, never through the mailbox they are about (N2)."""

from collections.abc import Callable, Mapping, Sequence
from email.headerregistry import Address

from adapters.mail.notice_message import Copies, Link, digest_of, no_link
from adapters.mail.owners import Owners
from adapters.mail.relay import Relay, RelayFailed
from engine.work.addresses import normalised
from engine.work.plain_letter import PlainLetter
from engine.work.ports import PartlyDelivered
from projections.notices import NoticeRow


class SmtpNotices:
    """Implements ``OwnerChannel``.

    A notice that is delivered again has the same Message-ID; an owner who is recorded as having
    taken it does not get it again.

    ``connected`` answers whether an email account of that address is connected anywhere in the
    store. Raises ``ValueError`` for a relay or an address that cannot be used.
    """

    name = "smtp"

    def __init__(
        self,
        relay: Relay,
        owners: Owners,
        sender: str,
        *,
        connected: Callable[[str], bool],
        link: Link = no_link,
    ) -> None:
        self.copies = Copies(Address("Sendledger", addr_spec=sender), owners, link)
        relay.require_usable()
        self.copies.require_usable()
        self._relay, self._connected = relay, connected

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Submit the notice to the relay. Raises ``RelayFailed`` or ``PartlyDelivered`` unless
        every owner has it or is refused for good, and if all of them are refused."""
        self._refuse_a_connected_account(notice.account_id)
        owners = self.copies.owners.of(notice)
        if owners == [notice.account_id]:
            raise RelayFailed("The account's own address is its only owner's; name another owner.")
        refused: dict[str, int] = {}
        taken: list[str] = []
        try:
            for to, message in self._left(notice, reason):
                codes = self._relay.submit(self.copies.sender.addr_spec, to, message)
                taken += (each for each in to if each not in codes)
                refused |= codes
            self._require_done(refused, len(owners))
        except RelayFailed as failed:
            if not taken:
                raise
            marks = [mark(notice, each) for each in taken]
            raise PartlyDelivered(failed, marks) from None
        return f"{self._relay}, {len(owners) - len(refused)} of {len(owners)} owners"

    def tell(self, letter: PlainLetter) -> None:
        """Submit the letter. Raises ``RelayFailed`` unless the relay takes it."""
        self._refuse_a_connected_account()
        to, _, message = self.copies.of_letter(letter)
        codes = self._relay.submit(self.copies.sender.addr_spec, to, message.as_bytes())
        self._require_done(codes, len(to))

    def _left(self, notice: NoticeRow, reason: str | None) -> Sequence[tuple[Sequence[str], bytes]]:
        """The owners who have not taken the notice yet, with the message for each."""
        copies = [
            ([each for each in copy.to if mark(notice, each) not in notice.taken_by], copy.message)
            for copy in self.copies.of(notice, reason)
        ]
        return [(to, message.as_bytes()) for to, message in copies if to]

    def _refuse_a_connected_account(self, account_id: str | None = None) -> None:
        user = normalised(self._relay.user or "")
        if user and (user == account_id or self._connected(user)):
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


def mark(notice: NoticeRow, owner: str) -> str:
    """A name for one owner of one notice that holds no address (F1)."""
    return digest_of(notice, owner)[:16]
