"""The API of one process for one caller, without a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from starlette.requests import Request

from adapters.composition.programs import Opened, Program
from adapters.composition.webhooking import webhooks_over
from adapters.http.server import routed, server
from adapters.http.site import Site
from adapters.mcp.calling import Calling
from engine.work.permissions import Caller


class OneCaller(NamedTuple):
    """Implements ``Credentials``: the person who started the process has the store already."""

    caller: Caller

    def by_token(self, _token: str) -> Caller:
        return self.caller

    def by_session(self, _request: Request) -> None:
        return None


@contextmanager
def alone(program: Program, reader: Opened, caller: Caller) -> Iterator[Calling]:
    with webhooks_over(program.opened, program.settings) as delivering:
        site = Site(program, reader, OneCaller(caller), delivering.webhooks)
        app = server(site)
        try:
            yield Calling(site, app, routed(app))
        finally:
            app.state.imports.stop()
