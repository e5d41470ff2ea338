"""The people who looked at a person's case, and when: recorded apart from the log.

If the look cannot be recorded, the case is not shown.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from engine.work.permissions import Caller
from events.vocabulary import CampaignId, RecipientId


class Look(NamedTuple):
    number: int
    """Numbered from 1, in order of time."""
    at: datetime
    by: str
    workspace: str
    campaign_id: CampaignId
    recipient_id: RecipientId


class Looks(Protocol):
    def record(
        self, caller: Caller, workspace: str, campaign_id: CampaignId, recipient_id: RecipientId
    ) -> None:
        """Record a look. Raises ``StoreError``."""
        ...

    def recorded(self, workspace: str, after: int, limit: int) -> Sequence[Look]:
        """Up to ``limit`` looks at cases of the workspace, from the number after ``after``."""
        ...
