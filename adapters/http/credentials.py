"""Who stands behind a token, and for how long that is taken as known."""

import time
from datetime import timedelta
from typing import NamedTuple

from starlette.requests import Request

from engine.ports.clock import Clock
from engine.work.api_tokens import ApiToken, ApiTokens, digest_of
from engine.work.permissions import Caller

KNOWN_FOR = 1.0
"""Seconds for which a token is not looked up again: a revoked one is refused within them."""
MOST_KNOWN = 10_000
NOTED = timedelta(hours=1)
"""Between two notes that a token is in use."""


class _Known(NamedTuple):
    until: float
    token: ApiToken | None


class TokenCredentials:
    """Of programs. Safe to share between threads."""

    def __init__(self, tokens: ApiTokens, now: Clock) -> None:
        self._tokens = tokens
        self._now = now
        self._known: dict[str, _Known] = {}

    def by_token(self, token: str) -> Caller | None:
        digest = digest_of(token)
        known = self._known.get(digest)
        if known is None or known.until < time.monotonic():
            known = self._look_up(digest)
        found = known.token
        return found.caller if found and found.expires_at > self._now() else None

    def by_session(self, request: Request) -> Caller | None:  # noqa: ARG002
        return None

    def _look_up(self, digest: str) -> _Known:
        found, now = self._tokens.by_digest(digest), self._now()
        if found and (found.used_at is None or now - found.used_at > NOTED):
            self._tokens.note_use(found.name, now)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        known = self._known[digest] = _Known(time.monotonic() + KNOWN_FOR, found)
        return known
