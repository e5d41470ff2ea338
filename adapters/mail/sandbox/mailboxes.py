"""The folders of the accounts, in memory."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import NamedTuple

from pymap.backend.dict.filter import FilterSet
from pymap.backend.dict.mailbox import MailboxData, MailboxSet
from pymap.parsing.message import AppendMessage
from pymap.parsing.specials import FetchRequirement
from pymap.parsing.specials.flag import Flag

INBOX = "INBOX"
SENT = "Sent"
_BEFORE = "Before"
SPECIAL_USE: dict[str, tuple[bytes, ...]] = {
    SENT: (b"Sent",),
    "Drafts": (b"Drafts",),
    "Junk": (b"Junk",),
}
"""The folders that every account has besides its inbox, and their purpose (RFC 6154)."""


class UnknownFolder(LookupError):
    """The account has no such folder."""

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no folder {name}.")


class Folders(NamedTuple):
    all: MailboxSet
    filters: FilterSet


class Mailboxes:
    """The folders of each account."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._folders: dict[str, Folders] = {}
        self._now = now

    async def open(self, address: str) -> None:
        """Give the account its folders. Folders that exist stay as they are."""
        if address in self._folders:
            return
        folders = Folders(MailboxSet(), FilterSet())
        for name in SPECIAL_USE:
            await folders.all.add_mailbox(name)
        self._folders[address] = folders

    def of(self, address: str) -> Folders:
        return self._folders[address]

    async def _folder(self, address: str, name: str) -> MailboxData:
        try:
            return await self._folders[address].all.get_mailbox(name)
        except KeyError:
            raise UnknownFolder(name) from None

    async def put(self, address: str, folder: str, content: bytes, *, seen: bool = False) -> None:
        mailbox = await self._folder(address, folder)
        flags = frozenset({Flag(rb"\Seen")} if seen else ())
        came_at = datetime.fromtimestamp(self._now(), UTC)
        await mailbox.append(AppendMessage(content, came_at, flags), recent=not seen)

    async def renumber(self, address: str) -> None:
        """Give the inbox's messages new numbers, under a new UIDVALIDITY (RFC 9051, 2.3.1.1)."""
        contents = await self.read(address, INBOX)
        folders = self._folders[address].all
        await folders.rename_mailbox(INBOX, _BEFORE)
        await folders.delete_mailbox(_BEFORE)
        for each in contents:
            await self.put(address, INBOX, each)

    async def read(self, address: str, folder: str) -> list[bytes]:
        """The messages of a folder, oldest first."""
        mailbox = await self._folder(address, folder)
        loaded = [
            await message.load_content(FetchRequirement.CONTENT)
            async for message in mailbox.messages()
        ]
        return [bytes(each) for each in loaded]
