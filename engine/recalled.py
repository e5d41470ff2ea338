"""A workspace as this engine knows it by heart: what it read or decided last, and nothing asked.

Others may have gone on since, further than whoever asks has heard of. That is enough to plan on:
whatever is planned, the law decides anew.
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
    """Look into the store."""


class Recalled:
    """It is a planner's ``Neighbours``. Raises ``NotRecalled`` for what was never read, or not
    since the last event of it that ``earlier`` has followed.
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
        if newest is None or newest.version < self._earlier.followed.get(stream, 0):
            raise NotRecalled
        return newest.state
