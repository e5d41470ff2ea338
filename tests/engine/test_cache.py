"""What is kept of aggregates between commands counts only where the store stands."""

from hypothesis import given
from hypothesis import strategies as st

from engine.cache import AggregateCache, Cached, EarlierLooks
from engine.streams import CAMPAIGN
from events.campaign import RecipientAdded
from tests.law.story import NOON
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


def campaign_of(count: int) -> Cached:
    added = [
        RecipientAdded(campaign_id="spring", recipient_id=f"r{each}", occurred_at=NOON)
        for each in range(count)
    ]
    return Cached(CAMPAIGN, count, CAMPAIGN.fold(CAMPAIGN.initial("spring"), added))


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9)), max_size=60))
def test_people_in_memory_are_never_more_than_there_may_be_or_than_one_campaign_has(
    kept: list[tuple[int, int]],
) -> None:
    cache, looks = AggregateCache(4, people=12), EarlierLooks(4, people=12)
    last: dict[str, int] = {}
    for at, (number, count) in enumerate(kept, start=1):
        stream = f"main/campaign-{number}"
        entries = {stream: CAMPAIGNS_OF[count]}
        last[stream] = count
        cache.commit(ACME, cache.begin(ACME, at), entries, at, at + 1)
        looks.keep(entries, doubts=0)
        for known in (cache, looks.known(ACME, doubts=0)):
            there = {each: entry for each in last if (entry := known.newest(each))}
            people = {each: len(entry.state.recipients) for each, entry in there.items()}
            assert stream in there
            assert len(there) <= 4
            assert sum(people.values()) <= 12
            assert people == {each: last[each] for each in there}
        assert cache.people <= 12


CAMPAIGNS_OF = [campaign_of(count) for count in range(10)]


def test_the_campaign_in_use_stays_however_large_it_is() -> None:
    cache = AggregateCache(10, people=5)
    cache.commit(ACME, cache.begin(ACME, AT), {STREAM: CAMPAIGNS_OF[3]}, AT, AT)
    cache.commit(ACME, cache.begin(ACME, AT), {f"{STREAM}-2": CAMPAIGNS_OF[9]}, AT, AT)
    assert cache.newest(STREAM) is None
    assert cache.newest(f"{STREAM}-2") == CAMPAIGNS_OF[9]
    assert cache.people == 9
