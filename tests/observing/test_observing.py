"""What an observer hears of the engine's work, and what it cannot do to it."""

import pytest

from adapters.stores.memory import MemoryStore
from engine.observing import Committed, Observers
from engine.ports.clock import ManualClock
from events.campaign import GracePeriodExpired
from events.email_account import AccountDisconnected
from tests.law.story import ANN, HOUR, NINE_DAYS, NOON, connect, disconnect, fail, pause, start
from tests.observing.watched import Listener, in_use, watched
from tests.proof.fragile import Crash, CrashPoint, FragileStore
from tests.workplace import ACME


class Broken:
    """An observer that fails at whatever it hears."""

    def committed(self, done: Committed) -> None:
        raise ValueError(done)


def test_a_command_is_told_with_its_events_and_all_that_followed() -> None:
    ear = Listener()
    workplace = in_use(watched(ear))
    ear.heard.clear()

    answer = workplace.tell(disconnect(ANN), "gone")

    (done,) = ear.heard
    asked, *reactions = done.batches
    assert asked.envelope.command_id == "gone"
    assert asked.envelope.actor == "user:test"
    assert [type(event) for event in asked.events] == [AccountDisconnected]
    assert reactions
    assert all(each.envelope.actor.startswith("processor:") for each in reactions)
    assert {each.envelope.correlation_id for each in done.batches} == {"gone"}
    told = {batch.envelope.event_id(i) for batch in done.batches for i in range(len(batch.events))}
    assert {each.envelope.causation_id for each in reactions} <= told
    assert told == {each.event_id for each in answer.recorded}
    assert done.events == len(answer.recorded)


def test_the_moments_are_in_order() -> None:
    ear = Listener()
    in_use(watched(ear)).given(disconnect(ANN))

    for done in ear.heard:
        assert done.entered_at <= done.decided_at <= done.committed_at
        decided = [batch.decided_at for batch in done.batches]
        assert decided == sorted(decided)
        assert done.entered_at <= decided[0]
        assert decided[-1] <= done.decided_at
        assert done.append_seconds >= 0


def test_a_refused_command_is_told_with_its_refusal() -> None:
    ear = Listener()

    refusal = watched(ear).tell(pause()).refusal

    assert refusal is not None
    (batch,) = ear.heard[0].batches
    assert batch.envelope.rejection is not None
    assert refusal.code in batch.envelope.rejection
    assert not batch.events


def test_a_repeated_command_is_told_once() -> None:
    ear = Listener()
    workplace = watched(ear)

    for _ in range(2):
        workplace.tell(connect(ANN), "once")

    assert ear.commands.count("ConnectAccount") == 1


def test_a_clock_that_runs_out_is_told_with_the_event_that_started_it() -> None:
    ear = Listener()
    workplace = in_use(watched(ear))
    workplace.tell(disconnect(ANN), "gone")
    ear.heard.clear()

    workplace.at(NOON + HOUR).tick().tick()

    batches = [batch for done in ear.heard for batch in done.batches]
    (expiry,) = [b for b in batches if any(isinstance(e, GracePeriodExpired) for e in b.events)]
    assert expiry.envelope.actor == "clock"
    assert expiry.envelope.correlation_id == "gone"
    assert expiry.envelope.causation_id in {each.event_id for each in workplace.log}


def test_workspaces_settled_together_are_told_together() -> None:
    ear = Listener()
    workplace = watched(ear)
    for name in ("a", "b"):
        for command_id, command in (("1", connect(ANN)), ("2", fail(ANN))):
            workplace.engine.execute(name, command, command_id=command_id, actor="user:test")
    workplace.at(NOON + NINE_DAYS)
    ear.heard.clear()

    assert any(workplace.engine.tick_together(["a", "b"]).values())

    (done,) = ear.heard
    assert {batch.envelope.workspace for batch in done.batches} == {"a", "b"}


def test_a_turn_in_which_nothing_is_due_is_not_told() -> None:
    ear = Listener()
    workplace = watched(ear)

    workplace.tick()

    assert ear.heard == []


@pytest.mark.parametrize("point", [CrashPoint.BEFORE_APPEND, CrashPoint.BEFORE_COMMIT])
def test_nothing_is_told_of_what_was_rolled_back(point: CrashPoint) -> None:
    ear, store = Listener(), FragileStore(MemoryStore(ManualClock(NOON)))
    workplace = watched(ear, store)
    store.crash_at = point

    with pytest.raises(Crash):
        workplace.tell(connect(ANN))

    assert ear.heard == []
    assert workplace.log == []


def test_an_observer_that_fails_changes_neither_the_answer_nor_what_others_hear() -> None:
    ear = Listener()
    workplace = watched(Observers(Broken(), ear))

    assert workplace.tell(connect(ANN)).refusal is None
    assert workplace.engine.execute(ACME, start(), command_id="s", actor="user:test").refusal

    assert ear.commands == ["ConnectAccount", "OccupySlot", "StartCampaign"]


def test_whoever_fails_alone_changes_no_answer_either() -> None:
    workplace = watched(Broken())

    assert workplace.tell(connect(ANN)).refusal is None
    assert len(workplace.log) > 0
