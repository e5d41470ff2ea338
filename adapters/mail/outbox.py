"""Notices as real messages (RFC 5322) in a maildir, from which any mail program or relay can take
them.

They go to the owner's own address, never through the mailbox they are about (N2).
"""

from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from pathlib import Path

from adapters.durable_files import sync_folder, write_octets
from adapters.mail.notice_message import HOST, Copies, Copy, Link, no_link
from adapters.mail.owners import Owners
from engine.work.plain_letter import PlainLetter
from projections.notices import NoticeRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SENDER = Address("Sendledger", "notices", HOST)


class MaildirOutbox:
    """One maildir. The same notice is the same message under the same name, so it is kept once.

    Raises ``ValueError`` for an owner's address that is not an address.
    """

    name = "maildir"

    def __init__(self, folder: Path, owners: Owners, link: Link = no_link) -> None:
        self.folder = folder
        self.copies = Copies(SENDER, owners, link)
        self.copies.require_usable()

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Write the notice to disk: a message for the owners in each zone. Answers the messages'
        names.

        Raises ``OSError``; then each message is there in full or not at all, and trying again is
        harmless.
        """
        assert notice.issued_at is not None
        issued_at = notice.issued_at
        return ", ".join(self._put(copy, issued_at) for copy in self.copies.of(notice, reason))

    def tell(self, letter: PlainLetter) -> None:
        """Write the letter, as ``deliver`` writes a notice."""
        self._put(self.copies.of_letter(letter), letter.written_at)

    def _put(self, copy: Copy, at: datetime) -> str:
        for part in ("tmp", "new", "cur"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        name = _name(at, copy.digest)
        if not self._kept(name):
            self._keep(name, copy.message.as_bytes())
        return name

    def _kept(self, name: str) -> bool:
        """Whether the message is there, even if a mail program has moved it to ``cur``."""
        taken = self.folder / "cur"
        return (self.folder / "new" / name).exists() or any(taken.glob(f"{name}*"))

    def _keep(self, name: str, content: bytes) -> None:
        unfinished, finished = self.folder / "tmp" / name, self.folder / "new" / name
        write_octets(unfinished, content)
        unfinished.replace(finished)
        sync_folder(finished.parent)


def _name(at: datetime, digest: str) -> str:
    seconds = (at - EPOCH) // timedelta(seconds=1)
    return f"{seconds}.{digest}.sendledger"
