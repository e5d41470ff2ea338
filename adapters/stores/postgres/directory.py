"""The directory of the PostgreSQL store: who stands behind an opaque recipient id (F1)."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from psycopg import Cursor
from psycopg.errors import LockNotAvailable

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
from adapters.stores.named_sql import statements
from adapters.stores.postgres.store import PostgresStore
from engine.work.ports import Person, TracesRemain, everybody
from events.vocabulary import CampaignId, RecipientId

SQL = statements(Path(__file__).with_suffix(".sql"))


class PostgresDirectory:
    """Names and addresses of a store's recipients, in a table of their own.

    ``forget`` answers False only when this workspace went on, and is hindered by whoever holds the
    table longer than the store's lock timeout, as a dump does. What it erases is gone from the
    table's files, its indexes and the planner's statistics by the server's next checkpoint. What
    no statement reaches is left: the write-ahead log until it is recycled, its archive, replicas
    that lag, backups, disk blocks that the file system has freed, and the server's log if that is
    told to keep parameters of statements.
    """

    def __init__(self, store: PostgresStore) -> None:
        self._store = store

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
    ) -> list[RecipientId]:
        """A name loses its zero octets, which PostgreSQL cannot keep."""
        wanted = as_stored(people)
        with self._store.explained(), self._store.writing() as c:
            c.execute(SQL["enter"])
            forgotten = _forgotten(c, workspace, campaign_id, wanted)
            ids = {address: each for address, each in forgotten.items() if stopped(each)}
            ids |= _known(c, workspace, {each.address for each in wanted} - ids.keys())
            new = newcomers(wanted, ids)
            if new:
                _write_down(c, workspace, new)
                ids |= _known(c, workspace, new)
        return [ids[person.address] for person in wanted]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        found = self._first("person", workspace, recipient_id)
        return person_of(*found) if found else None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        with self._store.explained(), self._store.cursor() as c:
            found = c.execute(SQL["people"], (workspace, list(recipient_ids))).fetchall()
        return {recipient_id: person_of(*told) for recipient_id, *told in found}

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None:
        found = self._first("recipient_at", workspace, stored_address(address))
        return str(found[0]) if found else None

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        found = self._first("forgotten_at", workspace, recipient_id)
        return found[0] if found else None

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """In two steps: the workspace stands still for the first alone, which is short."""
        now = self._store.now()
        with self._store.explained(), self._store.writing() as c:
            c.execute(SQL["nobody_enrols"])
            if _value(c, "nobody_acts", workspace) > as_of:
                return False
            for recipient_id, campaigns in refused_in.items():
                _remember(c, workspace, recipient_id, campaigns, now)
                c.execute(SQL["forget_person"], (workspace, recipient_id))
        self._erase()
        return True

    def _erase(self) -> None:
        """Write those who stay into files of their own, and drop the old ones.

        VACUUM FULL would copy the deleted rows too, as long as an old snapshot may see them.
        """
        with self._store.explained(), self._store.writing() as c:
            try:
                c.execute(SQL["nobody_reads"])
            except LockNotAvailable:
                raise TracesRemain(store=self._store.name) from None
            for step in ("keep_the_others", "drop_the_files", "write_the_others"):
                c.execute(SQL[step])

    def _first(self, name: str, *values: str) -> Any:
        with self._store.explained(), self._store.cursor() as c:
            return c.execute(SQL[name], values).fetchone()


def _known(c: Cursor[Any], workspace: str, addresses: Iterable[str]) -> dict[str, RecipientId]:
    """Planned anew each time: a plan for an empty table is none for a full one."""
    asked = (workspace, list(addresses))
    return dict(c.execute(SQL["recipients_at"], asked, prepare=False).fetchall())


def _write_down(c: Cursor[Any], workspace: str, new: Mapping[str, Person]) -> None:
    """In order of address, so that two who enrol the same people never wait in a circle. Whoever
    is second waits for the first and then finds the addresses taken."""
    people = [new[address] for address in sorted(new)]
    columns = (
        random_ids(len(people)),
        [each.address for each in people],
        [each.name.replace("\0", "") for each in people],
        list(map(variables_text, people)),
    )
    c.execute(SQL["enrol"], (workspace, *columns))


def _forgotten(
    c: Cursor[Any], workspace: str, campaign_id: CampaignId | None, people: Sequence[Person]
) -> dict[str, RecipientId]:
    """S4: addresses that were forgotten and that this campaign has stopped, or may have."""
    if not c.execute(SQL["any_stop"], (workspace, campaign_id)).fetchone():
        return {}
    key = _key(c, workspace)
    by_digest = {digest(key, person.address): person.address for person in people}
    found = c.execute(SQL["stopped_among"], (workspace, campaign_id, list(by_digest)))
    return {by_digest[told]: recipient_id for told, recipient_id in found.fetchall()}


def _remember(
    c: Cursor[Any],
    workspace: str,
    recipient_id: RecipientId,
    campaigns: Sequence[CampaignId],
    now: datetime,
) -> None:
    found = c.execute(SQL["person"], (workspace, recipient_id)).fetchone()
    if found is None:
        return
    c.execute(SQL["remember_forgotten"], (workspace, recipient_id, now))
    if campaigns:
        told = digest(_key(c, workspace), found[0])
        rows = [(workspace, campaign_id, told, recipient_id) for campaign_id in campaigns]
        c.executemany(SQL["remember_stop"], rows)


def _key(c: Cursor[Any], workspace: str) -> bytes:
    c.execute(SQL["set_key"], (workspace, random_key()))
    return bytes(_value(c, "key", workspace))


def _value(c: Cursor[Any], name: str, workspace: str) -> Any:
    found = c.execute(SQL[name], (workspace,)).fetchone()
    assert found is not None
    return found[0]
