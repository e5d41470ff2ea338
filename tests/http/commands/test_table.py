"""Every operation stands in the document and is kept from who may not; refusals have rules."""

import json
from urllib.request import urlopen

import pytest

from adapters.http.commands.table import OPERATIONS
from aggregates import rejections
from aggregates.rejections import RULES
from engine.work.permissions import MAY, Role
from tests.http.commands.callers import Door
from tests.law_page import RULES as LAW


def test_every_refusal_names_a_rule_of_the_law() -> None:
    assert len(RULES) > 40
    assert {code for code, rule in RULES.items() if rule not in LAW} == set()
    assert rejections.StillFailing.code in RULES


def test_every_operation_and_preview_stands_in_the_document(house: Door) -> None:
    with urlopen(f"http://127.0.0.1:{house.port}/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    for each in OPERATIONS:
        told = paths[f"/v1{each.path}"][each.method.lower()]
        headers = {parameter["name"] for parameter in told["parameters"]}
        assert told["operationId"] == each.name
        assert "requestBody" in told
        assert "Idempotency-Key" in headers
        assert ("Sendledger-Preview" in headers) == (each.preview is not None)
        assert ("If-Match" in headers) == (each.edited is not None)
        assert (f"/v1{each.path}/preview" in paths) == (each.preview is not None)
        assert (each.command is None) != (each.steps is None)


@pytest.mark.parametrize("role", [Role.VIEWER, Role.AUDITOR, Role.CONSUMER])
def test_a_role_that_only_reads_does_nothing(house: Door, role: Role) -> None:
    """Every operation, with a body that would not even be read."""
    end = house.program.opened.store.last_position()
    caller = house.caller("reader", role)
    found = {
        each.name: caller.do(each.path.replace("{", "").replace("}", ""), {}, None, each.method)
        for each in OPERATIONS
        if each.act not in MAY[role]
    }
    caller.close()

    assert len(found) == len(OPERATIONS)
    assert {each.status for each in found.values()} == {403}
    assert house.program.opened.store.last_position() == end
