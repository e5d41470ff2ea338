"""Notices as real messages (RFC 5322) in a maildir, for any mail program or relay to take.

N2: they go to the owner's own address, never through the mailbox they are about.
"""

import os
from datetime import UTC, datetime, timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path

from adapters.mail.notice_message import HOST, digest_of, notice_message
from adapters.mail.owners import owner_problem
from projections.notices import NoticeRow

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SENDER = Address("Sendledger", "notices", HOST)


class MaildirOutbox:
    """One maildir. The same notice again is the same message under the same name: it stays one.

    Raises ``ValueError`` when ``owner`` is no email address.
    """

    name = "maildir"

    def __init__(self, folder: Path, owner: str) -> None:
        problem = owner_problem(owner)
        if problem:
            raise ValueError(f"the owner's address {owner!r} {problem}")
        self.folder = folder
        self._owner = Address(addr_spec=owner)

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Keep the notice, on the disk when this returns. Answers the message's name.

        Raises ``OSError``; then no message is there, or a whole one, and trying again is harmless.
        """
        name = _name(notice)
        for part in ("tmp", "new", "cur"):
            (self.folder / part).mkdir(parents=True, exist_ok=True)
        if not self._kept(name):
            self._keep(name, self.message(notice, reason).as_bytes())
        return name

    def message(self, notice: NoticeRow, reason: str | None = None) -> EmailMessage:
        return notice_message(notice, reason, sender=SENDER, to=[self._owner])

    def _kept(self, name: str) -> bool:
        """Also once a mail program has taken it into ``cur``, with its flags after the name."""
        taken = self.folder / "cur"
        return (self.folder / "new" / name).exists() or any(taken.glob(f"{name}*"))

    def _keep(self, name: str, content: bytes) -> None:
        unfinished, finished = self.folder / "tmp" / name, self.folder / "new" / name
        with unfinished.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(finished)
        _sync(finished.parent)


def _name(notice: NoticeRow) -> str:
    assert notice.issued_at is not None
    seconds = (notice.issued_at - EPOCH) // timedelta(seconds=1)
    return f"{seconds}.{digest_of(notice)}.sendledger"


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
