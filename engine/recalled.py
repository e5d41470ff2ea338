"""A workspace as this engine has it in memory: what it read or decided last, without reading the
store.

Others may have recorded more since. The memory is good enough for planning: whatever is planned,
the law decides again.
"""

from collections.abc import Sequence
from typing import Any

from aggregates.campaign import Campaign
from aggregates.email_account import EmailAccount
from aggregates.slot import Slot
from aggregates.suppressions import ONE, Suppressions
from engine.cache import AggregateCache, Earlier
from engine.streams import ACCOUNT, CAMPAIGN, SLOT, SUPPRESSIONS, AggregateType, stream_id
from events.vocabulary import AccountId, CampaignId, SlotId


class NotRecalled(LookupError):
    """It is not in memory: look into the store."""


class Recalled:
    """Implements ``Neighbours`` for planning. Raises ``NotRecalled`` for an aggregate that was not
    read with ``earlier``, or not since the last of its events that ``earlier`` has followed: what
    the engine has kept from before may be out of date, and nobody would hear of it.
    """

    def __init__(self, workspace: str, cache: AggregateCache, earlier: Earlier) -> None:
        self._workspace, self._cache, self._earlier = workspace, cache, earlier

    def account(self, account_id: AccountId) -> EmailAccount:
        account: EmailAccount = self._state(ACCOUNT, account_id)
        return account

    def campaign(self, campaign_id: CampaignId) -> Campaign:
        campaign: Campaign = self._state(CAMPAIGN, campaign_id)
        return campaign

    def slot(self, slot_id: SlotId) -> Slot:
        slot: Slot = self._state(SLOT, slot_id)
        return slot

    def suppressions(self) -> Suppressions:
        listed: Suppressions = self._state(SUPPRESSIONS, ONE)
        return listed

    def campaigns(self) -> Sequence[Campaign]:
        raise NotRecalled

    def campaigns_of(self, _: AccountId) -> Sequence[Campaign]:
        raise NotRecalled

    def campaigns_on(self, _: SlotId) -> Sequence[Campaign]:
        raise NotRecalled

    def _state(self, type_: AggregateType, aggregate_id: str) -> Any:
        stream = stream_id(self._workspace, type_, aggregate_id)
        newest, earlier = self._cache.newest(stream), self._earlier.entries.get(stream)
        if newest is None or (earlier is not None and earlier.version > newest.version):
            newest = earlier
        heard_of = self._earlier.followed.get(stream, earlier.version if earlier else None)
        if newest is None or heard_of is None or newest.version < heard_of:
            raise NotRecalled
        return newest.state
