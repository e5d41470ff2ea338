"""Tokens of programs, kept beside a store's log by digest."""

from collections.abc import Sequence
from datetime import datetime

from adapters.stores.small_tables.small_table import StoredTable
from engine.work.api_tokens import ApiToken, NoSuchToken, TokenNameTaken


class StoredTokens(StoredTable):
    """Implements ``ApiTokens``."""

    def add(self, digest: str, token: ApiToken) -> None:
        if not self._table.write("add", digest=digest, **token._asdict()):
            raise TokenNameTaken(name=token.name)

    def by_digest(self, digest: str) -> ApiToken | None:
        return self._table.record("by_digest", ApiToken, digest=digest)

    def all(self) -> Sequence[ApiToken]:
        return self._table.records("all", ApiToken)

    def revoke(self, name: str) -> None:
        if not self._table.write("revoke", name=name):
            raise NoSuchToken(name=name)

    def note_use(self, name: str, at: datetime) -> None:
        self._table.write("note_use", name=name, at=at)
