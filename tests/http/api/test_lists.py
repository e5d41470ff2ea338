"""Lists: whole and once over a log that grows, the same in every form, as they were then."""

import csv
import io
import json
from urllib.parse import quote

import pytest
from pyarrow import parquet

from adapters.http.reading.collections import COLLECTIONS
from engine.projecting import ProjectionRunner
from projections.shipped import SHIPPED
from tests.http.commands.callers import Caller, Door
from tests.law.story import create, import_recipients

LISTS = [each.path.replace("{campaign_id}", "spring") for each in COLLECTIONS]
HOSTILE = 'a/b c?#%ü<script>"'


def _kept(house: Door) -> None:
    opened = house.program.opened
    ProjectionRunner(opened.store, opened.views, SHIPPED).keep_up()


def _asked(path: str) -> str:
    return f"{path}?recipient=r1" if path == "/recipients" else path


@pytest.mark.parametrize("path", LISTS)
def test_pages_of_one_row_are_the_whole_list(auditor: Caller, path: str) -> None:
    asked = _asked(path)
    whole = auditor.get(f"{asked}{'&' if '?' in asked else '?'}limit=1000").body["rows"]
    rows, cursor = [], ""
    while True:
        answer = auditor.get(f"{asked}{'&' if '?' in asked else '?'}limit=1{cursor}").body
        rows += answer["rows"]
        if answer["next"] is None:
            break
        cursor = f"&cursor={answer['next']}"
    assert rows == whole
    assert len(rows) == len({json.dumps(each, sort_keys=True) for each in rows})


def test_a_cursor_loses_and_repeats_nobody_while_recipients_come(
    house: Door, auditor: Caller
) -> None:
    path = "/campaigns/spring/recipients?limit=2"
    before = [each["recipient_id"] for each in auditor.get(f"{path}00").body["rows"]]
    seen, cursor, number = [], "", 0
    while True:
        answer = auditor.get(f"{path}{cursor}").body
        seen += [each["recipient_id"] for each in answer["rows"]]
        if answer["next"] is None:
            break
        house.given(import_recipients(f"a{number}", f"z{number}"))
        _kept(house)
        number += 1
        cursor = f"&cursor={answer['next']}"
        if number > 20:
            break
    assert [each for each in seen if each in before] == before
    assert len(seen) == len({*seen})


@pytest.mark.parametrize("path", LISTS)
def test_csv_and_parquet_hold_what_json_does(auditor: Caller, path: str) -> None:
    asked = _asked(path)
    separator = "&" if "?" in asked else "?"
    rows = auditor.get(f"{asked}{separator}limit=1000").body["rows"]
    told = csv.DictReader(io.StringIO(auditor.get(f"{asked}{separator}format=csv").text))
    lines = [*told]
    assert len(lines) == len(rows)
    for line, row in zip(lines, rows, strict=True):
        assert {*line} == {*row}
        texts = {name: value for name, value in row.items() if isinstance(value, str)}
        assert {name: line[name].removeprefix("'") for name in texts} == texts
    octets = auditor.octets(f"{asked}{separator}format=parquet")
    table = parquet.read_table(io.BytesIO(octets)).to_pylist()
    assert len(table) == len(rows)
    for entry, row in zip(table, rows, strict=True):
        assert {*entry} == {*row}
        plain = {name: value for name, value in row.items() if isinstance(value, int | None)}
        assert {name: entry[name] for name in plain} == plain


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("bogus=1", "unknown_parameter"),
        ("fields=status,bogus", "unknown_field"),
        ("cursor=bogus", "no_cursor"),
        ("cursor=%F0%9F%98%80", "no_cursor"),
        ("at=yesterday", "no_moment"),
        ("at=2026-03-02T12:00:00", "no_moment"),
        ("limit=0", "invalid_request"),
        ("limit=many", "invalid_request"),
        ("format=xml", "invalid_request"),
    ],
)
def test_what_cannot_be_asked_is_told(auditor: Caller, query: str, code: str) -> None:
    answer = auditor.get(f"/accounts?{query}")
    assert (answer.status, answer.code) == (422, code)


def test_a_cursor_of_another_list_is_none(auditor: Caller) -> None:
    other = auditor.get("/campaigns?limit=1").body["next"]
    assert auditor.get(f"/accounts?cursor={other}").code == "no_cursor"


def test_filters_and_fields_choose(auditor: Caller) -> None:
    rows = auditor.get(
        "/campaigns/spring/recipients?status=campaign_stopped&fields=recipient_id,stop_reason"
    ).body["rows"]
    assert [each["recipient_id"] for each in rows] == ["r1", "r5"]
    assert all({*each} == {"recipient_id", "stop_reason"} for each in rows)


def test_the_past_is_answered_as_it_was_answered_then(house: Door, auditor: Caller) -> None:
    """F2"""
    paths = [each for each in LISTS if not each.endswith("/senders")]
    before = {path: auditor.get(_asked(path)).body for path in paths}
    moment = quote(before["/accounts"]["at"])
    house.given(import_recipients("r70", "r71"))
    house.given(create(campaign="later", to=["n1"]))
    for path in paths:
        asked = _asked(path)
        then = auditor.get(f"{asked}{'&' if '?' in asked else '?'}at={moment}").body
        assert then["rows"] == before[path]["rows"], path


def test_any_name_can_be_asked_for(house: Door, auditor: Caller) -> None:
    house.given(create(campaign=HOSTILE, to=["x/1", "y?2"]))
    name = quote(HOSTILE, safe="")
    assert auditor.get(f"/campaigns/{name}").body["campaign"]["campaign_id"] == HOSTILE
    rows = auditor.get(f"/campaigns/{name}/recipients").body["rows"]
    assert [each["recipient_id"] for each in rows] == ["x/1", "y?2"]
    assert auditor.get(f"/campaigns/{name}/recipients/x%2F1").body["recipient_id"] == "x/1"


def test_a_name_that_a_spreadsheet_would_run_is_made_harmless(house: Door, auditor: Caller) -> None:
    house.given(create(campaign="=HYPERLINK(1)", to=["n1"]))
    assert "\n'=HYPERLINK(1)" in auditor.get("/campaigns?format=csv").text.replace("\r", "")
