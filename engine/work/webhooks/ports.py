"""What delivering needs of the world."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from engine.work.webhooks.endpoint import Delivery, Endpoint


class Answer(NamedTuple):
    """What came of a request."""

    status: int
    """Of HTTP; 0 where no answer came."""
    said: str = ""
    """In a few words; ours, never the other side's."""
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


Send = Callable[[str, Mapping[str, str], bytes], Answer]
"""Posts a body with headers to a URL. Raises nothing: what went wrong is the answer."""


class KeptEndpoints(Protocol):
    """Where endpoints are kept, beside the log. All of it raises ``StoreError``."""

    def all(self) -> Sequence[Endpoint]:
        """In the order in which they were made."""
        ...

    def find(self, endpoint_id: str) -> Endpoint | None: ...

    def add(self, endpoint: Endpoint) -> None: ...

    def save(self, endpoint: Endpoint) -> Endpoint | None:
        """As it is kept from now on, under the next version; None, and nothing done, when it has
        changed or is gone since."""
        ...

    def remove(self, endpoint_id: str) -> bool:
        """With its deliveries."""
        ...

    def note(self, endpoint_id: str, deliveries: Sequence[Delivery]) -> None:
        """Kept are the last 1,000 that succeeded, and those of 90 days that failed."""
        ...

    def deliveries(
        self, endpoint_id: str, limit: int, *, failed: bool = False
    ) -> Sequence[Delivery]:
        """The newest first; ``failed`` for those alone."""
        ...
