"""Control of a sandbox by HTTP: every operation is a POST to its name."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from inspect import getdoc, signature
from typing import Any

from pydantic import ValidationError, validate_call
from pydantic_core import from_json

from adapters.mail.sandbox.http import Answer, BadRequest, Request, as_json
from adapters.mail.sandbox.wire import Wire

OPERATIONS = (
    *("served", "add_account", "fail", "refuse", "relent"),
    *("show_certificate", "close_port", "open_port"),
    *("deliver", "reply", "bounce", "accepted", "messages", "renumber"),
    *("approve", "untick", "grant", "revoke", "expire_tokens", "rotate"),
)
"""The methods of ``World`` that can be called from outside."""


class Control:
    """Takes a JSON object with the arguments, and answers the result as JSON."""

    def __init__(self, world: object) -> None:
        methods = {name: getattr(world, name) for name in OPERATIONS}
        self._about = [
            {"name": name, "arguments": f"{signature(each)}", "about": getdoc(each)}
            for name, each in methods.items()
        ]
        self._operations: dict[str, Callable[..., Awaitable[Any]]] = {
            name: validate_call(each) for name, each in methods.items()
        }

    async def __call__(self, request: Request, _: Wire) -> Answer:
        if "origin" in request.headers:
            return as_json({"error": "A page in a browser controls nothing."}, HTTPStatus.FORBIDDEN)
        if (request.method, request.path) == ("GET", "/"):
            return as_json({"operations": self._about})
        operation = self._operations.get(request.path.removeprefix("/"))
        if operation is None:
            return as_json(
                {"error": f"There is no operation {request.path}."}, HTTPStatus.NOT_FOUND
            )
        if request.method != "POST":
            return as_json({"error": "Use POST."}, HTTPStatus.METHOD_NOT_ALLOWED)
        return await _done(operation, request.body)


async def _done(operation: Callable[..., Awaitable[Any]], body: bytes) -> Answer:
    try:
        return as_json(await operation(**_arguments(body)))
    except ValidationError as error:
        complaint = "; ".join(f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        return as_json({"error": complaint}, HTTPStatus.UNPROCESSABLE_ENTITY)
    except (ValueError, LookupError) as error:
        return as_json({"error": str(error)}, HTTPStatus.UNPROCESSABLE_ENTITY)


def _arguments(body: bytes) -> dict[str, Any]:
    arguments = from_json(body) if body.strip() else {}
    if not isinstance(arguments, dict):
        raise BadRequest("The arguments are a JSON object.")
    return arguments
