"""How far each inbox has been read: stored apart from the log, and moved on once what was found is
recorded."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple, Protocol

from events.vocabulary import AccountId


class Cursor(NamedTuple):
    place: str = ""
    """The inbox's own cursor; empty if the inbox was never read."""
    read_until: datetime | None = None
    """Everything that arrived before this moment has been seen (M4), UTC."""


UNREAD = Cursor()


class InboxCursors(Protocol):
    def all(self, workspace: str) -> Mapping[AccountId, Cursor]:
        """The cursors of all accounts whose inbox was read."""
        ...

    def move(self, workspace: str, account_id: AccountId, cursor: Cursor) -> None: ...

    def forget(self, workspace: str, account_id: AccountId) -> None:
        """Have the inbox read from the beginning again."""
        ...


class WorkspaceInboxes:
    """The cursors of one workspace, as this process knows them. Implements the planner's
    ``Inboxes``."""

    def __init__(self, cursors: InboxCursors, workspace: str) -> None:
        self._cursors, self._workspace = cursors, workspace
        self._known = dict(cursors.all(workspace))

    def at(self, account_id: AccountId) -> Cursor:
        return self._known.get(account_id, UNREAD)

    def move(self, account_id: AccountId, cursor: Cursor, after: Cursor | None = None) -> None:
        """Move the cursor. If it is no longer at ``after``, it was forgotten in the meantime and
        stays where it is."""
        if after is not None and self.at(account_id) != after:
            return
        self._cursors.move(self._workspace, account_id, cursor)
        self._known[account_id] = cursor

    def forget(self, account_id: AccountId) -> None:
        """M4: have it read from the beginning: it may hold messages about people who were unknown
        before."""
        self._cursors.forget(self._workspace, account_id)
        self._known.pop(account_id, None)

    def read_until(self, account_id: AccountId) -> datetime | None:
        return self.at(account_id).read_until

    def read_again(self, _: AccountId) -> None:
        """Not known here."""
