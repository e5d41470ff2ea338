"""What if: the empty change changes nothing, and each change what the law says."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis.stateful import run_state_machine_as_test

from adapters.stores.memory import MemoryStore
from aggregates.command import Policy
from engine.audit.changes import UnreadableChange, command_at, read_insertion
from engine.audit.counterfactual import Life, reality, relive
from engine.audit.outcome import Outcome, compare
from engine.engine import Engine
from engine.ports.clock import Clock, ManualClock
from events.email_account import AccountDisconnected
from events.recorded import Recorded
from events.vocabulary import instant_text
from tests.cli.auditing.door import busy_store, replay
from tests.cli.auditing.test_check_sending import sending_happens
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    REPLIED,
    SECOND,
    SPRING,
    connect,
    create,
    disconnect,
    fail,
    hear_from,
    one_click,
    signal,
    start,
)
from tests.proof.histories import THE_END, WORKSPACE, Histories
from tests.proof.judge import read_log
from tests.proof.test_histories import times
from tests.workplace import ACME, Workplace, much_happens


def told() -> Workplace:
    clock = ManualClock(NOON)
    return Workplace(MemoryStore(clock), clock)


def office() -> Workplace:
    """Ann has written to two people, Bob to one."""
    return told().given(
        connect(ANN),
        connect(BOB),
        create(ANN, BOB),
        start(),
        hear_from(ANN, R1, R2),
        hear_from(BOB, R3),
    )


def failed_for_nine_days() -> list[Recorded]:
    workplace = office().at(NOON + HOUR).given(fail(ANN))
    workplace.at(NOON + HOUR + NINE_DAYS + SECOND).tick()
    return read_log(workplace.at(NOON + 10 * DAY).given(one_click(ANN)).store)


def disconnected_for_an_hour() -> list[Recorded]:
    workplace = office().at(NOON + HOUR).given(disconnect(ANN))
    workplace.at(NOON + 2 * HOUR + SECOND).tick()
    return read_log(workplace.at(NOON + DAY).given(connect(ANN)).store)


def new_engine(clock: Clock, policy: Policy) -> Engine:
    return Engine(MemoryStore(clock), policy)


def lived(history: list[Recorded], workspace: str) -> Life:
    found = reality(history, workspace)
    assert found is not None
    return found


def what_if(history: list[Recorded], *inserted: str, leave_out: str | None = None) -> Outcome:
    omitted = command_at(history, leave_out).envelope.command_id if leave_out else None
    insertions = [read_insertion(each) for each in inserted]
    real = lived(history, ACME)
    altered = relive(history, real, new_engine, insert=insertions, leave_out=omitted)
    return compare(real, altered)


def at(moment: datetime) -> str:
    return f"at {instant_text(moment)}"


# Nothing changed.


def unchanged(history: list[Recorded]) -> None:
    real = lived(history, WORKSPACE)
    engines: list[Engine] = []

    def remembered(clock: Clock, policy: Policy) -> Engine:
        engines.append(new_engine(clock, policy))
        return engines[0]

    again = relive(history, real, remembered)
    log = read_log(engines[0].store)
    assert again.refused == []
    assert [each.event for each in log] == [each.event for each in history]
    assert [each.envelope for each in log] == [each.envelope for each in history]
    assert compare(real, again) == Outcome([], [], [], [])


def test_an_empty_change_equals_reality() -> None:
    unchanged(read_log(much_happens(told()).store))


def test_an_empty_change_equals_reality_in_planned_sending() -> None:
    unchanged(sending_happens())


class AreLivedAgain(Histories):
    def teardown(self) -> None:
        self.clock.time += THE_END
        self.tick()
        unchanged(read_log(self.store))


def test_an_empty_change_equals_reality_in_random_histories() -> None:
    run_state_machine_as_test(AreLivedAgain, settings=times(60))


# Something changed.


@pytest.mark.rule("C5", "S3")
def test_a_one_click_reconnect_an_hour_before_the_deadline_would_have_saved_these() -> None:
    outcome = what_if(failed_for_nine_days(), f"reconnect {ANN} {at(NOON + NINE_DAYS)}")

    assert outcome.saved == [(SPRING, R1), (SPRING, R2)]
    assert outcome.lost == []
    clocks = {
        each.really["outcome"]: each.instead["outcome"]
        for each in outcome.differences
        if each.kind == "clock" and each.really and each.instead
    }
    assert clocks == {"expired": "cured"}
    assert {each.kind for each in outcome.differences} > {"recipient", "notice", "campaign"}


@pytest.mark.rule("C5")
def test_a_successful_test_saves_as_well() -> None:
    outcome = what_if(failed_for_nine_days(), f"test {ANN} passes {at(NOON + DAY)}")

    assert outcome.saved == [(SPRING, R1), (SPRING, R2)]


@pytest.mark.rule("S2", "S7")
@pytest.mark.parametrize("late", [SECOND, HOUR])
def test_a_late_reconnect_saves_nobody(late: Any) -> None:
    moment = NOON + HOUR + NINE_DAYS + late
    outcome = what_if(failed_for_nine_days(), f"reconnect {ANN} {at(moment)}")

    assert (outcome.saved, outcome.lost) == ([], [])


@pytest.mark.rule("S2")
def test_at_the_deadline_itself_is_in_time() -> None:
    moment = NOON + HOUR + NINE_DAYS
    outcome = what_if(failed_for_nine_days(), f"reconnect {ANN} {at(moment)}")

    assert outcome.saved == [(SPRING, R1), (SPRING, R2)]


@pytest.mark.rule("T2")
def test_not_disconnected_would_have_saved_these() -> None:
    history = disconnected_for_an_hour()
    (position,) = [f.position for f in history if isinstance(f.event, AccountDisconnected)]
    outcome = what_if(history, leave_out=str(position))

    assert outcome.saved == [(SPRING, R1), (SPRING, R2)]
    assert [(each.command, each.refusal.code) for each in outcome.refused] == [
        ("ConnectAccount", "already_connected")
    ]


@pytest.mark.rule("T4")
def test_connected_and_re_added_within_the_hour_would_have_saved_these() -> None:
    again = f"connect {ANN} in s1 {at(NOON + HOUR + MINUTE)}"
    added = f"add-sender {SPRING} {ANN} {at(NOON + HOUR + 2 * MINUTE)}"

    assert what_if(disconnected_for_an_hour(), again).saved == []
    outcome = what_if(disconnected_for_an_hour(), again, added)
    assert outcome.saved == [(SPRING, R1), (SPRING, R2)]


def test_without_the_reconnect_these_would_have_been_lost() -> None:
    workplace = office().at(NOON + HOUR).given(fail(ANN))
    workplace.at(NOON + DAY).given(one_click(ANN))
    history = read_log(workplace.at(NOON + 20 * DAY).given(signal(REPLIED, R3)).store)
    (cure,) = [f for f in history if type(f.event).__name__ == "OneClickReconnected"]

    outcome = what_if(history, leave_out=cure.event_id)

    assert outcome.lost == [(SPRING, R1), (SPRING, R2)]
    assert outcome.saved == []


def test_leaving_out_a_consequence_leaves_out_what_it_began_with() -> None:
    history = disconnected_for_an_hour()
    (clock,) = [f for f in history if type(f.event).__name__ == "GracePeriodStarted"]

    assert isinstance(command_at(history, str(clock.position)).event, AccountDisconnected)


# What is written badly.


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (f"reconnect {ANN} at 2026-03-02T12:00:00", "a time with a zone"),
        (f"reconnect {ANN} at noon", "ISO 8601"),
        (f"reconnect {ANN}", "Expected"),
        ("dance at 2026-03-02T12:00:00Z", "Expected"),
    ],
)
def test_a_change_that_cannot_be_read_is_explained(text: str, complaint: str) -> None:
    with pytest.raises(UnreadableChange, match=complaint):
        read_insertion(text)


def test_from_the_command_line(tmp_path: Path) -> None:
    store = busy_store(tmp_path / "store.db")
    before = store.read_bytes()
    common = ("what-if", "--store", store, "--workspace", ACME)
    inside = "at 2026-03-02T12:30:00Z"

    assert replay(*common, "--json").json["differences"] == []
    answer = replay(*common, "--json", "--insert", f"connect {ANN} in s1 {inside}").json
    assert [each["reason"] for each in answer["refused"]] == ["already_connected"]
    seen = replay(*common, "--leave-out", "1", "--insert", f"reconnect {BOB} {inside}")
    assert seen.exit_code == 0
    assert "Left out: ConnectAccount" in seen.output
    assert store.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "exit_code", "complaint"),
    [
        (("--insert", "reconnect an@acme.test at 2026-03-02T12:30:00Z"), 4, "Did you mean ann@"),
        (
            ("--insert", f"add-sender sprung {ANN} at 2026-03-02T12:30:00Z"),
            4,
            "mean spring",
        ),
        (("--insert", f"reconnect {ANN} at 2027-03-02T12:30:00Z"), 2, "a moment within it"),
        (("--insert", f"reconnect {ANN} at 2026-03-02T12:30:00"), 2, "a zone"),
        (("--leave-out", "9999"), 2, "There is no event 9999"),
        (("--workspace", "acne"), 4, "Did you mean acme"),
    ],
)
def test_what_cannot_be_asked_is_explained(
    tmp_path: Path, arguments: tuple[str, ...], exit_code: int, complaint: str
) -> None:
    store = busy_store(tmp_path / "store.db")
    ran = replay("what-if", "--store", store, "--workspace", ACME, *arguments)

    assert ran.exit_code == exit_code
    assert complaint in ran.complaint
