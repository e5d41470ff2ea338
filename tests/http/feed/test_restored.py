"""After a restore nobody is left in silence: the feed says what was lost, and what to do (M6)."""

import json
from typing import Any

import pytest

from adapters.composition.programs import Program
from engine.fence import Unfenced
from engine.stream.feed import Feed
from tests.http.feed.conftest import Site
from tests.http.feed.places import Tokens, serving
from tests.stream.ledger import Ledger


def problem(site: Site, path: str, last: str | None = None) -> tuple[int, dict[str, Any]]:
    answer = site.asked(path, headers={} if last is None else {"Last-Event-ID": last})
    assert answer.headers["Content-Type"] == "application/problem+json"
    return answer.status, json.loads(answer.read())


@pytest.mark.rule("M6")
@pytest.mark.parametrize("path", ["", "/stream"])
def test_a_position_ahead_of_the_log_is_told(site: Site, path: str) -> None:
    last = site.ledger.opened.store.last_position()
    status, told = problem(site, f"{path}?after={last + 1}")
    assert (status, told["code"]) == (409, "ahead_of_log")
    assert told["facts"] == {"position": last + 1, "last": last}


@pytest.mark.rule("M6")
def test_what_a_generation_told_and_the_store_lost_is_told(site: Site) -> None:
    store = site.ledger.opened.store
    last, store_id = store.last_position(), store.identity.store_id
    store.raise_generation()
    site.ledger.grow(5)
    status, told = problem(site, f"?after={store_id}.1:{last + 1}")
    assert (status, told["code"], told["facts"]["last"]) == (410, "history_lost", last)
    assert problem(site, "/stream?after=0", f"{store_id}.1:{last + 3}")[0] == 410
    page = site.batch(f"after={store_id}.1:{last}")
    assert page.events[0]["id"] == f"{store_id}.2:{last + 1}"


@pytest.mark.rule("M6")
def test_events_keep_the_generation_in_which_they_were_told(site: Site) -> None:
    store = site.ledger.opened.store
    last = store.last_position()
    before = site.batch("limit=10000")
    store.raise_generation()
    site.ledger.grow(5)
    assert site.batch("limit=10000") == before  # a page ends where a generation does
    told = [each.data["id"] for each in site.stream().take(last + 5)]
    generations = [each.partition(":")[0].rpartition(".")[2] for each in told]
    assert generations == ["1"] * last + ["2"] * 5


@pytest.mark.parametrize("place", ["other.1:3", "{id}.2:3"])
def test_a_place_of_another_store_is_refused(site: Site, place: str) -> None:
    own = site.ledger.opened.store.identity.store_id
    status, told = problem(site, f"?after={place.format(id=own)}")
    assert (status, told["code"]) == (410, "place_of_another_store")


@pytest.mark.rule("M6")
def test_a_fenced_store_tells_nothing(ledger: Ledger) -> None:
    ledger.opened.fence.close("its witness knows more")
    with serving(Program(ledger.settings, ledger.opened, ledger.engine)) as port:
        site = Site(ledger, port, Tokens())
        status, told = problem(site, "?after=0")
        site.close()
    assert (status, told["code"]) == (503, "store_is_fenced")
    assert "its witness knows more" in told["detail"]


class Noting:
    """A log that notes what was asked of it."""

    def __init__(self, log: Any) -> None:
        self.log, self.asked = log, list[str]()

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.log, name)


def test_events_are_on_the_disk_before_they_are_told(ledger: Ledger) -> None:
    log = Noting(ledger.opened.store)
    assert Feed(log, Unfenced()).read(0, 10).positions == list(range(1, 11))
    assert log.asked[-1] == "reach_disk"
    assert "entries" in log.asked
