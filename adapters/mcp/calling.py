"""A tool call from its name to its answer: asked of the API itself, recorded, then returned.

The API decides who may ask, masks names, records looks at cases and says what is wrong; nothing of
that is done here.
"""

import json
from http import HTTPStatus
from typing import Any, NamedTuple

import httpx2
from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp

from adapters.http.problems import Problem, answer_to
from adapters.http.site import Site
from adapters.mcp.tools import PREVIEW, TOOLS, Arguments, Request, Toolbox
from adapters.mcp.untrusted import marked
from engine.work.permissions import Caller, NoSuchWorkspace
from engine.work.tool_calls import Called

LONGEST = 400_000
"""Characters in an answer."""
KEPT = ("account_id", "campaign_id", "recipient_id", "position", "at", "from", "to", "act")
"""The arguments that are recorded: ids and moments, not what was searched for."""
KNOWN = frozenset({PREVIEW, *(each.name for each in TOOLS)})


class Told(NamedTuple):
    text: str
    """JSON in which text from others is marked; ASCII, so that nothing in it is invisible."""
    failed: bool


class Answer(NamedTuple):
    """The API's answer."""

    status: int
    body: Any


class TooLong(Problem):
    def __init__(self) -> None:
        super().__init__(
            413, "answer_too_long", "The answer is too long. Ask for fewer rows by limit."
        )


class Calling:
    """``app``: the routes, as they are served, of the application whose document is used."""

    def __init__(self, site: Site, application: FastAPI, app: ASGIApp) -> None:
        self._site = site
        self.tools = Toolbox(application)
        self._transport = httpx2.ASGITransport(app, raise_app_exceptions=False)

    async def call(self, caller: Caller, token: str, name: str, given: Arguments) -> Told:
        """Answer a call after recording it. ``token``: by which the gate recognises the caller."""
        try:
            wanted = await run_in_threadpool(self.tools.request, name, given, caller)
            answer = await self._ask(wanted, token)
        except Exception as error:  # noqa: BLE001 reported as the API does
            answer = _problem(error)
        return await run_in_threadpool(self._recorded, caller, name, given, answer)

    def _recorded(self, caller: Caller, name: str, given: Arguments, answer: Answer) -> Told:
        told = _told(answer)
        if len(told.text) > LONGEST:
            answer = _problem(TooLong())
            told = _told(answer)
        outcome = str(answer.body.get("code", answer.status)) if told.failed else "answered"
        try:
            self._record(caller, name, given, outcome)
        except Exception as error:  # noqa: BLE001 no answer is given without a record
            return _told(_problem(error))
        return told

    async def _ask(self, wanted: Request, token: str) -> Answer:
        headers = {"Authorization": f"Bearer {token}"}
        body = {} if wanted.body is None else {"json": wanted.body}
        async with httpx2.AsyncClient(
            transport=self._transport, base_url="http://localhost/v1", headers=headers, timeout=None
        ) as client:
            answer = await client.request(
                wanted.method, wanted.path, params=dict(wanted.query), **body
            )
        told = answer.json()
        return Answer(answer.status_code, wanted.told(told) if answer.is_success else told)

    def _record(self, caller: Caller, name: str, given: Arguments, outcome: str) -> None:
        named = _object(given.get("names"))
        named.pop("recipient_id", None)  # of a command it may be an address, too
        found = {**given, **named} if outcome == "answered" else {}
        kept = {each: found[each] for each in KEPT if found.get(each) is not None}
        self._site.tool_calls.record(
            Called(
                caller.name,
                self._workspace(caller, given.get("workspace")),
                name if name in KNOWN else "unknown",
                json.dumps(kept),
                outcome,
                kept.get("campaign_id"),
                kept.get("recipient_id"),
            )
        )

    def _workspace(self, caller: Caller, named: object) -> str:
        """The workspace under which the call is recorded; by default the caller's own."""
        own = caller.in_workspace(None, self._site.settings.workspace)
        try:
            found = caller.in_workspace(named if isinstance(named, str) else None, own)
        except NoSuchWorkspace:
            return own
        return found if self._site.knows(found) else own


def _object(value: object) -> dict[str, Any]:
    return dict(value) if isinstance(value, dict) else {}


def _told(answer: Answer) -> Told:
    return Told(json.dumps(marked(answer.body)), answer.status >= HTTPStatus.BAD_REQUEST)


def _problem(error: Exception) -> Answer:
    answer = answer_to(error)
    return Answer(answer.status_code, json.loads(bytes(answer.body)))
