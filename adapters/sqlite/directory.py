"""The directory of the embedded store: who stands behind an opaque recipient id (F1).

It can forget a person, for good. What stays is that somebody was forgotten and, for campaigns that
stopped the person, a keyed digest of the address: enough to refuse an import there (S4), too
little to tell who it was without the workspace's key.
"""

import hmac
import json
import secrets
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor

from adapters.microseconds import from_micros, to_micros
from adapters.named_sql import statements
from adapters.people import Person
from adapters.sqlite.errors import explained
from adapters.sqlite.recorder import SQL as STORE_SQL
from adapters.sqlite.store import SQLiteStore
from engine.store import StoreError
from events.vocabulary import CampaignId, RecipientId

SQL = statements(Path(__file__).with_suffix(".sql"))
TABLES = ("directory", "directory_keys", "directory_stops", "directory_forgotten")

ID_OCTETS = 10
COMMON_OCTETS = 4
KEY_OCTETS = 32
_variables = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode


class TracesRemain(StoreError):
    """The person is forgotten, but another program reads the store's write-ahead log still."""


class SQLiteDirectory:
    """Names and addresses of a store's recipients, in a table of their own.

    Nothing of it is ever read to decide anything, and no event holds any of it.
    """

    def __init__(self, store: SQLiteStore) -> None:
        self._store = store
        with self._explained():
            if not self._is_there():
                with store.writing() as c:
                    for table in TABLES:
                        c.execute(SQL[table])

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = lambda _: True,
    ) -> list[RecipientId]:
        """The ids of these people, in their order: random for a new address, the old one for a
        known address, whose name and variables stay as they are. All together or none.

        Who was forgotten and is ``stopped`` in ``campaign_id`` gets the id of then, and is not
        written down anew (S4).
        """
        wanted = list(people)
        with self._explained(), self._store.writing() as c:
            forgotten = self._forgotten(c, workspace, campaign_id, wanted)
            ids = {address: each for address, each in forgotten.items() if stopped(each)}
            unstopped = [person.address for person in wanted if person.address not in ids]
            ids.update(c.execute(SQL["recipients_at"], (workspace, json.dumps(unstopped))))
            new = {person.address: person for person in reversed(wanted)}
            for address in ids:
                new.pop(address, None)
            new_ids = dict(zip(new, _random_ids(len(new)), strict=True))
            c.executemany(
                SQL["enrol_person"],
                [
                    (workspace, new_ids[address], address, name, _variables(dict(variables)))
                    for address, name, variables in new.values()
                ],
            )
        ids.update(new_ids)
        return [ids[person.address] for person in wanted]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        """None when the directory knows no such recipient."""
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["person"], (workspace, recipient_id)).fetchone()
        return Person(found[0], found[1], json.loads(found[2])) if found else None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        """Those of them whom the directory knows."""
        asked = json.dumps(list(recipient_ids))
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["people"], (workspace, asked)).fetchall()
        return {row[0]: Person(row[1], row[2], json.loads(row[3])) for row in found}

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["recipient_at"], (workspace, address)).fetchone()
        return str(found[0]) if found else None

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["forgotten_at"], (workspace, recipient_id)).fetchone()
        return from_micros(found[0]) if found else None

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """Forget these recipients; ``refused_in``: the campaigns that stopped each, or still may.

        False, and nothing done, when the log went on behind the position ``as_of``: look again
        who was stopped. Afterwards no octet of them is left in the store's files; raises
        ``TracesRemain`` while another program hinders that. Forgetting again finishes it.
        """
        with self._explained():
            with self._store.writing() as c:
                if c.execute(STORE_SQL["last_position"]).fetchone()[0] != as_of:
                    return False
                c.execute(SQL["zero_what_is_freed"]).fetchall()
                for recipient_id, campaigns in refused_in.items():
                    self._remember(c, workspace, recipient_id, campaigns)
                    c.execute(SQL["forget_person"], (workspace, recipient_id))
                _write_anew(c)
            self._empty_the_write_ahead_log()
        return True

    def _remember(
        self, c: Cursor, workspace: str, recipient_id: RecipientId, campaigns: Sequence[CampaignId]
    ) -> None:
        now = to_micros(self._store.now())
        found = c.execute(SQL["person"], (workspace, recipient_id)).fetchone()
        if found is None:
            return
        c.execute(SQL["remember_forgotten"], (workspace, recipient_id, now))
        if campaigns:
            digest = _digest(_key(c, workspace), found[0])
            rows = [(workspace, campaign_id, digest, recipient_id) for campaign_id in campaigns]
            c.executemany(SQL["remember_stop"], rows)

    def _forgotten(
        self, c: Cursor, workspace: str, campaign_id: CampaignId | None, people: Sequence[Person]
    ) -> dict[str, RecipientId]:
        """S4: addresses that were forgotten and that this campaign has stopped, or may have."""
        if not c.execute(SQL["any_stop"], (workspace, campaign_id)).fetchone():
            return {}
        key = _key(c, workspace)
        by_digest = {_digest(key, person.address): person.address for person in people}
        asked = (workspace, campaign_id, json.dumps(list(by_digest)))
        found = c.execute(SQL["stopped_among"], asked).fetchall()
        return {by_digest[digest]: recipient_id for digest, recipient_id in found}

    def _empty_the_write_ahead_log(self) -> None:
        with (
            self._store.datastore.get_connection(commit=True) as connection,
            connection.cursor() as c,
        ):
            c.execute(SQL["empty_the_write_ahead_log"])
            busy = c.fetchone()[0]
        if busy:
            raise TracesRemain(
                f"Forgotten; but another program reads {self._store.path}, so traces stay in its "
                "write-ahead log. Stop that program and forget again."
            )

    def _is_there(self) -> bool:
        with self._store.reading() as c:
            return bool(c.execute(SQL["tables_there"]).fetchone()[0] == len(TABLES))

    def _explained(self) -> AbstractContextManager[None]:
        return explained(str(self._store.path))


def _write_anew(c: Cursor) -> None:
    """Copy those who stay and drop the old table, whose pages are then zeroed.

    A deleted row's octets may survive in the free space of pages that were split; and VACUUM must
    not be used, because it may renumber the rowids that are the log's positions.
    """
    c.execute(SQL["directory"].replace("directory", "directory_kept", 1))
    for step in ("keep_the_others", "drop_directory", "rename_kept"):
        c.execute(SQL[step])


def _key(c: Cursor, workspace: str) -> bytes:
    found = c.execute(SQL["key"], (workspace,)).fetchone()
    if found:
        return bytes(found[0])
    key = secrets.token_bytes(KEY_OCTETS)
    c.execute(SQL["set_key"], (workspace, key))
    return key


def _digest(key: bytes, address: str) -> str:
    return hmac.digest(key, address.encode(), "sha256").hex()


def _random_ids(count: int) -> list[RecipientId]:
    """Those of one call begin alike and are in order: they stand together in the index."""
    width = 2 * (ID_OCTETS - COMMON_OCTETS)
    common = secrets.token_hex(COMMON_OCTETS)
    text = secrets.token_hex((ID_OCTETS - COMMON_OCTETS) * count) if count else ""
    return sorted(common + text[at : at + width] for at in range(0, len(text), width))
