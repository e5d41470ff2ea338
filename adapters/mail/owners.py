"""The people a notice goes to: the account's owners and the workspace's admins, each once (N2)."""

from collections.abc import Mapping, Sequence
from datetime import UTC, tzinfo
from itertools import chain
from typing import NamedTuple

from engine.work.addresses import address_problem, normalised
from projections.notices import NoticeRow

EVERY_OTHER = "*"


class Owners(NamedTuple):
    """Owners and admins as the operator states them: by workspace; owners also by account, with
    ``*`` for all others."""

    default: str
    owners: Mapping[str, Mapping[str, Sequence[str]]] = {}
    admins: Mapping[str, Sequence[str]] = {}
    zone: tzinfo = UTC
    """The zone in which they read times, except those listed in ``zones`` by address."""
    zones: Mapping[str, tzinfo] = {}

    def require_addresses(self) -> None:
        """Raises ``ValueError`` for an owner's or admin's address that cannot be used."""
        owners = [each for accounts in self.owners.values() for each in accounts.values()]
        for address in (self.default, *chain(*owners), *chain(*self.admins.values())):
            problem = owner_problem(address)
            if problem:
                raise ValueError(f"the owner's address {address!r} {problem}")

    def of(self, notice: NoticeRow) -> Sequence[str]:
        """The addresses that get a notice: never only the account's own, which may be broken."""
        by_account = {
            normalised(account): addresses
            for account, addresses in self.owners.get(notice.workspace, {}).items()
        }
        stated = by_account.get(notice.account_id) or by_account.get(EVERY_OTHER) or [self.default]
        found = _each_once([*stated, *self.admins.get(notice.workspace, [])])
        if found == [notice.account_id]:
            return _each_once([*found, self.default])
        return found

    def by_zone(self, notice: NoticeRow) -> Mapping[tzinfo, Sequence[str]]:
        """The same addresses, by the zone in which their owners read times."""
        zones = {normalised(address): zone for address, zone in self.zones.items()}
        found: dict[tzinfo, list[str]] = {}
        for address in self.of(notice):
            found.setdefault(zones.get(address, self.zone), []).append(address)
        return found


def owner_problem(address: str) -> str | None:
    """As ``address_problem``, but an owner may also be a user of this machine."""
    return address_problem(f"{address}.test" if address.endswith("@localhost") else address)


def _each_once(addresses: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(map(normalised, addresses)))
