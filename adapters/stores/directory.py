"""The directory beside a store's log: who a recipient id stands for (F1), whatever the product.

A product brings what only it can do: how people are written down, what keeps others out meanwhile,
and how no trace of somebody is left.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from pathlib import Path

from adapters.stores.drafts import Completion, Drafts, digests, drafted
from adapters.stores.ids_and_digests import (
    as_stored,
    completed,
    digest,
    newcomers,
    person_of,
    random_key,
    stored_address,
)
from adapters.stores.small_tables.small_table import Change, Row, SmallTable, TableStore, moment
from engine.work.ports import EVERYWHERE, Commits, DirectoryRow, Person, everybody
from events.vocabulary import CampaignId, RecipientId

Ids = dict[str, RecipientId]
"""By address."""
NO_SALT = b""
AT_ONCE = 5_000
"""Rows read at once."""


class StoredDirectory(ABC):
    """Names and addresses of a store's recipients, in tables of their own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"), micros=False)

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
        commits: Commits | None = None,
    ) -> list[RecipientId]:
        wanted = self._kept(as_stored(people))
        about = workspace, campaign_id, wanted, stopped
        while True:
            with self._table.changing() as change:
                ids = self._forgotten_ids(change, *about)
                known, drafts = self._drafts(change, workspace, wanted, ids, salted=bool(commits))
            if commits and any(drafts):
                commits(drafts.digests())
            with self._table.changing() as change:
                if self._forgotten_ids(change, *about) == ids:
                    changed = self._complete(change, workspace, drafts.changed)
                    ids |= known | self._written_down(change, workspace, drafts.new)
                    break
        if commits and changed:
            commits(changed, written=True)
        return [ids[person.address] for person in wanted]

    def _forgotten_ids(
        self,
        change: Change,
        workspace: str,
        campaign_id: CampaignId | None,
        wanted: Sequence[Person],
        stopped: Callable[[RecipientId], bool],
    ) -> Ids:
        change("enter")
        forgotten = {
            **self._forgotten(change, workspace, EVERYWHERE, wanted),
            **self._forgotten(change, workspace, campaign_id, wanted),
        }
        return {address: each for address, each in forgotten.items() if stopped(each)}

    def _drafts(
        self,
        change: Change,
        workspace: str,
        wanted: Sequence[Person],
        forgotten: Ids,
        *,
        salted: bool,
    ) -> tuple[Ids, Drafts]:
        """Whom the directory knows, and what is to be written."""
        addresses = {each.address for each in wanted} - forgotten.keys()
        known = self._known(change, workspace, addresses)
        new = newcomers(wanted, known.keys() | forgotten.keys())
        changes = self._lacking(change, workspace, wanted, known, salted=salted)
        return known, drafted(workspace, new, changes, salted=salted)

    def _written_down(self, change: Change, workspace: str, drafts: Sequence[DirectoryRow]) -> Ids:
        """Who was written down by somebody else meanwhile has his id."""
        if not drafts:
            return {}
        ids = {each.address: each.recipient_id for each in drafts}
        if self._insert(change, drafts) == len(drafts):
            return ids
        return self._known(change, workspace, ids)

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        found = self._table.row("person", workspace=workspace, recipient_id=recipient_id)
        return person_of(*found) if found else None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        asked = {"workspace": workspace, "recipient_ids": list(recipient_ids)}
        return {each: person_of(*told) for each, *told in self._table.rows("people", **asked)}

    def row(self, workspace: str, recipient_id: RecipientId) -> DirectoryRow | None:
        found = self._table.row("row", workspace=workspace, recipient_id=recipient_id)
        return _row(found) if found else None

    def rows(self) -> Iterator[DirectoryRow]:
        last = ("", "")
        while page := self._rows_after(*last):
            yield from page
            last = page[-1][:2]

    def _rows_after(self, workspace: str, recipient_id: RecipientId) -> list[DirectoryRow]:
        asked = {"workspace": workspace, "recipient_id": recipient_id, "most": AT_ONCE}
        return list(map(_row, self._table.rows("rows_after", **asked)))

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None:
        stored = stored_address(address)
        found = self._table.row("recipient_at", workspace=workspace, address=stored)
        return str(found[0]) if found else None

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        found = self._table.row("forgotten_at", workspace=workspace, recipient_id=recipient_id)
        return moment(found[0]) if found else None

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """In two steps: the workspace stands still for the first alone, which is short."""
        with self._table.changing() as change:
            if self._stand_still(change, workspace) > as_of:
                return False
            for recipient_id, campaigns in refused_in.items():
                self._remember(change, workspace, recipient_id, campaigns)
                change("forget_person", workspace=workspace, recipient_id=recipient_id)
            self._write_anew(change)
        with self._store.explained():
            self._erase()
        return True

    def _remember(
        self,
        change: Change,
        workspace: str,
        recipient_id: RecipientId,
        campaigns: Sequence[CampaignId],
    ) -> None:
        about = {"workspace": workspace, "recipient_id": recipient_id}
        found = change("person", **about)
        if found is None:
            return
        change("remember_forgotten", **about, now=self._store.now())
        if campaigns:
            told = about | {"digest": digest(_key(change, workspace), found[0])}
            change.each("remember_stop", [told | {"campaign_id": each} for each in campaigns])

    def _forgotten(
        self,
        change: Change,
        workspace: str,
        campaign_id: CampaignId | None,
        people: Sequence[Person],
    ) -> Ids:
        """S4: addresses that were forgotten and that this campaign has stopped, or may have."""
        about = {"workspace": workspace, "campaign_id": campaign_id}
        if not change("any_stop", **about):
            return {}
        key = _key(change, workspace)
        by_digest = {digest(key, person.address): person.address for person in people}
        found = change.rows("stopped_among", **about, digests=list(by_digest))
        return {by_digest[told]: recipient_id for told, recipient_id in found}

    def _lacking(
        self, change: Change, workspace: str, people: Sequence[Person], known: Ids, *, salted: bool
    ) -> list[Completion]:
        """In order of their ids, so that two who change them never wait in a circle."""
        given = {known[each.address]: each for each in reversed(people) if each.address in known}
        return [
            Completion(recipient_id, address, (name, variables), salt, new or (name, variables))
            for recipient_id, address, name, variables, salt in self._rows_of(
                change, workspace, given
            )
            if (new := completed(name, variables, given[recipient_id])) or (salted and not salt)
        ]

    def _complete(
        self, change: Change, workspace: str, drafts: Mapping[Completion, DirectoryRow]
    ) -> dict[RecipientId, str]:
        """The digests of what became of them. Who is second of two changes nothing of what the
        first has changed."""
        if not drafts:
            return {}
        self._before_change(change)
        olds = ("old_name", "old_variables", "old_salt", "no_salt")
        change.each(
            "complete_person",
            [
                row._asdict() | dict(zip(olds, (*each.old, each.old_salt, NO_SALT), strict=True))
                for each, row in drafts.items()
            ],
        )
        ids = [each.recipient_id for each in drafts]
        written = {(row[0], row[-1]) for row in self._rows_of(change, workspace, ids)}
        return digests(row for row in drafts.values() if (row.recipient_id, row.salt) in written)

    def _rows_of(self, change: Change, workspace: str, ids: Iterable[RecipientId]) -> list[Row]:
        asked = list(ids)
        found = change.rows("rows_of", workspace=workspace, recipient_ids=asked) if asked else []
        return sorted((*told, salt or NO_SALT) for *told, salt in found)

    def _known(self, change: Change, workspace: str, addresses: Iterable[str]) -> Ids:
        asked = {"workspace": workspace, "addresses": list(addresses)}
        return dict(change.rows("recipients_at", **asked))

    # What only the product can do.

    def _before_change(self, change: Change) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: what a row was before is to leave no trace."""

    def _kept(self, people: Sequence[Person]) -> Sequence[Person]:
        """As the product can keep them."""
        return people

    @abstractmethod
    def _insert(self, change: Change, rows: Sequence[DirectoryRow]) -> int:
        """How many of them, in order of address; not those whose address is there."""

    @abstractmethod
    def _stand_still(self, change: Change, workspace: str) -> int:
        """Keep out whoever acts or enrols until the commit. Answers after which position."""

    def _write_anew(self, change: Change) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: leave no trace in the table."""

    @abstractmethod
    def _erase(self) -> None:
        """After the commit. Raises ``TracesRemain``."""


def _row(columns: Row) -> DirectoryRow:
    """A row of a store that nobody has migrated has no column for a salt."""
    return DirectoryRow(*columns[:5], *(columns[5:] or (None,)))


def _key(change: Change, workspace: str) -> bytes:
    change("set_key", workspace=workspace, key=random_key())
    found = change("key", workspace=workspace)
    assert found is not None
    return bytes(found[0])
