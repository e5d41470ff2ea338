"""The directory beside a store's log: who a recipient id stands for (F1), whatever the product.

A product brings its statements, by these names, and what only it can do: how a list is told to it,
how a moment stands in it, how people are written down, and how no trace of somebody is left.
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from operator import itemgetter
from typing import Any, Protocol

from adapters.stores.ids_and_digests import (
    as_stored,
    completed,
    digest,
    newcomers,
    person_of,
    random_key,
    stored_address,
)
from engine.work.ports import EVERYWHERE, Person, everybody
from events.vocabulary import CampaignId, RecipientId

Ids = dict[str, RecipientId]
"""By address."""


class DirectoryStore(Protocol):
    """What a directory asks of the store beside which it stands."""

    @property
    def name(self) -> str: ...

    def now(self) -> datetime: ...

    def reading(self) -> AbstractContextManager[Any]: ...

    def writing(self) -> AbstractContextManager[Any]: ...

    def explained(self) -> AbstractContextManager[None]: ...


class StoredDirectory(ABC):
    """Names and addresses of a store's recipients, in tables of their own."""

    SQL: Mapping[str, str]

    def __init__(self, store: DirectoryStore) -> None:
        self._store = store

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
    ) -> list[RecipientId]:
        wanted = as_stored(people)
        with self._store.explained(), self._store.writing() as c:
            self._enter(c)
            forgotten = {
                **self._forgotten(c, workspace, EVERYWHERE, wanted),
                **self._forgotten(c, workspace, campaign_id, wanted),
            }
            ids = {address: each for address, each in forgotten.items() if stopped(each)}
            known = self._known(c, workspace, {each.address for each in wanted} - ids.keys())
            self._complete(c, workspace, wanted, known)
            ids |= known
            new = newcomers(wanted, ids)
            if new:
                ids |= self._write_down(c, workspace, new)
        return [ids[person.address] for person in wanted]

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        for found in self._asked("person", workspace, recipient_id):
            return person_of(*found)
        return None

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        found = self._asked("people", workspace, self._listed(recipient_ids))
        return {recipient_id: person_of(*told) for recipient_id, *told in found}

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None:
        for found in self._asked("recipient_at", workspace, stored_address(address)):
            return str(found[0])
        return None

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        for found in self._asked("forgotten_at", workspace, recipient_id):
            return self._moment(found[0])
        return None

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """In two steps: the workspace stands still for the first alone, which is short."""
        with self._store.explained():
            with self._store.writing() as c:
                if self._stand_still(c, workspace) > as_of:
                    return False
                for recipient_id, campaigns in refused_in.items():
                    self._remember(c, workspace, recipient_id, campaigns)
                    c.execute(self.SQL["forget_person"], (workspace, recipient_id))
                self._write_anew(c)
            self._erase()
        return True

    def _remember(
        self, c: Any, workspace: str, recipient_id: RecipientId, campaigns: Sequence[CampaignId]
    ) -> None:
        found = c.execute(self.SQL["person"], (workspace, recipient_id)).fetchone()
        if found is None:
            return
        now = self._stored(self._store.now())
        c.execute(self.SQL["remember_forgotten"], (workspace, recipient_id, now))
        if campaigns:
            told = digest(self._key(c, workspace), found[0])
            rows = [(workspace, campaign_id, told, recipient_id) for campaign_id in campaigns]
            c.executemany(self.SQL["remember_stop"], rows)

    def _forgotten(
        self, c: Any, workspace: str, campaign_id: CampaignId | None, people: Sequence[Person]
    ) -> Ids:
        """S4: addresses that were forgotten and that this campaign has stopped, or may have."""
        if not c.execute(self.SQL["any_stop"], (workspace, campaign_id)).fetchone():
            return {}
        key = self._key(c, workspace)
        by_digest = {digest(key, person.address): person.address for person in people}
        asked = (workspace, campaign_id, self._listed(by_digest))
        found = c.execute(self.SQL["stopped_among"], asked).fetchall()
        return {by_digest[told]: recipient_id for told, recipient_id in found}

    def _complete(self, c: Any, workspace: str, people: Sequence[Person], known: Ids) -> None:
        """In order of their ids, so that two who do so never wait in a circle; who is second of two
        changes nothing of what the first has changed."""
        given = {known[each.address]: each for each in reversed(people) if each.address in known}
        if not given:
            return
        asked = (workspace, self._listed(given))
        changes = []
        for recipient_id, _, name, variables in c.execute(self.SQL["people"], asked).fetchall():
            new = completed(name, variables, given[recipient_id])
            if new:
                changes.append((*self._kept(new), workspace, recipient_id, name, variables))
        if changes:
            self._before_change(c)
            c.executemany(self.SQL["complete_person"], sorted(changes, key=itemgetter(3)))

    def _key(self, c: Any, workspace: str) -> bytes:
        c.execute(self.SQL["set_key"], (workspace, random_key()))
        return bytes(c.execute(self.SQL["key"], (workspace,)).fetchone()[0])

    def _known(self, c: Any, workspace: str, addresses: Iterable[str]) -> Ids:
        asked = (workspace, self._listed(addresses))
        return dict(c.execute(self.SQL["recipients_at"], asked).fetchall())

    def _asked(self, name: str, *values: Any) -> list[Any]:
        with self._store.explained(), self._store.reading() as c:
            found: list[Any] = c.execute(self.SQL[name], values).fetchall()
            return found

    # What only the product can do.

    def _enter(self, c: Any) -> None:  # noqa: B027 not every product needs to
        """Whoever enrols comes in here, before anything is read."""

    def _before_change(self, c: Any) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: what a row was before is to leave no trace."""

    def _kept(self, told: tuple[str, str]) -> tuple[str, str]:
        """A name and variables as the product can keep them."""
        return told

    @abstractmethod
    def _listed(self, values: Iterable[str]) -> Any:
        """As a statement takes several values."""

    @abstractmethod
    def _stored(self, moment: datetime) -> Any: ...

    @abstractmethod
    def _moment(self, stored: Any) -> datetime: ...

    @abstractmethod
    def _write_down(self, c: Any, workspace: str, new: Mapping[str, Person]) -> Ids:
        """Give them ids; who was written down by somebody else meanwhile has his."""

    @abstractmethod
    def _stand_still(self, c: Any, workspace: str) -> int:
        """Keep out whoever acts or enrols until the commit. Answers after which position."""

    def _write_anew(self, c: Any) -> None:  # noqa: B027 not every product needs to
        """Within the transaction: leave no trace in the table."""

    @abstractmethod
    def _erase(self) -> None:
        """After the commit. Raises ``TracesRemain``."""
