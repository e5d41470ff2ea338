"""Events reach receivers at least once, a workspace's in order, under the stream's ids."""

import json
from datetime import timedelta

from engine.stream.cloud_events import Teller, header_of
from engine.stream.structured import Structured
from tests.stream.ledger import WORKSPACES
from tests.webhooks.desk import SOON, Desk
from tests.webhooks.receiver import Handler, Received, Receiver, takes


def test_every_event_arrives_once_and_in_order_as_the_stream_has_it(desk: Desk) -> None:
    desk.ledger.grow_everywhere(30)
    with Receiver() as receiver:
        webhook, receiver.secret = desk.create(receiver.url)
        desk.deliver()
    assert sorted(receiver.positions) == [*range(1, desk.last + 1)]
    for workspace in WORKSPACES:
        assert receiver.of(workspace) == sorted(receiver.of(workspace))
    structured = Structured(desk.ledger.opened.store.identity)
    teller = Teller(desk.ledger.opened.store.identity)
    taken = {each.position: each for each in receiver.taken}
    for entry in desk.ledger.entries():
        if entry.row is not None:
            got, record = taken[entry.row[0]], teller.record(entry)
            assert [got.body] == structured.encoded([entry])
            told = {header_of(name): text for name, text in got.event.items() if name != "data"}
            assert told == {name: text.decode() for name, text in record.headers}
            assert got.event["data"] == json.loads(record.value)
            assert got.id == got.event["id"]
    standing = desk.webhooks.show(webhook)
    assert standing.delivered_until == standing.last_position
    assert standing.endpoint.lanes == {}


def test_what_was_delivered_is_not_delivered_again(desk: Desk) -> None:
    desk.ledger.grow(20)
    with Receiver() as receiver:
        desk.create(receiver.url)
        desk.deliver()
        desk.ledger.grow(5)
        desk.deliver()
        desk.deliver()
    assert receiver.positions == [*range(1, desk.last + 1)]


def test_a_webhook_begins_with_what_comes_or_with_any_position(desk: Desk) -> None:
    desk.ledger.grow(20)
    with Receiver() as from_now, Receiver() as from_ten:
        desk.create(from_now.url, first=None)
        desk.create(from_ten.url, first=10)
        began = desk.last
        desk.ledger.grow(3)
        desk.deliver()
    assert from_now.positions == [*range(began + 1, desk.last + 1)]
    assert from_ten.positions == [*range(10, desk.last + 1)]


def test_a_webhook_gets_the_types_and_the_workspace_that_it_asked_for(desk: Desk) -> None:
    desk.ledger.grow_everywhere(3)
    with Receiver() as typed, Receiver() as scoped:
        desk.create(typed.url, types=["CampaignCreated"])
        desk.create(scoped.url, workspace="w3")
        desk.deliver()
    assert {each.event["type"].split(".")[1] for each in typed.taken} == {"CampaignCreated"}
    assert len(typed.taken) == len(WORKSPACES)
    assert {each.workspace for each in scoped.taken} == {"w3"}
    assert len(scoped.taken) > 3


def test_a_workspace_that_fails_holds_no_other_back_and_keeps_its_order(desk: Desk) -> None:
    desk.ledger.grow_everywhere(10)

    def all_but_one(_: Handler, received: Received) -> int:
        return 500 if received.workspace == "w2" else 204

    with Receiver(all_but_one) as receiver:
        webhook, _ = desk.create(receiver.url)
        desk.deliver()
        others = desk.last - len(desk_positions(desk, "w2"))
        assert len(receiver.taken) == others
        desk.ledger.grow_everywhere(2)
        desk.deliver()
        assert receiver.of("w2") == []
        assert receiver.of("w1") == desk_positions(desk, "w1")
        (failing,) = desk.webhooks.show(webhook).endpoint.lanes.items()
        assert failing[0] == "w2"
        assert failing[1].attempts == 1
        assert desk.webhooks.show(webhook).delivered_until < desk_positions(desk, "w2")[0]

        receiver.answers = takes
        desk.deliver()
        assert receiver.of("w2") == []  # its time has not come
        desk.advance(timedelta(seconds=6))
        desk.deliver()
    assert receiver.of("w2") == desk_positions(desk, "w2")
    assert len(receiver.taken) == len({each.id for each in receiver.taken}) == desk.last
    assert desk.webhooks.show(webhook).endpoint.lanes == {}


