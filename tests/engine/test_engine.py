"""Lock, settle, decide, react, append: what a command is answered, and what it leaves behind."""

from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import ClassVar

import pytest

from adapters.stores.memory import MemoryStore
from adapters.stores.sqlite import SQLiteStore
from aggregates.command import Command
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.reply import Refusal, Reply, Request
from events.campaign import (
    CampaignPaused,
    GracePeriodExpired,
    GracePeriodStarted,
    RecipientAdded,
    RecipientImportRefused,
    RecipientStopped,
    SenderRemoved,
)
from events.email_account import AccountDisconnected, NoticeIssued, OneClickRejected
from events.recorded import Recorded
from events.slot import SlotVacated
from tests.law.story import (
    ANN,
    BOB,
    HOUR,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    R4,
    REPLIED,
    SPRING,
    accepted,
    add_sender,
    connect,
    create,
    disconnect,
    fail,
    hear_from,
    import_recipients,
    one_click,
    pause,
    reserve,
    signal,
    start,
)
from tests.workplace import ACME, Workplace, on_file


@pytest.fixture
def workplace() -> Workplace:
    """Spring runs from Ann and Bob; R1 heard from Ann."""
    clock = ManualClock(NOON)
    return Workplace(MemoryStore(clock), clock).given(*office())


def office() -> Iterator[Command]:
    yield from (connect(ANN), connect(BOB), create(ANN, BOB), start(), *hear_from(ANN, R1))


def page(*commands: Command) -> list[Request]:
    return [
        Request(command, f"in-page-{number}", "user:test")
        for number, command in enumerate(commands, start=1)
    ]


def kinds(recorded: Sequence[Recorded]) -> list[str]:
    return [type(each.event).__name__ for each in recorded]


# The answer.


def test_a_command_is_answered_with_its_facts_and_all_that_followed(workplace: Workplace) -> None:
    end = workplace.store.last_position()

    answer = workplace.tell(disconnect(ANN), "the-disconnect")

    assert kinds(answer.recorded)[0] == "AccountDisconnected"
    assert {*kinds(answer.recorded)} == {
        "AccountDisconnected",
        "SlotVacated",
        "CampaignPaused",
        "SenderRemoved",
        "GracePeriodStarted",
        "NoticeIssued",
    }
    assert (answer.command_id, answer.refusal, answer.repeated) == ("the-disconnect", None, False)
    assert answer.position == workplace.store.last_position()
    assert workplace.log[end:] == list(answer.recorded)


def test_a_refusal_says_why_and_leaves_no_event(workplace: Workplace) -> None:
    before = workplace.log

    answer = workplace.tell(add_sender(ANN), "twice")

    assert answer.refusal == Refusal(
        "already_in_campaign",
        f"{ANN} is in FROM EMAIL of {SPRING} already.",
        {"account": ANN, "campaign": SPRING},
    )
    assert answer.recorded == []
    assert workplace.log == before


# The same command twice.


@pytest.mark.parametrize(
    ("command", "code"),
    [(import_recipients(R4), None), (add_sender(ANN), "already_in_campaign"), (pause(), None)],
)
def test_the_same_command_id_gets_the_old_answer(
    workplace: Workplace, command: Command, code: str | None
) -> None:
    first = workplace.tell(command, "http.once")
    workplace.given(import_recipients("somebody-else"))
    before = workplace.log

    again = workplace.tell(command, "http.once")

    end = workplace.store.last_position()
    assert again == Reply("http.once", end, first.refusal, (), repeated=True)
    assert (again.refusal.code if again.refusal else None) == code
    assert workplace.log == before


def test_the_old_answer_stands_though_another_command_comes_with_its_id(
    workplace: Workplace,
) -> None:
    workplace.tell(import_recipients(R4), "once")

    again = workplace.tell(pause(), "once")

    assert again.repeated
    with workplace.engine.look(ACME) as workspace:
        assert not workspace.campaign(SPRING).causes


@pytest.mark.parametrize(
    "command", [import_recipients(R4), add_sender(ANN), one_click(ANN, "still_failing")]
)
def test_the_old_answer_outlives_the_process(tmp_path: Path, command: Command) -> None:
    path = tmp_path / "sendledger.db"
    with closing(on_file(path).given(*office()).store) as store:
        first = on_file(path, name="first").tell(command, "http.once")
        before = store.last_position()

    with closing(on_file(path, name="second").store) as store:
        again = Workplace(store, ManualClock(NOON + HOUR)).tell(command, "http.once")
        assert again == Reply("http.once", before, first.refusal, (), repeated=True)
        assert store.last_position() == before


