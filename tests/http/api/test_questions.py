"""Single questions: cases and the looks at them, events, what-if, checks."""

import json
from typing import Any

import pytest

from adapters.composition.access import looks_of
from engine.decoding import decode_page
from tests.http.commands.callers import Caller, Door

CASE = "/campaigns/spring/recipients/r1"


def test_a_case_is_told_and_the_look_at_it_recorded(house: Door, auditor: Caller) -> None:
    """F3"""
    told = auditor.get(CASE).body
    assert told["sentences"][0]["text"].startswith("On 2026-03-02 13:01:00 UTC, r1 became Campaign")
    (look,) = looks_of(house.program.opened).recorded("acme", 0, 10)
    assert (look.by, look.campaign_id, look.recipient_id) == ("token:ops", "spring", "r1")


def test_a_case_in_the_past_is_what_was_known_then(auditor: Caller) -> None:
    told = auditor.get(f"{CASE}?at=2026-03-02T12:30:00Z").body
    assert told["status"] == "held"
    assert "became Campaign Stopped" not in json.dumps(told)


def test_what_is_known_already_is_not_sent_again(auditor: Caller) -> None:
    first = auditor.get("/accounts/bob%40acme.test?at=2026-03-02T12:30:00Z")
    again = auditor.ask(
        "GET",
        "/accounts/bob%40acme.test?at=2026-03-02T12:30:00Z",
        If_None_Match=first.headers["etag"],
    )
    assert (again.status, again.text) == (304, "")


@pytest.mark.parametrize(
    "path",
    [
        *("/accounts/nobody%40x.test", "/campaigns/none", "/recipients/none"),
        *("/campaigns/spring/recipients/none", "/events/0", "/events/4711", "/events/x"),
    ],
)
def test_what_there_is_not_is_told(auditor: Caller, path: str) -> None:
    answer = auditor.get(path)
    assert answer.status == 404
    assert answer.code is not None
    assert answer.code.startswith("unknown_")


@pytest.mark.parametrize(
    "query",
    [
        *("", "type=RecipientStopped", "stream=acme:campaign:spring", "actor=clock"),
        *("text=r5", "since=2026-03-02T13:00:00Z&until=2026-03-03T00:00:00Z"),
        *("account=ann%40acme.test", "campaign=spring", "campaign=spring&recipient=r1"),
        "correlation_id=command-37",
    ],
)
@pytest.mark.parametrize("newest", ["true", "false"])
def test_filters_find_what_a_look_at_every_event_finds(
    house: Door, auditor: Caller, query: str, newest: str
) -> None:
    everything = auditor.get("/events?limit=1000").body["events"]
    wanted = [each for each in everything if _fits(each, query)]
    found, start = [], ""
    while True:
        page = auditor.get(f"/events?{query}&newest={newest}&limit=3{start}").body
        found += page["events"]
        if page["next"] is None or (not page["events"] and not page["next"]):
            break
        start = f"&start={page['next']}"
    assert found == (wanted[::-1] if newest == "true" else wanted)
    assert wanted
    store = house.program.opened.store
    assert len(everything) == len([*decode_page(store.read(0, 10_000), 0)])


def _fits(event: dict[str, Any], query: str) -> bool:
    data = json.dumps(event["data"])
    match query.split("&", maxsplit=1)[0].partition("=")[::2]:
        case ("", _):
            return True
        case ("text", text):
            return text in data
        case ("since", since):
            return bool(since[:19] <= event["recorded_at"][:19] < "2026-03-03")
        case ("account", _):
            kind = event["stream"].split(":")[1]
            return kind in {"account", "slot"} and '"ann@acme.test"' in data
        case ("campaign", name) if "recipient" in query:
            return f'"{name}"' in data and '"recipient_id": "r1"' in data
        case ("campaign", name):
            own = event["data"]
            return bool(own.get("campaign_id") == name) and "recipient_id" not in own
        case (column, value):
            return bool(event[column] == value)


def test_an_event_tells_its_causes_and_what_it_brought_about(auditor: Caller) -> None:
    """F2"""
    stop = auditor.get("/events?type=RecipientStopped&limit=1").body["events"][0]
    told = auditor.get(f"/events/{stop['position']}").body
    assert told["causes"][0]["type"] == "AccountDisconnected"
    assert {"occurred_at", "recorded_at", "event_id", "data"} <= {*told}


def test_what_if_tells_who_would_be_saved_and_writes_nothing(house: Door, auditor: Caller) -> None:
    before = house.program.opened.store.last_position()
    told = auditor.ask(
        "POST",
        "/what-if",
        json.dumps(
            {
                "insert": [
                    "connect ann@acme.test in s1 at 2026-03-02T12:40:00Z",
                    "add-sender spring ann@acme.test at 2026-03-02T12:41:00Z",
                ]
            }
        ).encode(),
        Content_Type="application/json",
    ).body
    assert {"campaign": "spring", "recipient": "r1"} in told["saved"]
    assert house.program.opened.store.last_position() == before


def test_a_check_finds_a_clean_history(auditor: Caller) -> None:
    told = auditor.get("/checks").body
    assert (told["clean"], told["count"]) == (True, 0)


def test_two_moments_are_compared(auditor: Caller) -> None:
    told = auditor.get("/differences?from=2026-03-02T12:00:30Z&to=2026-03-02T12:30:00Z").body
    changed = {(each["entity"], *each["key"][1:]): each["columns"] for each in told["changes"]}
    assert changed["accounts", "ann@acme.test"]["status"] == {
        "old": "successful",
        "new": "disconnected",
    }


def test_a_saved_view_is_its_owners_alone(house: Door, auditor: Caller) -> None:
    body = json.dumps({"query": "type=RecipientStopped"}).encode()
    put = auditor.ask("PUT", "/saved-filters/stops", body, Content_Type="application/json")
    assert put.status == 204
    assert auditor.get("/saved-filters").body["filters"][0]["name"] == "stops"
    other = house.caller("other")
    assert other.get("/saved-filters").body["filters"] == []
    other.close()
