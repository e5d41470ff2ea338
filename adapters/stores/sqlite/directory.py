"""The directory of the embedded store: who stands behind an opaque recipient id (F1)."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from sqlite3 import Cursor

from adapters.stores.ids_and_digests import (
    as_stored,
    digest,
    newcomers,
    person_of,
    random_ids,
    random_key,
    stored_address,
    variables_text,
)
from adapters.stores.microseconds import from_micros, to_micros
from adapters.stores.named_sql import statements
from adapters.stores.sqlite.errors import explained
from adapters.stores.sqlite.recorder import SQL as STORE_SQL
from adapters.stores.sqlite.store import SQLiteStore
from engine.work.ports import Person, TracesRemain, everybody
from events.vocabulary import CampaignId, RecipientId

SQL = statements(Path(__file__).with_suffix(".sql"))
TABLES = ("directory", "directory_keys", "directory_stops", "directory_forgotten")


class SQLiteDirectory:
    """Names and addresses of a store's recipients, in a table of their own.

    ``forget`` answers False when any workspace went on, and is hindered by whoever reads the
    store's write-ahead log.
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
        stopped: Callable[[RecipientId], bool] = everybody,
    ) -> list[RecipientId]:
        wanted = as_stored(people)
        with self._explained(), self._store.writing() as c:
            forgotten = self._forgotten(c, workspace, campaign_id, wanted)
            ids = {address: each for address, each in forgotten.items() if stopped(each)}
            unstopped = [person.address for person in wanted if person.address not in ids]
            ids.update(c.execute(SQL["recipients_at"], (workspace, json.dumps(unstopped))))
            new = newcomers(wanted, ids)
            new_ids = dict(zip(new, random_ids(len(new)), strict=True))
            rows = (
                (workspace, new_ids[address], address, each.name, variables_text(each))
                for address, each in new.items()
            )
            c.executemany(SQL["enrol_person"], rows)
        ids.update(new_ids)
        return [ids[person.address] for person in wanted]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["person"], (workspace, recipient_id)).fetchone()
        return person_of(*found) if found else None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        asked = json.dumps(list(recipient_ids))
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["people"], (workspace, asked)).fetchall()
        return {recipient_id: person_of(*told) for recipient_id, *told in found}

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None:
        with self._explained(), self._store.reading() as c:
            found = c.execute(SQL["recipient_at"], (workspace, stored_address(address))).fetchone()
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
            told = digest(_key(c, workspace), found[0])
            rows = [(workspace, campaign_id, told, recipient_id) for campaign_id in campaigns]
            c.executemany(SQL["remember_stop"], rows)

    def _forgotten(
        self, c: Cursor, workspace: str, campaign_id: CampaignId | None, people: Sequence[Person]
    ) -> dict[str, RecipientId]:
        """S4: addresses that were forgotten and that this campaign has stopped, or may have."""
        if not c.execute(SQL["any_stop"], (workspace, campaign_id)).fetchone():
            return {}
        key = _key(c, workspace)
        by_digest = {digest(key, person.address): person.address for person in people}
        asked = (workspace, campaign_id, json.dumps(list(by_digest)))
        found = c.execute(SQL["stopped_among"], asked).fetchall()
        return {by_digest[told]: recipient_id for told, recipient_id in found}

    def _empty_the_write_ahead_log(self) -> None:
        with (
            self._store.datastore.get_connection(commit=True) as connection,
            connection.cursor() as c,
        ):
            c.execute(SQL["empty_the_write_ahead_log"])
            busy = c.fetchone()[0]
        if busy:
            raise TracesRemain(store=self._store.path)

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
    key = random_key()
    c.execute(SQL["set_key"], (workspace, key))
    return key
