"""The directory beside a store's log: who a recipient id stands for (F1), whatever the product.

A product brings what only it can do: how people are written down, what keeps others out meanwhile,
and how no trace of somebody is left.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from pathlib import Path

from adapters.stores.ids_and_digests import (
    as_stored,
    completed,
    digest,
    newcomers,
    person_of,
    random_key,
    stored_address,
)
from adapters.stores.small_tables.small_table import Change, SmallTable, TableStore, moment
from engine.work.ports import EVERYWHERE, Person, everybody
from events.vocabulary import CampaignId, RecipientId

Ids = dict[str, RecipientId]
"""By address."""


class StoredDirectory(ABC):
    """Names and addresses of a store's recipients, in tables of their own."""

    def __init__(self, store: TableStore) -> None:
        self._store = store
        self._table = SmallTable(store, Path(__file__).with_suffix(".sql"))

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
    ) -> list[RecipientId]:
        wanted = as_stored(people)
        with self._table.changing() as change:
            change("enter")
            forgotten = {
                **self._forgotten(change, workspace, EVERYWHERE, wanted),
                **self._forgotten(change, workspace, campaign_id, wanted),
            }
            ids = {address: each for address, each in forgotten.items() if stopped(each)}
            known = self._known(change, workspace, {each.address for each in wanted} - ids.keys())
            self._complete(change, workspace, wanted, known)
            ids |= known
            new = newcomers(wanted, ids)
            if new:
                ids |= self._write_down(change, workspace, new)
        return [ids[person.address] for person in wanted]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        found = self._table.row("person", workspace=workspace, recipient_id=recipient_id)
        return person_of(*found) if found else None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        asked = {"workspace": workspace, "recipient_ids": list(recipient_ids)}
        return {each: person_of(*told) for each, *told in self._table.rows("people", **asked)}

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

    def _complete(
        self, change: Change, workspace: str, people: Sequence[Person], known: Ids
    ) -> None:
        """In order of their ids, so that two who do so never wait in a circle; who is second of two
        changes nothing of what the first has changed."""
        given = {known[each.address]: each for each in reversed(people) if each.address in known}
        if not given:
            return
        rows = change.rows("people", workspace=workspace, recipient_ids=list(given))
        changes = [
            {
                "workspace": workspace,
                "recipient_id": recipient_id,
                "old_name": name,
                "old_variables": variables,
                **dict(zip(("name", "variables"), self._kept(new), strict=True)),
            }
            for recipient_id, _, name, variables in rows
            if (new := completed(name, variables, given[recipient_id]))
        ]
        if changes:
            self._before_change(change)
            change.each("complete_person", sorted(changes, key=itemgetter("recipient_id")))

    def _known(self, change: Change, workspace: str, addresses: Iterable[str]) -> Ids:
        asked = {"workspace": workspace, "addresses": list(addresses)}
        return dict(change.rows("recipients_at", **asked))

    # What only the product can do.

    def _before_change(self, change: Change) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: what a row was before is to leave no trace."""

    def _kept(self, told: tuple[str, str]) -> tuple[str, str]:
        """A name and variables as the product can keep them."""
        return told

    @abstractmethod
    def _write_down(self, change: Change, workspace: str, new: Mapping[str, Person]) -> Ids:
        """Give them ids; who was written down by somebody else meanwhile has his."""

    @abstractmethod
    def _stand_still(self, change: Change, workspace: str) -> int:
        """Keep out whoever acts or enrols until the commit. Answers after which position."""

    def _write_anew(self, change: Change) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: leave no trace in the table."""

    @abstractmethod
    def _erase(self) -> None:
        """After the commit. Raises ``TracesRemain``."""


def _key(change: Change, workspace: str) -> bytes:
    change("set_key", workspace=workspace, key=random_key())
    found = change("key", workspace=workspace)
    assert found is not None
    return bytes(found[0])
