"""Retries over 28 hours, then the endpoint is parked and its owner told, once."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from adapters.composition.notices import owner_channel
from adapters.composition.programs import health_of
from engine.work.webhooks.endpoint import Lane
from engine.work.webhooks.ports import Answer
from engine.work.webhooks.retrying import WAITS, after_failure
from tests.webhooks.desk import Desk
from tests.webhooks.receiver import Handler, Received, Receiver, takes

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
BROKEN = Answer(500, "it answered 500")


@pytest.mark.parametrize("chance", [0.0, 1.0])
def test_the_waits_come_to_28_hours_and_a_tenth_more_by_chance(chance: float) -> None:
    lane, now, count = Lane(7), NOON, 0
    while (after := after_failure(lane, BROKEN, now, chance)) is not None:
        assert after.next_at is not None
        lane, now, count = after, after.next_at, count + 1
    assert count == len(WAITS) == lane.attempts
    assert lane.since == NOON
    hours = (now - NOON) / timedelta(hours=1)
    assert 28 * (1 + 0.1 * chance) == pytest.approx(hours, abs=0.01)
    assert hours >= 28


@pytest.mark.parametrize(("asked", "waits"), [(1, 5), (60, 60), (86_400, 86_400), (10**8, 86_400)])
def test_more_time_than_the_table_gives_is_granted_up_to_a_day(asked: int, waits: int) -> None:
    answer = BROKEN._replace(retry_after=timedelta(seconds=asked))
    after = after_failure(Lane(7), answer, NOON, 0.0)
    assert after is not None
    assert after.next_at == NOON + timedelta(seconds=waits)


def refuses(_: Handler, __: Received) -> int:
    return 500


def test_who_fails_for_28_hours_is_parked_and_goes_on_without_a_loss(desk: Desk) -> None:
    desk.ledger.grow(5)
    attempts = 0

    def counts(_: Handler, __: Received) -> int:
        nonlocal attempts
        attempts += 1
        return 500

    with Receiver(counts) as receiver:
        webhook, _ = desk.create(receiver.url)
        for _ in range(40):
            desk.deliver()
            desk.advance(timedelta(hours=1))
        found = desk.webhooks.show(webhook).endpoint
        assert (found.status, attempts) == ("parked", 8)
        assert found.reason == "8 attempts failed, the last one because it answered 500"
        (finding,) = [e for e in health_of(desk.ledger.opened).reasons(60) if e.name == webhook]
        assert finding.code == "webhook_parked"

        receiver.answers = takes
        desk.ledger.grow(2)
        desk.webhooks.resume(webhook)
        desk.deliver()
    assert receiver.positions == [*range(1, desk.last + 1)]
    assert not [e for e in health_of(desk.ledger.opened).reasons(60) if e.name == webhook]


def test_who_is_gone_is_parked_at_once(desk: Desk) -> None:
    desk.ledger.grow(5)
    with Receiver(lambda *_: 410) as receiver:
        webhook, _ = desk.create(receiver.url)
        desk.deliver()
        desk.deliver()
        assert len(desk.webhooks.deliveries(webhook)) == 1
    found = desk.webhooks.show(webhook).endpoint
    assert (found.status, found.reason) == ("parked", "it wants no more (410 Gone)")


def test_the_owner_is_told_once_however_often_it_is_tried(desk: Desk, tmp_path: Path) -> None:
    outbox = tmp_path / "outbox"
    settings = desk.settings.model_copy(update={"outbox": outbox})
    channel = owner_channel(settings, desk.ledger.opened.views)
    assert channel is not None
    desk.ledger.grow(5)
    with Receiver(lambda *_: 410) as receiver:
        webhook, _ = desk.create(receiver.url)
        desk.deliver()
        assert desk.webhooks.tell_owners(channel) == 1
        assert desk.webhooks.tell_owners(channel) == 0
        parked = desk.parts.endpoints.find(webhook)
        assert parked is not None
        desk.parts.endpoints.save(parked._replace(told=False))  # as after a crash between the two
        desk.webhooks.tell_owners(channel)
    (letter,) = (outbox / "new").iterdir()
    text = letter.read_text()
    assert "To: owner@acme.test" in text
    assert webhook in text
    assert "410 Gone" in text


def test_health_tells_of_a_webhook_that_is_late(desk: Desk) -> None:
    desk.ledger.grow(5)
    webhook, _ = desk.create("https://hooks.example/")
    (standing,) = health_of(desk.ledger.opened).webhooks
    assert standing.webhook == webhook
    late = health_of(desk.ledger.opened)._replace(webhooks=[standing._replace(seconds=601)])
    assert [e.code for e in late.reasons(60) if e.name == webhook] == ["webhook_late"]
