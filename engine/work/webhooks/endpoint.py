"""An endpoint that gets events, and how far they have been delivered to it.

It has the events up to one entry of the log, except for the workspaces in ``lanes``: these have
their own progress, because a delivery of theirs failed or is under way.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from difflib import get_close_matches
from enum import StrEnum
from typing import NamedTuple
from urllib.parse import urlsplit

from engine.ports.errors import StoreError
from engine.work.addresses import address_problem, normalised
from events.catalogue import CATALOGUE


class Status(StrEnum):
    ACTIVE = "active"
    PAUSED = "paused"
    """Paused by a person."""
    PARKED = "parked"
    """Parked by the engine: it failed for 28 hours, or wants no more (410)."""


class Lane(NamedTuple):
    """The progress of one workspace of an endpoint, apart from the others."""

    entry: int
    """The workspace's events are delivered up to this entry."""
    attempts: int = 0
    """Failed attempts since the last success."""
    since: datetime | None = None
    """The time of the first failed attempt."""
    next_at: datetime | None = None
    """When the next attempt is due; None for at once."""
    answer: str = ""
    """The last answer."""


class Endpoint(NamedTuple):
    """Every change raises ``version``; a change based on an older version has no effect."""

    id: str
    workspace: str | None
    """The workspace whose events it gets; None for all."""
    url: str
    types: Sequence[str]
    """Names of events, of any version; empty for all."""
    owner: str
    """The address that is told when the endpoint is parked."""
    entry: int
    created_at: datetime
    status: Status = Status.ACTIVE
    reason: str = ""
    """Why the endpoint is parked."""
    lanes: Mapping[str, Lane] = {}
    version: int = 1
    parked_at: datetime | None = None
    told: bool = False
    """Whether the owner has been told that it is parked."""

    @property
    def has_all_until(self) -> int:
        """The entry up to which nothing is left to deliver."""
        return min([self.entry, *(each.entry for each in self.lanes.values())])

    def begun_anew(self, entry: int | None = None) -> "Endpoint":
        """The endpoint as active, with no lane waiting; it continues after that entry, or where it
        was."""
        lanes = {} if entry is not None else {w: Lane(each.entry) for w, each in self.lanes.items()}
        return self._replace(
            status=Status.ACTIVE,
            reason="",
            lanes=lanes,
            parked_at=None,
            told=False,
            entry=self.entry if entry is None else entry,
        )

    def parked(self, reason: str, at: datetime) -> "Endpoint":
        return self._replace(status=Status.PARKED, reason=reason, parked_at=at, told=False)


class Delivery(NamedTuple):
    """An attempt to deliver one event."""

    workspace: str
    position: int
    """0 for a test."""
    attempt: int
    """Counts from 1 for each event."""
    at: datetime
    delivered: bool
    status: int
    """The HTTP status; 0 if no answer came."""
    answer: str
    """What came instead of success, as the end of a sentence."""
    milliseconds: int


class WebhookError(StoreError):
    """Nothing was done.

    ::

        WebhookError
        ├── NoSuchWebhook
        ├── UnusableUrl
        ├── UnusableOwner
        ├── UnknownEvents
        ├── NoSuchPosition
        └── WebhookChanged
    """


class NoSuchWebhook(WebhookError):
    sentence = "There is no webhook {webhook}. List the webhooks to see which there are."


class UnusableUrl(WebhookError):
    sentence = "The URL cannot be used: it {problem}. Give one like https://host.example/path."


class UnusableOwner(WebhookError):
    sentence = "The owner's address {address!r} {problem}. Give another."


class UnknownEvents(WebhookError):
    sentence = "There is no event {name}. {hint}"


class NoSuchPosition(WebhookError):
    sentence = (
        "The log has no position {position}: it ends at {last}. Give one from 1 up to there, or "
        "the next one."
    )


class WebhookChanged(WebhookError):
    sentence = "The webhook {webhook} kept being changed by others. Try again."


LONGEST_URL = 2_000
_PLAIN = re.compile(r"[!-~]+")


def checked_url(url: str) -> str:
    """The URL, checked. Raises ``UnusableUrl``, which does not repeat it: it may contain a
    secret."""
    problem = _problem(url)
    if problem:
        raise UnusableUrl(problem=problem)
    return url


def _problem(url: str) -> str | None:
    if len(url) > LONGEST_URL:
        return f"has more than {LONGEST_URL} characters"
    if not _PLAIN.fullmatch(url):
        return "has spaces or other characters than ASCII's"
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return "is none"
    if parts.scheme not in {"https", "http"} or not parts.hostname:
        return "does not begin with https:// and a host"
    if parts.username is not None or parts.password is not None:
        return "has a user or a password, which the signature makes superfluous"
    if port == 0:
        return "has port 0"
    return "has a fragment" if "#" in url else None


def checked_owner(address: str) -> str:
    """The address, checked. Raises ``UnusableOwner``."""
    local = f"{address}.test" if address.endswith("@localhost") else address
    problem = address_problem(local)
    if problem:
        raise UnusableOwner(address=address, problem=problem)
    return normalised(address)


def checked_types(names: Iterable[str]) -> tuple[str, ...]:
    """The names, checked. Raises ``UnknownEvents``."""
    known = sorted(CATALOGUE.classes)
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=3, cutoff=0.4)
            hint = f"Did you mean {', '.join(near)}?" if near else f"One is {known[0]}."
            raise UnknownEvents(name=repr(name), hint=hint)
    return tuple(sorted({*names}))
