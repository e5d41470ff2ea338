"""The feed as server-sent events: the same events, as they come."""

import socket
import threading

from adapters.http.serving import MOST_AT_ONCE
from tests.http.feed.conftest import Site
from tests.http.feed.places import EVERYWHERE, OF_W1


def test_a_stream_tells_what_batches_tell_and_then_what_comes(site: Site) -> None:
    before = site.batch("limit=10000").events
    stream = site.stream()
    assert [each.data for each in stream.take(len(before))] == before
    site.ledger.grow(3, "w5")
    comes = stream.take(3)
    assert [each.data for each in comes] == site.batch(f"after={len(before)}").events
    assert [each.id for each in comes] == [each.data["id"] for each in comes]


def test_a_stream_goes_on_after_the_last_event_that_its_reader_had(site: Site) -> None:
    seen = site.stream().take(10)
    following = site.stream("after=0", last=seen[-1].id).take(5)
    assert [int(each.data["sequence"]) for each in following] == [11, 12, 13, 14, 15]


def test_a_stream_of_one_workspace_has_its_events_alone(site: Site) -> None:
    own = site.batch("limit=10000", OF_W1).events
    stream = site.stream("", OF_W1)
    assert [each.data for each in stream.take(len(own))] == own
    site.ledger.grow(3, "w2")
    site.ledger.grow(2, "w1")
    assert {each.data["partitionkey"] for each in stream.take(2)} == {"w1"}


def test_a_stream_ends_when_its_token_is_revoked_and_says_why(site: Site) -> None:
    after = site.batch("limit=10000").after
    stream = site.stream(f"after={after}")
    del site.tokens.good[EVERYWHERE]
    (last,) = stream  # and then it ends
    assert last.name == "problem"
    assert last.data["code"] == "not_signed_in"


def test_a_reader_who_takes_nothing_holds_nobody_up_and_misses_nothing(site: Site) -> None:
    with socket.create_connection(("127.0.0.1", site.port), 20) as slow:
        head = f"GET /v1/feed/stream HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {EVERYWHERE}"
        slow.sendall(f"{head}\r\n\r\n".encode())
        before = site.batch("limit=10000").after
        growing = threading.Thread(target=site.ledger.grow, args=(20_000, "w2"))
        growing.start()
        seen = site.stream(f"after={before}").take(20_000)
        growing.join()
        assert [int(each.data["sequence"]) for each in seen] == [
            *range(before + 1, before + 20_001)
        ]
        told, last = bytearray(), f'"sequence":"{before + 20_000:020}"'.encode()
        while last not in told[-5_000:]:
            told += slow.recv(1_000_000)
    positions = [int(each[:20]) for each in told.split(b'"sequence":"')[1:]]
    assert positions == [*range(1, before + 20_001)]


def test_readers_that_go_away_leave_their_places_to_others(site: Site) -> None:
    for _ in range(MOST_AT_ONCE + 20):
        stream = site.stream("after=0")
        assert len(stream.take(1)) == 1
        site.close()
