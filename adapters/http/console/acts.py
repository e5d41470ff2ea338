"""What may be done from a page: the API's operations, shown first, then confirmed, then reported.

Each act has a page that shows what would happen and that sends back what was shown. The act itself
is the API's operation, with a key drawn for the form, so pressing the button twice acts once.
"""

import json
import re
from collections.abc import Mapping
from secrets import token_urlsafe
from typing import Any, NamedTuple

from fastapi import APIRouter, Request
from fastapi.exceptions import RequestValidationError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from adapters.http.api.commands import Given, asked_of
from adapters.http.commands.operation import Asked, Operation, Told
from adapters.http.commands.performing import Commands
from adapters.http.commands.table import NAMED
from adapters.http.console.pages import Looking, Page
from adapters.http.console.sessions import require_ours
from adapters.http.problems import NotFound, Problem

router = APIRouter(include_in_schema=False)
OFFERED = {
    "connect_account": ("imap", "smtp", "user", "password"),
    "reconnect_account": ("password",),
}
"""Optional fields that the form offers all the same."""
OWN = ("csrf", "key", "token")
_IN_PATH = re.compile(r"{(\w+)}")


class Field(NamedTuple):
    name: str
    required: bool

    @property
    def kind(self) -> str:
        return "password" if self.name == "password" else "text"


class Form(NamedTuple):
    """An act and what has been entered for it so far."""

    operation: Operation
    names: dict[str, str]
    body: dict[str, str]

    @property
    def missing(self) -> list[Field]:
        """The fields that are still to be filled in."""
        offered = OFFERED.get(self.operation.name, ())
        return [
            Field(name, field.is_required())
            for name, field in self.operation.body.model_fields.items()
            if name not in self.body and (field.is_required() or name in offered)
        ]

    @property
    def title(self) -> str:
        """The summary, without the rules that it names."""
        about = ", ".join([*self.names.values(), *self.body.values()])
        words = re.sub(r" \([A-Z]\d.*\)|\.$", "", self.operation.summary)
        return f"{words}: {about}" if about else words


@router.get("/act/{name}")
def ask(page: Looking, name: str) -> Response:
    form = _form(page, name, dict(page.request.query_params))
    if any(each.required for each in form.missing):
        return _page(page, form, {}, "", collects=True)
    return _shown(page, form)


@router.post("/act/{name}")
async def act(request: Request, page: Looking, name: str) -> Response:
    given = {key: value for key, value in (await request.form()).items() if isinstance(value, str)}
    return await run_in_threadpool(_act, request, page, name, given)


def _act(request: Request, page: Page, name: str, given: Mapping[str, str]) -> Response:
    require_ours(request, page.signed.session, given)
    form = _form(page, name, {each: value for each, value in given.items() if each not in OWN})
    commands = _commands(request)
    try:
        asked = _asked(page, form, given.get("key"), given.get("token") or None)
        told = commands.perform(form.operation, asked).body
    except (Problem, RequestValidationError) as problem:
        return _refused(page, form, problem)
    events = told.get("events", [])
    facts = {name: value for name, value in told.items() if name not in {"events", "command_id"}}
    return page.show("done.html", title=form.title, events=events, facts=facts)


def _refused(page: Page, form: Form, problem: Problem | RequestValidationError) -> Response:
    """The form again, with what would happen now."""
    if isinstance(problem, Problem):
        return _shown(page, form, problem.sentence, problem.status)
    told = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in problem.errors())
    body = {name: value for name, value in form.body.items() if name not in told}
    return _page(page, form._replace(body=body), {}, told, status=422, collects=True)


def _shown(page: Page, form: Form, problem: str = "", status: int = 200) -> Response:
    shown: Told = {}
    token = ""
    if form.operation.preview is not None:
        try:
            asked = _asked(page, form, "preview")
            found = _commands(page.request).preview(form.operation, asked).body
            shown, token = found["preview"], found["token"]
        except RequestValidationError as error:
            return _refused(page, form, error)
        except Problem as error:
            problem, status = problem or error.sentence, max(status, error.status)
    return _page(page, form, shown, problem, token=token, status=status)


def _page(
    page: Page,
    form: Form,
    shown: Told,
    problem: str,
    *,
    token: str = "",
    status: int = 200,
    collects: bool = False,
) -> Response:
    """The act's page. ``collects``: what would happen is shown once every field is filled in."""
    name = form.operation.name
    tables = {each: value for each, value in shown.items() if _is_table(value)}
    return page.show(
        "act.html",
        status=status,
        title=form.title,
        problem=problem,
        facts={each: value for each, value in shown.items() if each not in tables},
        tables=tables,
        action=page.link(f"/act/{name}"),
        method="get" if collects and form.operation.preview else "post",
        fixed={**form.names, **form.body},
        fields=form.missing,
        key=token_urlsafe(24),
        token=token,
        dangerous=form.operation.preview is not None and not collects,
        button="Go on" if collects and form.operation.preview else "Do it",
    )


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(e, dict) for e in value)


def _form(page: Page, name: str, given: Mapping[str, str]) -> Form:
    """The form for an act. Raises ``NotFound`` and ``Forbidden``."""
    operation = NAMED.get(name)
    if operation is None:
        raise NotFound("act", name)
    page.require(operation.act)
    in_path = _IN_PATH.findall(operation.path)
    lacks = [each for each in in_path if each not in given]
    if lacks:
        raise NotFound("act", f"{name} without {lacks[0]}")
    fields = operation.body.model_fields
    return Form(
        operation,
        {each: given[each] for each in in_path},
        {each: value for each, value in given.items() if each in fields and value},
    )


def _asked(page: Page, form: Form, key: str | None, token: str | None = None) -> Asked:
    given = Given(json.dumps(form.body).encode(), key, token)
    return asked_of(_commands(page.request), page.here, form.operation, form.names, given)


def _commands(request: Request) -> Commands:
    found: Commands = request.app.state.commands
    return found
