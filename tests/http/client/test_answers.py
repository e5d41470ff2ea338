"""What is answered has the shapes of the document, of which the client's types are made."""

import re
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from engine.work.permissions import Role
from events.vocabulary import instant_text
from tests.client_module import document
from tests.http.commands.callers import Door, named
from tests.law.story import ANN, DAY, HOUR, NOON, R1, SPRING
from tests.workplace import ACME

NAMES = {"account_id": ANN, "campaign_id": SPRING, "recipient_id": R1, "position": "60"}
MOMENTS = [None, NOON + HOUR / 2, NOON + DAY + HOUR]
NOT_ASKED = {"/v1/feed/stream"}


def strict() -> dict[str, Any]:
    """With no fields but those that are told."""
    found = document()
    for each in found["components"]["schemas"].values():
        if "properties" in each:
            each.setdefault("additionalProperties", False)
    return found


def reads(found: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in found["paths"].items():
        needed = {
            e["name"] for e in methods.get("get", {}).get("parameters", ()) if e.get("required")
        }
        if "get" in methods and needed <= NAMES.keys() and path not in NOT_ASKED:
            yield path, methods["get"]


DOCUMENT = strict()
READS = dict(reads(DOCUMENT))


@pytest.mark.parametrize("path", READS)
def test_every_read_answers_as_the_document_tells_now_and_at_past_moments(
    house: Door, path: str
) -> None:
    told = READS[path]
    schema = next(iter(told["responses"]["200"]["content"].values()))["schema"]
    check = Draft202012Validator({**schema, "components": DOCUMENT["components"]})
    address = re.sub(r"{(\w+)}", lambda each: named(NAMES[each[1]]), path).removeprefix("/v1")
    takes_moment = any(each["name"] == "at" for each in told["parameters"])
    with closing(house.caller(role=Role.ADMIN, workspace=None)) as caller:
        for moment in MOMENTS if takes_moment else [None]:
            query = f"?workspace={ACME}" + (f"&at={instant_text(moment)}" if moment else "")
            answer = caller.get(f"{address}{query}")
            if answer.code == "only_now":
                continue
            assert answer.status == 200, answer.text
            assert not [each.message for each in check.iter_errors(answer.body)]
