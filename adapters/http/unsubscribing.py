"""The page of an unsubscribe link, and the click that uses it (M5, RFC 8058).

Looking changes nothing, since mail scanners look at every link. The click needs no cookie, is not
redirected, and may be repeated.
"""

from uuid import uuid4

import structlog
from starlette.responses import Response

from adapters.http.pages import button, page
from adapters.http.unsubscribe_links import UnsubscribeLinks
from engine.engine import Engine
from engine.work.unsubscribe import unsubscribe
from events.errors import ExplainedError

log = structlog.get_logger("sendledger.links")


class UnsubscribePages:
    """Every method answers one request, and may be called from any thread."""

    def __init__(self, engine: Engine, links: UnsubscribeLinks) -> None:
        self._engine = engine
        self._links = links

    def look(self, token: str) -> Response:
        """The link's page, the same for every token, so nobody learns which tokens are valid."""
        del token
        told = "Press the button, and you get no more of these emails."
        return page("Unsubscribe", [told], form=button("Unsubscribe"))

    def press(self, token: str) -> Response:
        try:
            who = self._links.read(token)
            if who is None or unsubscribe(self._engine, who, _new_id) is not None:
                return _unknown()
        except ExplainedError as error:
            log.error("could not unsubscribe", error=type(error).__name__)  # noqa: TRY400 names nobody
            told = "This could not be recorded just now. Please try again later."
            return page("Not yet", [told], status=503)
        return page("You are unsubscribed", ["You get no more of these emails."])


def _new_id() -> str:
    return uuid4().hex


def _unknown() -> Response:
    told = "This link is none of ours. Answer the email, and ask not to be written to any more."
    return page("This link does not work", [told], status=404)