def test_an_old_answer_under_another_id_is_one_that_older_programs_read(
    workplace: Workplace,
) -> None:
    first = workplace.tell(signal(REPLIED, "nobody")[0], "once").refusal
    assert first is not None
    again = workplace.tell(signal(REPLIED, "nobody")[0], "once").refusal
    assert again is not None
    assert (again.code, again.message, dict(again.facts)) == (first.code, first.message, {})
    assert first.facts


# A page of commands.


def test_each_command_of_a_page_is_decided_on_its_own(workplace: Workplace) -> None:
    answers = workplace.engine.execute_page(
        ACME,
        page(import_recipients("r4"), add_sender(ANN), import_recipients("r5"), pause()),
    )

    assert [answer.refusal.code if answer.refusal else None for answer in answers] == [
        None,
        "already_in_campaign",
        None,
        None,
    ]
    assert [kinds(answer.recorded) for answer in answers] == [
        ["RecipientAdded"],
        [],
        ["RecipientAdded"],
        ["CampaignPaused"],
    ]
    assert workplace.log[-3:] == [each for answer in answers for each in answer.recorded]


def test_a_command_of_a_page_sees_what_those_before_it_did(workplace: Workplace) -> None:
    added, reserved, received = workplace.engine.execute_page(
        ACME,
        page(import_recipients(R4), reserve(BOB, R4, "send-9"), accepted(R4, "send-9")),
    )

    assert (added.refusal, reserved.refusal, received.refusal) == (None, None, None)


def test_a_page_that_holds_a_command_twice_answers_it_twice_and_does_it_once(
    workplace: Workplace,
) -> None:
    request = Request(import_recipients(R4), "once", "user:test")

    first, again = workplace.engine.execute_page(ACME, [request, request])

    assert len(first.recorded) == 1
    assert again == first._replace(recorded=(), repeated=True)


class ToNobody(Command):
    """Addressed to no aggregate there is."""

    aggregate: ClassVar[str] = "nobody"
    aggregate_id: str = "nobody"


def test_an_exception_in_the_middle_of_a_page_leaves_nothing_of_it(workplace: Workplace) -> None:
    before = workplace.log

    with pytest.raises(KeyError, match="nobody"):
        workplace.engine.execute_page(ACME, page(import_recipients(R4), ToNobody()))

    assert workplace.log == before
    with workplace.engine.look(ACME) as workspace:
        assert R4 not in workspace.campaign(SPRING).recipients
    assert workplace.tell(import_recipients(R4), "in-page-1").repeated is False


# A refusal that is worth remembering.


def test_the_facts_of_a_refusal_stand(workplace: Workplace) -> None:
    answer = workplace.tell(one_click(ANN, "insufficient_scope"))

    assert answer.refusal is not None
    assert answer.refusal.code == "insufficient_scope"
    assert [type(each.event) for each in answer.recorded] == [OneClickRejected]
    assert workplace.log[-1:] == list(answer.recorded)
    assert answer.recorded[0].envelope.rejection is not None


def test_the_facts_of_a_refusal_stand_beside_those_of_its_page(workplace: Workplace) -> None:
    workplace.given(disconnect(ANN)).at(NOON + 2 * HOUR).tick()

    refused, accepted_ = workplace.engine.execute_page(
        ACME, page(import_recipients(R1, R4), import_recipients("r5"))
    )

    assert refused.refusal is not None
    assert {type(each.event) for each in refused.recorded} == {
        RecipientAdded,
        RecipientImportRefused,
    }
    assert kinds(accepted_.recorded) == ["RecipientAdded"]


# Looking.


def test_looking_shows_what_is_due_as_settled_and_writes_nothing(workplace: Workplace) -> None:
    workplace.given(disconnect(ANN)).at(NOON + 2 * HOUR)
    before, due = workplace.log, workplace.store.next_due()

    with workplace.engine.look(ACME) as workspace:
        status = workspace.campaign(SPRING).recipients[R1].status

    assert status == "campaign_stopped"
    assert workplace.log == before
    assert workplace.store.next_due() == due
    workplace.tick()
    assert RecipientStopped in {type(each.event) for each in workplace.log[len(before) :]}


# Who did it (F2).


@pytest.mark.rule("F2")
def test_reactions_name_their_processor_the_event_and_the_command_with_which_it_began(
    workplace: Workplace,
) -> None:
    answer = workplace.tell(disconnect(ANN), "the-disconnect")

    by_kind = {type(each.event): each for each in answer.recorded}
    (first,) = (each for each in answer.recorded if isinstance(each.event, AccountDisconnected))
    assert first.envelope.actor == "user:test"
    assert first.envelope.causation_id is None
    for kind in (SlotVacated, CampaignPaused, SenderRemoved, GracePeriodStarted, NoticeIssued):
        envelope = by_kind[kind].envelope
        assert envelope.actor.startswith("processor:"), kind
        assert envelope.causation_id in {each.event_id for each in answer.recorded}
        assert envelope.correlation_id == "the-disconnect"
        assert envelope.recorded_at == NOON


