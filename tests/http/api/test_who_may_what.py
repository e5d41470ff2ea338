"""Every route, role, and workspace of one's own or another: one table says who may."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from fastapi.routing import APIRoute

from adapters.http.server import API
from engine.work.permissions import MAY, Act, Role
from engine.work.ports import Person
from tests.http.commands.callers import Caller, Door

PATHS = {"campaign_id": "spring", "recipient_id": "r1", "account_id": "ann@acme.test"}


class Gated(NamedTuple):
    method: str
    path: str
    act: Act
    is_of_a_workspace: bool


def _acts(dependant: Any) -> Iterator[tuple[Act, bool]]:
    for each in dependant.dependencies:
        act = getattr(each.call, "act", None)
        if act is not None:
            is_of_a_workspace = any(p.name == "workspace" for p in each.query_params)
            yield act, is_of_a_workspace
        else:
            yield from _acts(each)


def _routes() -> list[APIRoute]:
    return [each for router in API for each in router.routes if isinstance(each, APIRoute)]


def _gated(route: APIRoute) -> Gated:
    ((act, is_of_a_workspace),) = {*_acts(route.dependant)}
    path = re.sub(r"{(\w+)}", lambda found: PATHS.get(found[1], "1"), route.path)
    (method,) = route.methods or {"GET"}
    return Gated(method, path, act, is_of_a_workspace)


GATED = [_gated(each) for each in _routes()]


def test_every_route_has_exactly_one_gate() -> None:
    assert [each.path for each in _routes() if len({*_acts(each.dependant)}) != 1] == []
    assert {each.act for each in GATED} >= {*Act} - {Act.READ_PERSONS}


def test_nobody_without_a_good_token_gets_in(house: Door) -> None:
    stranger = Caller(house.port, "slk_of_nobody")
    found = {each: stranger.ask(each.method, each.path).status for each in GATED}
    stranger.close()
    assert {*found.values()} == {401}


@pytest.mark.parametrize("role", Role)
def test_a_role_is_let_in_where_the_table_says_so_and_nowhere_else(house: Door, role: Role) -> None:
    caller = house.caller(role, role, None)
    wrong = []
    for each in GATED:
        if each.method == "GET" and each.path == "/feed/stream":
            continue  # it does not end
        status = caller.ask(each.method, each.path).status
        if (status == 403) is (each.act in MAY[role]):
            wrong.append((each, status))
    caller.close()
    assert wrong == []


@pytest.mark.parametrize("role", Role)
def test_a_caller_of_one_workspace_finds_no_other(house: Door, role: Role) -> None:
    caller = house.caller(role, role, "elsewhere")
    found = {
        each: caller.ask(each.method, f"{each.path}?workspace=acme").status
        for each in GATED
        if each.is_of_a_workspace
    }
    caller.close()
    assert {status for each, status in found.items() if each.act in MAY[role]} <= {404}
    assert {status for each, status in found.items() if each.act not in MAY[role]} <= {403}


def test_an_auditor_sees_cases_and_no_name(house: Door) -> None:
    """F1"""
    store = house.program.opened
    directory = store.directory
    (someone,) = directory.enrol("acme", [Person("eve@hers.test", "Eve Adams")])
    auditor, support = house.caller("a", Role.AUDITOR), house.caller("s", Role.SUPPORT)
    masked = auditor.get(f"/recipients/{someone}").body["person"]
    whole = support.get(f"/recipients/{someone}").body["person"]
    auditor.close()
    support.close()
    assert (masked["address"], masked["name"]) == ("e…@hers.test", "E… A…")
    assert (whole["address"], whole["name"]) == ("eve@hers.test", "Eve Adams")
