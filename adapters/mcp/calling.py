"""A call from the tool's name to its answer: asked of the API itself, recorded, then given.

The API decides who may, masks, records looks at cases and says what is wrong; here is none of it.
"""

import json
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
"""Characters of an answer."""
KEPT = ("account_id", "campaign_id", "recipient_id", "position", "at", "from", "to", "act")
"""What stays of the arguments: ids and moments, not what was searched for."""
KNOWN = frozenset({PREVIEW, *(each.name for each in TOOLS)})


class Told(NamedTuple):
    text: str
    """JSON, with what others wrote marked; in ASCII, so that nothing in it is invisible."""
    failed: bool


class Calling:
    """``app``: the routes as they are served, of the application whose document is used."""

    def __init__(self, site: Site, application: FastAPI, app: ASGIApp) -> None:
        self._site = site
        self.tools = Toolbox(application)
        self._transport = httpx2.ASGITransport(app, raise_app_exceptions=False)

    async def call(self, caller: Caller, token: str, name: str, given: Arguments) -> Told:
        """``token``: by which the gate knows the caller again. Raises ``StoreError``."""
        try:
            wanted = self.tools.request(name, given, caller)
            status, body = await self._ask(wanted, token)
        except Exception as error:  # noqa: BLE001 told as the API tells it
            status, body = _problem(error)
        text = json.dumps(marked(body))
        if len(text) > LONGEST:
            status, body = _problem(_too_long())
            text = json.dumps(marked(body))
        outcome = "answered" if status < 400 else str(body.get("code", status))
        await run_in_threadpool(self._record, caller, name, given, outcome)
        return Told(text, status >= 400)

    async def _ask(self, wanted: Request, token: str) -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"}
        body = {} if wanted.body is None else {"json": wanted.body}
        async with httpx2.AsyncClient(
            transport=self._transport, base_url="http://localhost/v1", headers=headers, timeout=None
        ) as client:
            answer = await client.request(
                wanted.method, wanted.path, params=dict(wanted.query), **body
            )
        told = answer.json()
        if wanted.path.endswith("/preview") and "preview" in told:
            told = {"preview": told["preview"]}  # a token would confirm what nobody looked at
        return answer.status_code, told

    def _record(self, caller: Caller, name: str, given: Arguments, outcome: str) -> None:
        names = {**given, **_object(given.get("names"))} if outcome == "answered" else {}
        kept = {each: names[each] for each in KEPT if names.get(each) is not None}
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
        """Where it is recorded: a workspace that there is not has no readers."""
        own = caller.in_workspace(None, self._site.settings.workspace)
        try:
            found = caller.in_workspace(named if isinstance(named, str) else None, own)
        except NoSuchWorkspace:
            return own
        return found if self._site.knows(found) else own


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _problem(error: Exception) -> tuple[int, Any]:
    answer = answer_to(error)
    return answer.status_code, json.loads(bytes(answer.body))


def _too_long() -> Problem:
    return Problem(
        413, "too_long", "The answer is too long. Ask for fewer rows by limit, or narrow it down."
    )
