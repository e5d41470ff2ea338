"""Tokens of programs, kept beside a store's log by digest."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.small_tables.small_table import Row, SmallTable, TableStore
from engine.work.api_tokens import ApiToken, NoSuchToken, TokenNameTaken
from engine.work.permissions import Role


class StoredTokens:
    """Implements ``ApiTokens``."""

    def __init__(self, store: TableStore) -> None:
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def add(self, digest: str, token: ApiToken) -> None:
        added = self._table.write(
            "add",
            name=token.name,
            digest=digest,
            role=str(token.role),
            workspace=token.workspace,
            created_at=to_micros(token.created_at),
            expires_at=to_micros(token.expires_at),
        )
        if not added:
            raise TokenNameTaken(name=token.name)

    def by_digest(self, digest: str) -> ApiToken | None:
        found = self._table.row("by_digest", digest=digest)
        return _token(found) if found else None

    def all(self) -> Sequence[ApiToken]:
        return [_token(each) for each in self._table.rows("all")]

    def revoke(self, name: str) -> None:
        if not self._table.write("revoke", name=name):
            raise NoSuchToken(name=name)

    def note_use(self, name: str, at: datetime) -> None:
        self._table.write("note_use", name=name, at=to_micros(at))


def _token(row: Row) -> ApiToken:
    name, role, workspace, created_at, expires_at, used_at = row
    used = None if used_at is None else from_micros(used_at)
    return ApiToken(
        name, Role(role), workspace, from_micros(created_at), from_micros(expires_at), used
    )