def test_workspaces_that_stood_apart_at_different_places_all_catch_up(desk: Desk) -> None:
    refused: set[str] = set()

    def refuses(_: Handler, received: Received) -> int:
        return 503 if received.workspace in refused else 204

    with Receiver(refuses) as receiver:
        desk.create(receiver.url)
        for workspace in WORKSPACES:
            refused.add(workspace)
            desk.ledger.grow_everywhere(4)
            desk.deliver()
            desk.advance(timedelta(seconds=1))
        refused.clear()
        desk.advance(timedelta(days=1))
        desk.deliver()
    for workspace in WORKSPACES:
        assert receiver.of(workspace) == desk_positions(desk, workspace)


def test_a_replay_sends_the_same_ids_again_from_its_position_on(desk: Desk) -> None:
    desk.ledger.grow(12)
    with Receiver() as receiver:
        webhook, _ = desk.create(receiver.url)
        desk.deliver()
        first = {each.position: each.id for each in receiver.taken}
        receiver.taken.clear()
        desk.webhooks.replay(webhook, 5)
        desk.deliver()
    assert receiver.positions == [*range(5, desk.last + 1)]
    assert all(first[each.position] == each.id for each in receiver.taken)


def test_who_changes_a_webhook_while_it_is_delivered_to_is_obeyed(desk: Desk) -> None:
    desk.ledger.grow(30)
    webhook = ""

    def pauses(_: Handler, received: Received) -> int:
        if received.position == 3:
            desk.webhooks.pause(webhook)
        return 204

    with Receiver(pauses) as receiver:
        webhook, _ = desk.create(receiver.url)
        desk.deliver()
        assert desk.webhooks.show(webhook).endpoint.status == "paused"
        sent = len(receiver.taken)
        desk.deliver()
        assert len(receiver.taken) == sent
        desk.webhooks.resume(webhook)
        desk.deliver()
    assert {*receiver.positions} == {*range(1, desk.last + 1)}
    assert len({each.id for each in receiver.taken}) == desk.last


def test_nothing_is_told_that_is_not_on_the_disk(file_desk: Desk) -> None:
    class Watched:
        """The log, which remembers how far it was brought to the disk."""

        def __init__(self) -> None:
            self.reached = 0

        def __getattr__(self, name: str) -> object:
            return getattr(file_desk.parts.log, name)

        def reach_disk(self) -> None:
            self.reached = file_desk.parts.log.last_position()
            file_desk.parts.log.reach_disk()

    log, at_the_door = Watched(), list[bool]()
    file_desk.ledger.grow(10)

    def looks(_: Handler, received: Received) -> int:
        at_the_door.append(received.position <= log.reached)
        return 204

    with Receiver(looks) as receiver:
        file_desk.create(receiver.url)
        file_desk.deliver(log=log)
    assert at_the_door == [True] * file_desk.last


def test_every_attempt_is_visible_and_the_last_thousand_successes_are_kept(desk: Desk) -> None:
    desk.ledger.grow(1_100)
    broken = {7, 900}

    def breaks(_: Handler, received: Received) -> int:
        return 500 if received.position in broken else 204

    with Receiver(breaks) as receiver:
        webhook, _ = desk.create(receiver.url)
        for _ in range(3):
            desk.deliver(waits=(SOON,) * 9)
            broken.clear() if len(receiver.taken) > 890 else broken.discard(7)
            desk.advance(SOON * 2)
    failed = desk.webhooks.deliveries(webhook, 10_000, failed=True)
    assert {(each.position, each.status, each.answer) for each in failed} == {
        (7, 500, "it answered 500"),
        (900, 500, "it answered 500"),
    }
    kept = [each for each in desk.webhooks.deliveries(webhook, 10_000) if each.delivered]
    assert len(kept) == 1_000
    assert kept[0].position == desk.last
    assert [each.attempt for each in kept if each.position == 900] == [2]


def desk_positions(desk: Desk, workspace: str) -> list[int]:
    entries = desk.ledger.entries()
    return [each.row[0] for each in entries if each.row and each.envelope.workspace == workspace]