@pytest.mark.rule("F2", "S7")
def test_what_is_settled_on_the_way_is_the_clocks_doing_and_not_the_commands(
    workplace: Workplace,
) -> None:
    workplace.given(disconnect(ANN)).at(NOON + 3 * HOUR)
    end = len(workplace.log)

    answer = workplace.tell(import_recipients(R4), "long-after")

    settled = [each for each in workplace.log[end:] if each.envelope.command_id != "long-after"]
    assert [type(each.event) for each in settled[:2]] == [GracePeriodExpired, RecipientStopped]
    assert settled[0].envelope.actor == "clock"
    assert settled[0].envelope.correlation_id != "long-after"
    assert settled[0].event.occurred_at == NOON + HOUR
    assert settled[0].envelope.recorded_at == NOON + 3 * HOUR
    for each in settled[2:]:
        assert each.envelope.correlation_id == settled[0].envelope.correlation_id
        assert each.envelope.causation_id in {other.event_id for other in settled}
    assert kinds(answer.recorded) == ["RecipientAdded"]


@pytest.mark.rule("S7")
def test_the_same_history_gives_the_same_ids_and_facts_again() -> None:
    def told() -> list[Recorded]:
        clock = ManualClock(NOON)
        world = Workplace(MemoryStore(clock), clock)
        commands = [connect(ANN), connect(BOB), create(ANN, BOB, to=[R1, R2, R3]), start()]
        world.given(commands, reserve(ANN, R1, "s1"), accepted(R1, "s1"), fail(ANN))
        return world.at(NOON + NINE_DAYS + HOUR).tick().log

    assert told() == told()


def test_two_workspaces_of_one_store_know_nothing_of_each_other(workplace: Workplace) -> None:
    answer = workplace.engine.execute("beta", start(), command_id="beta-1", actor="user:test")

    assert answer.refusal == Refusal(
        "unknown_campaign",
        f"There is no campaign {SPRING}. Create it first.",
        {"campaign": SPRING},
    )


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_command_id_of_another_workspace_is_another_command(
    tmp_path: Path, *, on_disk: bool
) -> None:
    clock = ManualClock(NOON)
    store = SQLiteStore(tmp_path / "sendledger.db", clock) if on_disk else MemoryStore(clock)
    with closing(store):
        workplace = Workplace(store, clock).given(connect(ANN))
        workplace.tell(create(ANN), "once")

        answer = workplace.engine.execute("beta", create(ANN), command_id="once", actor="user:test")

        assert not answer.repeated
        assert answer.refusal is not None
        assert answer.refusal.code == "unknown_account"
        assert len({each.event_id for each in workplace.log}) == len(workplace.log)


def test_a_turn_is_taken_in_every_workspace_that_has_something_due(workplace: Workplace) -> None:
    for number, command in enumerate(office()):
        workplace.engine.execute("beta", command, command_id=f"beta-{number}", actor="user:test")
    workplace.engine.execute("beta", disconnect(ANN), command_id="beta-x", actor="user:test")
    workplace.given(disconnect(ANN)).at(NOON + 2 * HOUR)
    end = len(workplace.log)

    settled = workplace.engine.tick_all()

    news = workplace.log[end:]
    assert settled == len(news)
    assert {each.workspace for each in news if isinstance(each.event, RecipientStopped)} == {
        ACME,
        "beta",
    }
    assert workplace.engine.tick_all() == 0


def test_a_moment_told_from_outside_is_not_believed(workplace: Workplace) -> None:
    answer = workplace.tell(replace(pause(), at=NOON - NINE_DAYS))

    assert answer.recorded[0].event.occurred_at == NOON


def test_an_engine_sees_what_another_wrote_between_its_own_writes_elsewhere(tmp_path: Path) -> None:
    """A store of one file tells where the log of all workspaces stands."""
    clock = ManualClock(NOON)
    with closing(SQLiteStore(tmp_path / "ledger.db", clock)) as store:
        ours, theirs = Engine(store), Engine(store)
        numbers = iter(range(100))

        def tell(engine: Engine, workspace: str, command: Command) -> Refusal | None:
            name = f"{workspace}-{next(numbers)}"
            return engine.execute(workspace, command, command_id=name, actor="user:test").refusal

        for workspace in ("acme", "beta"):
            for command in office():
                assert tell(ours, workspace, command) is None
        assert tell(theirs, "acme", pause()) is None
        assert tell(ours, "beta", import_recipients("r8")) is None
        refused = tell(ours, "acme", reserve(ANN, R2))
        assert refused is not None
        assert refused.code == "campaign_not_running"
        with ours.look("beta") as now:
            assert "r8" in now.campaign(SPRING).recipients
