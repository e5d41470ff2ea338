"""What every page knows: the person, the workspace and the moment, which its links keep."""

import json
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request
from markupsafe import Markup
from starlette.responses import HTMLResponse

from adapters.http.console.rendering import rendered, with_query
from adapters.http.console.sessions import SignedIn, cookie_name
from adapters.http.gate import Here
from adapters.http.reading.listing import moment_of
from adapters.http.reading.moments import View
from adapters.http.reading.questions import Asking
from adapters.http.site import Site
from engine.answers.telling.words import countdown, people
from engine.work.permissions import Act, Caller, NoSuchWorkspace
from events.vocabulary import instant_text

PAGES = (
    ("/", "Now"),
    ("/lists/campaigns", "Campaigns"),
    ("/lists/accounts", "Accounts"),
    ("/log", "Log"),
    ("/past", "Past"),
    ("/machine", "Machine"),
)


class NotSignedInYet(Exception):
    """Nobody is signed in with this browser."""


class Page(NamedTuple):
    """A request of a person about one workspace at one moment."""

    request: Request
    site: Site
    signed: SignedIn
    workspace: str
    at: datetime | None

    @property
    def caller(self) -> Caller:
        return self.signed.caller

    @property
    def here(self) -> Here:
        return Here(self.caller, self.workspace, self.request)

    def require(self, act: Act) -> None:
        """Raises ``Forbidden`` if the caller may not do this."""
        self.caller.require(act)

    def asking(self, view: View, names: Mapping[str, str] | None = None) -> Asking:
        return Asking(self.site, view, names or {}, self.caller)

    def link(self, path: str, **query: object) -> str:
        """The address, which keeps the workspace and the moment."""
        kept = {"workspace": self._named_workspace, "at": self._named_moment}
        more = {name: str(value) for name, value in query.items() if value not in (None, "")}
        return with_query(path, **kept, **more)

    def act(self, name: str, **names: object) -> str:
        return self.link(f"/act/{name}", **names)

    def show(
        self, template: str, here: str = "", status: int = 200, **context: Any
    ) -> HTMLResponse:
        """The rendered page. A name that the template misses is a mistake of ours, and raises."""
        everything = {
            "pages": PAGES,
            "here": here,
            "link": self.link,
            "act": self.act,
            "kept_fields": self._kept_fields,
            "csrf": self.signed.csrf,
            "who": self.caller.name.partition(":")[2],
            "workspace": self.workspace,
            "at": instant_text(self.at) if self.at else None,
            "to_now": with_query(self.request.url.path, workspace=self._named_workspace),
            "may": {str(each): self.caller.may(each) for each in Act},
            "cell": cell,
            **context,
        }
        return rendered(template, everything, status=status)

    @property
    def _named_workspace(self) -> str | None:
        return self.workspace if self.workspace != self.site.settings.workspace else None

    @property
    def _named_moment(self) -> str | None:
        return instant_text(self.at) if self.at else None

    def _kept_fields(self) -> Markup:
        """Hidden fields for forms, since a form's query replaces that of the page."""
        kept = {"workspace": self._named_workspace, "at": self._named_moment}
        fields = (
            Markup('<input type="hidden" name="{}" value="{}">').format(name, value)
            for name, value in kept.items()
            if value
        )
        return Markup("").join(fields)


def page_of(request: Request, workspace: str | None = None, at: str | None = None) -> Page:
    """The page asked for. Raises ``NotSignedInYet``, ``NoSuchWorkspace`` and ``Problem``."""
    site: Site = request.app.state.site
    session = request.cookies.get(cookie_name(secure=site.secure), "")
    member = site.sign_ins.who(session, site.signed_at()) if session else None
    if member is None:
        raise NotSignedInYet
    caller = member.caller
    found = caller.in_workspace(workspace or None, site.settings.workspace)
    if not site.knows(found):
        raise NoSuchWorkspace(workspace=found)
    return Page(request, site, SignedIn(caller, session), found, moment_of(at or None))


Looking = Annotated[Page, Depends(page_of)]


def cell(value: Any) -> str:
    """A value as a table shows it."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case dict() | list() | tuple() if not value:
            return ""
        case list() | tuple() if all(isinstance(each, str) for each in value):
            return ", ".join(value)
        case dict() | list() | tuple():
            return json.dumps(value, ensure_ascii=False, default=str)
        case str() if len(value) > 19 and value[10:11] == "T" and value.endswith("Z"):
            return f"{value[:10]} {value[11:19]}"
        case _:
            return str(value)


def spoken_countdown(seconds: int) -> str:
    return countdown(timedelta(seconds=seconds))


FILTERS: Mapping[str, Callable[..., object]] = {"people": people, "countdown": spoken_countdown}
