"""Every tool, in one table: the question of the API that it asks. Its schema is the API's own."""

import re
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import quote

from fastapi import FastAPI
from jsonschema import Draft202012Validator
from jsonschema.exceptions import best_match

from adapters.composition.proved import HOW_TO_VERIFY_A_CASE
from adapters.http.commands.table import OPERATIONS
from adapters.http.problems import NotFound, Problem
from adapters.http.reading.questions import RECIPIENT
from engine.work.permissions import Act, Caller, Forbidden

_IN_PATH = re.compile(r"{(\w+)}")
_SEGMENT = {"type": "string", "minLength": 1, "maxLength": 500, "pattern": r"^(?!\.{1,2}$)"}
_LEFT_OUT = frozenset({"format"})
"""Left out, since an answer is always JSON."""

Schema = dict[str, Any]
Arguments = Mapping[str, Any]
Tells = Callable[[Any], Any]


def _all(answer: Any) -> Any:
    return answer


def _unconfirmed(answer: Any) -> Any:
    """The answer without the token, which could confirm what nobody has looked at."""
    return {"preview": answer["preview"]}


def _in_short(case_file: Any) -> Any:
    """What a case file says, where each of its events is in the log, and how to verify it."""
    entries = {each["position"]: each["entry"] for each in case_file["events"]}
    case = case_file["case"]
    sentences = [{**each, "entry": entries[each["position"]]} for each in case["sentences"]]
    return {
        "case": {**case, "sentences": sentences},
        "entries": sorted(entries.values()),
        "checkpoint": case_file["checkpoint"],
        "how_to_verify": HOW_TO_VERIFY_A_CASE,
    }


class Tool(NamedTuple):
    name: str
    path: str
    act: Act
    method: str = "get"
    told: Tells = _all


class Request(NamedTuple):
    """The request to the API that a tool stands for, and the part of the answer it returns."""

    method: str
    path: str
    query: Mapping[str, Any]
    body: Any = None
    told: Tells = _all


TOOLS = (
    Tool("now", "/now", Act.READ),
    Tool("find", "/recipients", Act.READ),
    Tool("why", RECIPIENT, Act.READ_CASE),
    Tool("account", "/accounts/{account_id}", Act.READ),
    Tool("campaign", "/campaigns/{campaign_id}", Act.READ),
    Tool("proof", f"{RECIPIENT}/proof", Act.READ_CASE, told=_in_short),
    Tool("what_if", "/what-if", Act.READ_LOG, "post"),
    Tool("differences", "/differences", Act.READ_LOG),
    Tool("events", "/events", Act.READ_LOG),
    Tool("event", "/events/{position}", Act.READ_LOG),
    Tool("checks", "/checks", Act.READ_LOG),
)
PREVIEW = "preview"
PREVIEWED = {each.name: each for each in OPERATIONS if each.preview is not None}


class Described(NamedTuple):
    name: str
    description: str
    schema: Schema


class Toolbox:
    """The tools, made from an application's own document."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def for_caller(self, caller: Caller) -> list[Described]:
        """The tools that the caller may use."""
        found = [self._described[each.name] for each in TOOLS if caller.may(each.act)]
        acts = _acts_of(caller)
        return [*found, _preview(acts)] if acts else found

    def request(self, name: str, given: Arguments, caller: Caller) -> Request:
        """The request for a call. Raises ``Forbidden``, ``NotFound``, and ``Problem`` for
        arguments.
        """
        tool = next((each for each in TOOLS if each.name == name), None)
        if tool is None and name != PREVIEW:
            raise NotFound("tool", name)
        if tool is not None:
            caller.require(tool.act)
        usable = {each.name: each for each in self.for_caller(caller)}
        if name not in usable:
            raise Forbidden(role=str(caller.role), act=name)
        _require_fit(usable[name].schema, given)
        return _asked(tool, given) if tool else _previewed(given)

    @cached_property
    def _described(self) -> Mapping[str, Described]:
        document = self._app.openapi()
        return {each.name: _describe(each, document) for each in TOOLS}


def _acts_of(caller: Caller) -> list[str]:
    return [name for name, each in PREVIEWED.items() if caller.may(each.act)]


def _describe(tool: Tool, document: Mapping[str, Any]) -> Described:
    operation = document["paths"][f"/v1{tool.path}"][tool.method]
    asked = [each for each in operation["parameters"] if each["name"] not in _LEFT_OUT]
    properties = {each["name"]: _told(each) for each in asked}
    required = [each["name"] for each in asked if each["required"]]
    if "requestBody" in operation:
        wanted = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        body = document["components"]["schemas"][wanted.rpartition("/")[2]]
        properties |= body["properties"]
        required += body.get("required", [])
    told = operation.get("description") or operation["summary"]
    return Described(tool.name, told, _object(properties, required))


def _told(parameter: Mapping[str, Any]) -> Schema:
    if parameter["in"] == "path":
        return _SEGMENT
    told = {"description": parameter["description"]} if "description" in parameter else {}
    return {**parameter["schema"], **told}


def _object(properties: Schema, required: list[str]) -> Schema:
    return {
        "type": "object",
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def _preview(acts: list[str]) -> Described:
    addresses = "; ".join(f"{name}: {PREVIEWED[name].path}" for name in acts)
    properties = {
        "act": {"type": "string", "enum": acts, "description": f"Its names: {addresses}"},
        "names": {"type": "object", "additionalProperties": _SEGMENT},
        "fields": {"type": "object", "description": "The body of the command."},
        "workspace": {"type": "string", "maxLength": 200},
    }
    said = "What would an act do, if it were done now? Nothing is done, nor can it be from here."
    return Described(PREVIEW, said, _object(properties, ["act"]))


def _require_fit(schema: Schema, given: Arguments) -> None:
    error = best_match(Draft202012Validator(schema).iter_errors(dict(given)))
    if error is not None:
        where = ".".join(map(str, error.absolute_path)) or "arguments"
        raise Problem(422, "invalid_request", f"{where}: {error.message[:500]}.")


def _asked(tool: Tool, given: Arguments) -> Request:
    in_path = _IN_PATH.findall(tool.path)
    rest = {name: value for name, value in given.items() if name not in in_path}
    if tool.method == "get":
        query = {name: value for name, value in rest.items() if value is not None}
        return Request("GET", _filled(tool.path, given), query, told=tool.told)
    workspace = rest.pop("workspace", None)
    return Request("POST", tool.path, _where(workspace), rest)


def _previewed(given: Arguments) -> Request:
    operation, names = PREVIEWED[given["act"]], given.get("names", {})
    missing = [each for each in _IN_PATH.findall(operation.path) if each not in names]
    if missing:
        raise Problem(422, "invalid_request", f"names: {missing[0]} is missing.")
    path = f"{_filled(operation.path, names)}/preview"
    return Request(
        "POST", path, _where(given.get("workspace")), given.get("fields", {}), _unconfirmed
    )


def _where(workspace: str | None) -> dict[str, str]:
    return {} if workspace is None else {"workspace": workspace}


def _filled(path: str, names: Mapping[str, Any]) -> str:
    return _IN_PATH.sub(lambda found: quote(str(names[found[1]]), safe=""), path)
