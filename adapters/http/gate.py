"""The one place that decides who the caller is and whether he may do what he asks for."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any, NamedTuple, Protocol

from fastapi import Depends, Query, Request, Security
from fastapi.security import HTTPBearer

from adapters.http.names import path_names
from adapters.http.problems import NotSignedIn
from engine.work.permissions import Act, Caller, Forbidden, NoSuchWorkspace

if TYPE_CHECKING:
    from adapters.http.site import Site


class Credentials(Protocol):
    """The callers behind requests; None for credentials that are not valid, or not any more."""

    def by_token(self, token: str) -> Caller | None: ...

    def by_session(self, request: Request) -> Caller | None:
        """The caller by the session's cookie; a request for a change must bring its CSRF token."""
        ...


class Here(NamedTuple):
    """The caller, the workspace, and what is asked; settled before a route runs."""

    caller: Caller
    workspace: str
    request: Request

    @property
    def site(self) -> "Site":
        found: Site = self.request.app.state.site
        return found

    @property
    def names(self) -> dict[str, str]:
        """The names in the path."""
        return path_names(self.request)


BEARER = HTTPBearer(auto_error=False, description="A token of `sendledger tokens create`.")
Workspace = Annotated[
    str | None, Query(max_length=200, description="The workspace; else the caller's own.")
]


def caller_of(request: Request) -> Caller:
    """The caller of a request. Raises ``NotSignedIn``."""
    credentials: Credentials = request.app.state.site.credentials
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme:
        found = credentials.by_token(token.strip()) if scheme.lower() == "bearer" else None
    else:
        found = credentials.by_session(request)
    if found is None:
        raise NotSignedIn
    return found


def anywhere(act: Act) -> Callable[[Request], Caller]:
    """A dependency for routes that concern no single workspace."""

    def allowed(request: Request, _bearer: Annotated[object, Security(BEARER)] = None) -> Caller:
        caller = caller_of(request)
        caller.require(act)
        return caller

    allowed.act = act  # type: ignore[attr-defined]
    return allowed


def here(act: Act) -> Callable[..., Here]:
    """A dependency for routes that concern one workspace."""

    def allowed(
        request: Request,
        workspace: Workspace = None,
        _bearer: Annotated[object, Security(BEARER)] = None,
    ) -> Here:
        caller = caller_of(request)
        caller.require(act)
        site = request.app.state.site
        found = caller.in_workspace(workspace, site.settings.workspace)
        if not site.knows(found):
            raise NoSuchWorkspace(workspace=found)
        return Here(caller, found, request)

    allowed.act = act  # type: ignore[attr-defined]
    return allowed


def of_all(act: Act) -> Any:
    """A dependency for routes that concern all workspaces: a caller of a single one is refused."""
    of_any = anywhere(act)

    def allowed(request: Request, caller: Annotated[Caller, Depends(of_any)]) -> Here:
        if caller.workspace is not None:
            raise Forbidden(role=str(caller.role), act=f"{act}, of all workspaces")
        return Here(caller, request.app.state.site.settings.workspace, request)

    allowed.act = act  # type: ignore[attr-defined]
    return Depends(allowed)


def of(act: Act) -> Any:
    """The declaration for a route: ``who: Annotated[Here, of(Act.READ)]``."""
    return Depends(here(act))
