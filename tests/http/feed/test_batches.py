"""The feed by batches: the stream's events, in order of position, none missing."""

import json
import threading
from itertools import pairwise
from time import monotonic
from typing import Any

import pytest

from engine.fence import Unfenced
from engine.stream.cloud_events import Teller, header_of
from engine.stream.feed import Feed
from tests.http.feed.conftest import Site
from tests.http.feed.places import OF_W1, VIEWER
from tests.stream.ledger import Ledger


def test_every_event_is_told_as_the_stream_tells_it(site: Site) -> None:
    teller = Teller(site.ledger.opened.store.identity)
    entries = [each for each in site.ledger.entries() if each.row is not None]
    told = site.batch("limit=10000").events
    assert len(told) == len(entries)
    for event, entry in zip(told, entries, strict=True):
        record = teller.record(entry)
        assert event.pop("data") == json.loads(record.value)
        found = {header_of(name): str(value).encode() for name, value in event.items()}
        assert found == dict(record.headers)


def test_pages_leave_no_gap_while_the_log_grows(site: Site) -> None:
    seen, after = list[int](), 0
    for _ in range(30):
        site.ledger.grow(9, "w2")
        page = site.batch(f"after={after}&limit=7")
        assert len(page.positions) == 7
        seen += page.positions
        after = page.after
    assert seen == list(range(1, 211))


def test_a_page_may_begin_at_any_position(site: Site) -> None:
    last = site.ledger.opened.store.last_position()
    for after in range(last):
        assert site.batch(f"after={after}&limit=1").positions == [after + 1]


def test_a_token_of_one_workspace_gets_its_events_and_learns_how_far_was_read(site: Site) -> None:
    page = site.batch("limit=10000", OF_W1)
    assert {each["partitionkey"] for each in page.events} == {"w1"}
    own = [each for each in site.batch("limit=10000").events if each["partitionkey"] == "w1"]
    assert page.events == own
    assert page.after == site.ledger.opened.store.last_position() > page.positions[-1]
    assert site.asked("?workspace=w2", OF_W1).status == 404


def test_whoever_sees_all_may_ask_for_one_workspace(site: Site) -> None:
    assert site.batch("workspace=w1") == site.batch("", OF_W1)
    assert site.asked("?workspace=nowhere").status == 404


def test_who_may_not_follow_is_refused(site: Site) -> None:
    assert site.asked("", VIEWER).status == 403
    assert site.asked("", "no-token").status == 401
    assert site.asked("/stream", VIEWER).status == 403
    assert site.asked("/stream", "no-token").status == 401


def test_a_long_poll_ends_with_the_first_event(site: Site) -> None:
    after = site.batch("limit=10000").after
    timer = threading.Timer(0.3, site.ledger.grow, (1, "w3"))
    timer.start()
    began = monotonic()
    assert site.batch(f"after={after}&wait=30").positions == [after + 1]
    assert monotonic() - began < 15
    timer.join()


def test_a_long_poll_of_one_workspace_sleeps_through_what_others_do(site: Site) -> None:
    after = site.batch("limit=10000").after
    site.ledger.grow(5, "w3")
    page = site.batch(f"after={after}&wait=1", OF_W1)
    assert page.events == []
    assert page.after == after + 5


def test_a_long_poll_comes_back_empty_when_nothing_happens(site: Site) -> None:
    after = site.batch("limit=10000").after
    assert site.batch(f"after={after}&wait=0.5")[:2] == ([], after)


def test_a_place_and_the_id_of_an_event_are_read_on_from_like_a_position(site: Site) -> None:
    page = site.batch("limit=9")
    assert page.place == page.events[-1]["id"]
    assert site.batch(f"after={page.place}&limit=9") == site.batch("after=9&limit=9")


@pytest.mark.parametrize(
    "query",
    [
        *("after=-1", "after=x", "after=1e3", "after=%D9%A1", "after=1%00", "after=a.b.1:3"),
        *(
            f"after={'9' * 19}",
            "limit=0",
            "limit=10001",
            "limit=x",
            "wait=61",
            "wait=-1",
            "wait=nan",
        ),
    ],
)
def test_what_is_no_place_or_no_number_is_refused(site: Site, query: str) -> None:
    answer = site.asked(f"?{query}")
    assert answer.status == 422, answer.read()
    assert answer.headers["Content-Type"] == "application/problem+json"


def test_only_refusals_after_a_position_do_not_hide_the_event_after_them(site: Site) -> None:
    after = site.batch("limit=10000").after
    for _ in range(5):
        site.ledger.grow(0, "w4")  # commands that change nothing, between two events
    assert site.batch(f"after={after}&limit=1").events == []
    site.ledger.grow(1, "w4")
    assert site.batch(f"after={after}&limit=1").positions == [after + 1]


def test_entries_go_on_as_positions_do(site: Site) -> None:
    entries = [int(each["entry"]) for each in site.batch("limit=10000").events]
    assert all(first < second for first, second in pairwise(entries))


class Busy:
    """A log to which others append whenever somebody asked for its end."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger, self.log = ledger, ledger.opened.store

    def last_position(self) -> int:
        last = self.log.last_position()
        self.ledger.grow(3, "w2")
        return last

    def last_entry(self) -> int:
        last = self.log.last_entry()
        self.ledger.grow(3, "w2")
        return last

    def __getattr__(self, name: str) -> Any:
        return getattr(self.log, name)


def test_a_page_begins_right_while_others_append(ledger: Ledger) -> None:
    for back in range(5):
        after = ledger.opened.store.last_position() - back
        page = Feed(Busy(ledger), Unfenced()).read(after, after + 2)
        assert page.positions == [after + 1, after + 2]
