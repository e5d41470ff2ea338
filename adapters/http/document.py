"""``/openapi.json``: the routes as FastAPI describes them, with problems as they really are."""

import re
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from adapters.http.problems import MEDIA_TYPE
from adapters.http.reading.answers import FeedEvent

PROBLEM = {
    "description": "A problem: what is wrong, and what to do next.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


_NAMES = re.compile(r"{(\w+)}")


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str
    title: str
    status: int
    code: str
    """For programs; the same code for a refusal as in scenarios."""
    rule: str | None = None
    """The rule of the law that was applied."""
    detail: str
    """A sentence for people."""
    facts: dict[str, Any] | None = None
    """The facts that the sentence mentions, by name."""


def _of_path(name: str) -> dict[str, Any]:
    text = {"type": "string", "minLength": 1}
    return {"name": name, "in": "path", "required": True, "schema": text}


def document(app: FastAPI) -> dict[str, Any]:
    """The document. Generated once per process."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, routes=app.routes)
        schemas = made["components"]["schemas"]
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        for each in (Problem, FeedEvent):
            schemas[each.__name__] = each.model_json_schema()
        for path, operations in made["paths"].items():
            for operation in operations.values():
                operation["responses"].pop("422", None)
                operation["responses"]["default"] = PROBLEM
                operation["parameters"] = [
                    *(_of_path(each) for each in _NAMES.findall(path)),
                    *(e for e in operation.get("parameters", ()) if e["in"] != "path"),
                ]
        app.openapi_schema = made
    return app.openapi_schema
