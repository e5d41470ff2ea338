"""A store's HTTP server with callers who may follow its feed, and one who may not."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property, partial

from starlette.requests import Request

from adapters.composition.programs import Program, appends, asking
from adapters.composition.webhooking import webhooks_over
from adapters.http.following import Following
from adapters.http.server import guarded, server
from adapters.http.serving import MOST_AT_ONCE, served
from adapters.http.site import Site
from engine.stream.feed import Feed
from engine.work.permissions import Caller, Role

EVERYWHERE, OF_W1, VIEWER = "token-of-all", "token-of-w1", "token-of-a-viewer"


class Tokens:
    """Implements ``Credentials``; a token may be revoked."""

    def __init__(self) -> None:
        self.good = {
            EVERYWHERE: Caller("token:all", Role.CONSUMER),
            OF_W1: Caller("token:w1", Role.CONSUMER, "w1"),
            VIEWER: Caller("token:viewer", Role.VIEWER),
        }

    def by_token(self, token: str) -> Caller | None:
        return self.good.get(token)

    def by_session(self, request: Request) -> Caller | None:  # noqa: ARG002 nobody has one
        return None


class HastySite(Site):
    """Asks again soon whether readers still may follow."""

    @cached_property
    def following(self) -> Following:
        opened = self.program.opened
        return Following(Feed(opened.store, opened.fence), partial(appends, opened), heartbeat=0.2)


@contextmanager
def serving(
    program: Program,
    tokens: Tokens | None = None,
    *,
    most: int = MOST_AT_ONCE,
    site: type[Site] = HastySite,
) -> Iterator[int]:
    """Answers the port. ``most``: connections at once."""
    settings = program.settings
    with asking(settings) as reader, webhooks_over(program.opened, settings) as delivering:
        app = server(site(program, reader, tokens or Tokens(), delivering.webhooks))
        with served(guarded(app, secure=False), "127.0.0.1", 0, most=most) as port:
            yield port
