"""Names in paths: they may contain any character, percent-encoded, even a slash."""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

SLASH = "\x1f"
"""Replaces a slash inside a name while a request finds its route; no name contains it."""


class SlashesInNames:
    """Keeps ``%2F`` inside one segment of the path; servers would decode it first."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        raw = scope.get("raw_path")
        if scope["type"] == "http" and raw and b"%2" in raw:
            segments = raw.decode("ascii", "replace").split("/")
            path = "/".join(unquote(each).replace("/", SLASH) for each in segments)
            scope = {**scope, "path": path}
        await self._app(scope, receive, send)


def path_names(request: Request) -> dict[str, str]:
    """The names in the request's path, as they were written."""
    return {name: as_named(value) for name, value in request.path_params.items()}


def as_named(segment: str) -> str:
    return segment.replace(SLASH, "/")
