"""Names in paths: any character may stand in one, percent-encoded, a slash as well."""

from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

SLASH = "\x1f"
"""Stands for a slash inside a name while a request finds its route; no name has it."""


class SlashesInNames:
    """Keeps ``%2F`` inside one segment of the path, where servers would decode it first."""

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
