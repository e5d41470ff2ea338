"""What arrived in a real mailbox, in pieces of limited size (M4, M5). Implements ``Inbox``.

INBOX is read, and so are the folders that the server marks as junk (RFC 6154), since answers land
there too. Headers are fetched in batches, bodies only if the headers do not decide. Nothing is ever
marked as read. The function that is passed in decides what a message means.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from enum import Enum
from hashlib import sha256
from typing import Any, NamedTuple

from adapters.mail.connection import Limits
from adapters.mail.imap_client import octets_of
from adapters.mail.imap_session import ImapSession
from adapters.mail.opening import Opening
from adapters.mail.refused import NotUnderstood, ServerRefused
from adapters.mail.sent_folder import flagged
from adapters.mail.wire.cursor import UNREAD, Place, places, text_of
from adapters.mail.wire.sessions import SessionFailed, Sessions
from engine.ports.clock import Clock
from engine.work.ports import AccountTrouble, Arrivals, Incoming, Mailbox

READING = Limits(total=90.0, step=45.0, octets=24_000_000)
"""The limits of fetching one batch of headers, or one of bodies."""
PIECE = 2_000
"""UIDs in a folder that one call looks at."""
BATCH, BODIES = 250, 8
"""Messages fetched at once: their headers, or, if these do not decide, the whole messages."""
HEADER_OCTETS, BODY_OCTETS = 65_536, 1_048_576
"""Octets of a message's headers, and of a whole message; what lies beyond is not fetched."""
_HEADERS = f"BODY.PEEK[HEADER]<0.{HEADER_OCTETS}>"
_BODY = f"BODY.PEEK[]<0.{BODY_OCTETS}>"


class Need(Enum):
    BODY = "body"


class Fetched(NamedTuple):
    """A message as far as it was fetched: its headers, or ``whole`` (the beginning of a long one).

    ``key`` depends only on the octets: the same message has the same key in another folder, after a
    change of UIDVALIDITY, and whenever it is read again.
    """

    key: str
    octets: bytes
    whole: bool = False
    received: datetime | None = None
    """When it arrived, with its zone; known only with the whole message."""


Means = Callable[[Mailbox, Fetched], Incoming | Need | None]
"""What a message means; ``Need.BODY`` if its headers do not say, None if it concerns nobody. It
raises nothing, whatever the octets are."""


class ImapInbox:
    """Reads mailboxes. Safe to share between threads."""

    def __init__(self, sessions: Sessions[ImapSession], means: Means, clock: Clock) -> None:
        self._sessions = sessions
        self._means = means
        self._clock = clock

    def since(self, mailbox: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        try:
            return self._sessions.use(mailbox, lambda opened: self._read(opened, mailbox, cursor))
        except SessionFailed as failed:
            return failed.trouble

    def _read(self, opened: Opening[ImapSession], mailbox: Mailbox, cursor: str) -> Arrivals:
        asked_at, session = self._clock(), opened.session
        session.allow(READING)
        known, found, complete = places(cursor), list[Incoming](), True
        for folder in ("INBOX", *flagged(session.list_folders(), rb"\junk")):
            piece = _Piece(session, folder, known.get(folder, UNREAD))
            known[folder] = piece.end
            found += self._meant(mailbox, piece)
            complete = complete and piece.last
        return Arrivals(text_of(known), found, asked_at if complete else None)

    def _meant(self, mailbox: Mailbox, piece: "_Piece") -> Iterator[Incoming]:
        for batch in piece.headers():
            meant = {uid: self._means(mailbox, found) for uid, found in batch}
            needed = [uid for uid, found in meant.items() if found is Need.BODY]
            for uid, body in piece.bodies(needed):
                meant[uid] = self._means(mailbox, body)
            yield from (each for each in meant.values() if isinstance(each, Incoming))


class _Piece:
    """The next messages of a folder after a place. Making it selects the folder."""

    def __init__(self, session: ImapSession, folder: str, after: Place) -> None:
        self._session, self._client = session, session.client
        with session.told():
            self._select(folder, after)

    def _select(self, folder: str, after: Place) -> None:
        about = self._client.select_folder(folder, readonly=True)
        validity, exists = _number(about, b"UIDVALIDITY"), _number(about, b"EXISTS")
        next_uid = about.get(b"UIDNEXT") or self._uid_at(exists) + 1
        first = after.uid + 1 if after.validity == validity else 1
        self._uids = self._between(first, min(first + PIECE, next_uid))
        if not self._uids and first + PIECE < next_uid:
            first = self._first_from(first + PIECE, exists) or next_uid
            self._uids = self._between(first, min(first + PIECE, next_uid))
        self.last = first + PIECE >= next_uid
        self.end = Place(validity, max(first, min(first + PIECE, next_uid)) - 1)

    def headers(self) -> Iterator[list[tuple[int, Fetched]]]:
        """The headers of messages that are still there, in order of arrival, batch by batch."""
        for start in range(0, len(self._uids), BATCH):
            found = self._readable(self._uids[start : start + BATCH])
            octets = {uid: octets_of(data) for uid, data in found.items()}
            yield [(uid, Fetched(_key(each), each)) for uid, each in octets.items()]

    def bodies(self, uids: Sequence[int]) -> Iterator[tuple[int, Fetched]]:
        """The bodies of those messages that are still there."""
        for start in range(0, len(uids), BODIES):
            found = self._fetch(uids[start : start + BODIES], "INTERNALDATE", _BODY)
            for uid, data in found.items():
                octets, received = octets_of(data), data.get(b"INTERNALDATE")
                yield uid, Fetched(_key(octets), octets, whole=True, received=received)

    def _readable(self, uids: Sequence[int]) -> dict[int, dict[bytes, Any]]:
        """The headers by UID. Some servers refuse a batch because of one message that they cannot
        read: that one is left out if the others can be fetched."""
        with suppress(ServerRefused):
            return self._fetch(uids, _HEADERS)
        found: dict[int, dict[bytes, Any]] = {}
        for uid in uids[:-1]:
            with suppress(ServerRefused):
                found |= self._fetch([uid], _HEADERS)
        with suppress(*[ServerRefused] if found else []):
            found |= self._fetch(uids[-1:], _HEADERS)
        return found

    def _fetch(self, uids: Sequence[int], *what: str) -> dict[int, dict[bytes, Any]]:
        self._session.allow(READING)
        with self._session.told():
            fetched: dict[int, dict[bytes, Any]] = self._client.fetch([*uids], [*what])
        return fetched

    def _between(self, first: int, end: int) -> Sequence[int]:
        """The UIDs that exist. A range beyond the last message would return that message."""
        if first >= end:
            return []
        found = self._client.search(["UID", f"{first}:{end - 1}"])
        return sorted(uid for uid in found if first <= uid < end)

    def _first_from(self, uid: int, exists: int) -> int | None:
        """The first UID from there on, since whole ranges may have been deleted. UIDs ascend with
        the messages' numbers."""
        low, high = 1, exists + 1
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if self._uid_at(middle) < uid else (low, middle)
        return self._uid_at(low) if low <= exists else None

    def _uid_at(self, number: int) -> int:
        return next(iter(self._client.uids_at([number])), 0) if number else 0


def _key(octets: bytes) -> str:
    return sha256(octets).hexdigest()[:32]


def _number(about: dict[bytes, Any], name: bytes) -> int:
    value = about.get(name)
    if not isinstance(value, int):
        raise NotUnderstood(f"a folder without {name.decode()}")
    return value
