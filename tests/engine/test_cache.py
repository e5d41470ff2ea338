"""What is kept of aggregates between commands counts only where the store stands."""

from engine.cache import AggregateCache, Cached, EarlierLooks
from engine.streams import CAMPAIGN
from tests.workplace import ACME

STREAM, AT = "main/campaign-spring", 7
ENTRY = Cached(CAMPAIGN, 3, CAMPAIGN.initial("spring"))


def remembering() -> AggregateCache:
    cache = AggregateCache(10)
    cache.commit(ACME, cache.begin(ACME, AT), {STREAM: ENTRY}, AT - 1, AT)
    return cache


def test_who_looks_takes_what_was_known_and_catches_up_with_what_came_since() -> None:
    known = remembering().of(ACME, {})
    assert known.get(STREAM, known.begin(ACME, AT)) == (ENTRY, True)
    assert known.get(STREAM, known.begin(ACME, AT + 1)) == (ENTRY, False)


def test_of_a_store_that_went_back_nothing_is_known() -> None:
    cache = remembering()
    assert cache.get(STREAM, cache.begin(ACME, AT - 1)) == (None, False)
    cleared = remembering()
    cleared.clear()
    assert cleared.get(STREAM, cleared.begin(ACME, AT)) == (None, False)


def test_what_others_write_where_this_engine_once_wrote_is_not_its_own() -> None:
    cache = remembering()
    cache.commit(ACME, cache.begin(ACME, AT), {STREAM: ENTRY}, AT, AT + 2)
    cache.clear()
    cache.commit(ACME, cache.begin(ACME, AT), {STREAM: ENTRY}, AT, AT)
    assert cache.get(STREAM, cache.begin(ACME, AT + 2)) == (ENTRY, False)


def test_a_look_catches_up_with_what_an_earlier_one_read_but_not_across_a_doubt() -> None:
    looks = EarlierLooks(1)
    looks.keep({STREAM: ENTRY}, doubts=0)
    known = looks.known(ACME, doubts=0)
    assert known.get(STREAM, known.begin(ACME, AT)) == (ENTRY, False)

    for known in (looks.known(ACME, doubts=1), looks.known(ACME, doubts=1)):
        assert known.get(STREAM, known.begin(ACME, AT)) == (None, False)


def test_what_was_read_before_a_doubt_is_not_kept_after_it() -> None:
    looks = EarlierLooks(1)
    assert looks.known(ACME, doubts=1).newest(STREAM) is None
    looks.keep({STREAM: ENTRY}, doubts=0)
    assert looks.known(ACME, doubts=1).newest(STREAM) is None


def test_of_earlier_looks_only_the_latest_are_kept() -> None:
    looks, other = EarlierLooks(1), "main/campaign-autumn"
    looks.keep({STREAM: ENTRY}, doubts=0)
    looks.keep({other: ENTRY}, doubts=0)
    known = looks.known(ACME, doubts=0)
    assert known.newest(STREAM) is None
    assert known.newest(other) == ENTRY
