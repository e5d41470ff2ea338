"""What a mailbox's Sent folder says about a message, and a copy filed there (M2).

A search compares the part left of ``@`` in every header that keeps a message's id, since servers
rewrite Message-IDs. The headers of each match are looked at, since a server may match a part of an
id.

Copies that we file carry a header of their own. So the folder shows whether the provider files what
its SMTP server accepts: it does if messages of ours in it are not copies. Only then does absence
prove anything: if we do the filing, a crash in between leaves nothing to find.
"""

import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from email.message import Message as Headers
from email.parser import BytesHeaderParser
from typing import Any

from adapters.mail.connection import Limits
from adapters.mail.imap_client import Client, octets_of
from adapters.mail.imap_session import ImapSession
from adapters.mail.known_servers import FILES_SENT, provider_at
from adapters.mail.opening import Opening
from adapters.mail.refused import ServerRefused
from adapters.mail.sent_folder import flagged, sent_folder
from engine.work.ports import Mailbox, Message, Search

SEARCHING = Limits(total=60.0, step=45.0, octets=4_000_000)
COPY = b"X-Sendledger-Copy: filed by Sendledger\r\n"
IDS = ("Message-ID", "X-Microsoft-Original-Message-ID", "X-Sendledger-Id")
_LOOKED_AT = f"BODY.PEEK[HEADER.FIELDS ({' '.join(IDS)} X-Sendledger-Copy)]"
_NEWEST, _MOST = 50, 20
"""Messages of the folder that show who files, and matches of one search that are looked at."""
_PARSE = BytesHeaderParser().parsebytes


class SentFolder:
    """The Sent folder of an open mailbox. Every method raises what an ``ImapSession`` raises."""

    def __init__(self, opened: Opening[ImapSession], mailbox: Mailbox) -> None:
        self._session = opened.session
        self._session.allow(SEARCHING)
        folders = self._session.list_folders()
        self._sent = mailbox.sent_folder or sent_folder(folders)
        known = provider_at(opened.access.smtp.host)
        self._files_sent = known in FILES_SENT
        self._all_mail = flagged(folders, rb"\all") if known == "google" else []

    @property
    def _client(self) -> Client:
        return self._session.client

    def search(self, message_id: str) -> Search:
        if self._sent is None or not _is_searchable(left := left_of(message_id)):
            return Search.INCONCLUSIVE
        with self._session.told():
            if self._holds(left):
                return Search.FOUND
            if self._files_sent or self._of_ours() == {False}:
                return Search.ABSENT
        return Search.INCONCLUSIVE

    def file_copy(self, message: Message, waits: Sequence[float]) -> bool:
        """Answers whether there is a copy now, filed if needed, or the provider will file one."""
        left = left_of(message.message_id)
        if self._files_sent:
            return True
        if self._sent is None or not _is_searchable(left):
            return False
        with self._session.told():
            if self._is_filed(left, waits):
                return True
        self._session.allow(SEARCHING)
        with suppress(ServerRefused):  # as of a full mailbox; another session would not help
            with self._session.told():
                self._client.append(self._sent, COPY + message.content, (rb"\Seen",))
            return True
        return False

    def _is_filed(self, left: str, waits: Sequence[float]) -> bool:
        """Whether the message is there, or the provider files it."""
        if self._holds(left):
            return True
        ours = self._of_ours()
        for wait in () if ours else waits:
            time.sleep(wait)
            if self._holds(left):
                return True
        return ours == {False}

    def _holds(self, left: str) -> bool:
        for folder in (str(self._sent), *self._all_mail):
            self._client.select_folder(folder, readonly=True)
            for name in IDS:
                found = self._client.search(["HEADER", name, left])
                if any(left in _ids(each) for each in self._headers(found[-_MOST:])):
                    return True
        return False

    def _of_ours(self) -> set[bool]:
        """Whether the newest messages of ours here are copies that we filed; both may occur."""
        exists = self._client.select_folder(self._sent, readonly=True)[b"EXISTS"]
        newest = self._client.uids_at(range(max(1, exists - _NEWEST + 1), exists + 1))
        ours = (each for each in self._headers(newest) if each["X-Sendledger-Id"])
        return {each["X-Sendledger-Copy"] is not None for each in ours}

    def _headers(self, uids: Sequence[int]) -> Iterator[Headers]:
        fetched: dict[int, dict[bytes, Any]] = self._client.fetch([*uids], [_LOOKED_AT])
        for data in fetched.values():
            yield _PARSE(octets_of(data))


def left_of(message_id: str) -> str:
    """The part by which ids are compared, left of the ``@``."""
    return message_id.strip().strip("<>").partition("@")[0]


def _ids(headers: Headers) -> set[str]:
    return {left_of(str(each)) for name in IDS for each in headers.get_all(name, ())}


def _is_searchable(left: str) -> bool:
    return bool(left) and left.isascii() and left.isprintable() and not set(left) & set('"\\')
