"""What delivering needs of the outside world."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import NamedTuple, Protocol

from engine.work.webhooks.endpoint import Delivery, Endpoint


class Answer(NamedTuple):
    """The result of a request."""

    status: int
    """The HTTP status; 0 if no answer came."""
    said: str = ""
    """A few words of our own, never the receiver's."""
    retry_after: timedelta | None = None

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


Send = Callable[[str, Mapping[str, str], bytes], Answer]
"""Posts a body with headers to a URL. Raises nothing: an error is returned as the answer."""


class KeptEndpoints(Protocol):
    """Where endpoints are stored, apart from the log. Every method may raise ``StoreError``."""

    def all(self) -> Sequence[Endpoint]:
        """All endpoints, in the order of creation."""
        ...

    def find(self, endpoint_id: str) -> Endpoint | None: ...

    def add(self, endpoint: Endpoint) -> None: ...

    def save(self, endpoint: Endpoint) -> Endpoint | None:
        """Store the endpoint, and return it under its next version; None, and nothing done, if it
        has been changed or removed since."""
        ...

    def remove(self, endpoint_id: str) -> bool:
        """Remove the endpoint and its deliveries."""
        ...

    def note(self, endpoint_id: str, deliveries: Sequence[Delivery]) -> None:
        """Note deliveries. The last 1,000 that succeeded are kept, and the failed ones of 90
        days."""
        ...

    def deliveries(
        self, endpoint_id: str, limit: int, *, failed: bool = False
    ) -> Sequence[Delivery]:
        """Deliveries, the newest first; with ``failed`` only the failed ones."""
        ...
