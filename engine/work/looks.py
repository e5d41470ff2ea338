"""Who looked at which person's case, and when: recorded apart from the log.

A case that cannot be recorded as looked at is not shown.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.work.permissions import Caller
from events.vocabulary import CampaignId, RecipientId


class Look(NamedTuple):
    number: int
    """In order of time, from 1."""
    at: datetime
    by: str
    workspace: str
    campaign_id: CampaignId
    recipient_id: RecipientId


class Looks(Protocol):
    def record(
        self, caller: Caller, workspace: str, campaign_id: CampaignId, recipient_id: RecipientId
    ) -> None:
        """Raises ``StoreError``."""
        ...

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[Look]:
        """Up to ``limit`` looks at cases of the workspace, those after that number."""
        ...
