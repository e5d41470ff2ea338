"""A store that may lack what it did is fenced, at once and in everything (M6)."""

from itertools import count
from pathlib import Path

import pytest

from adapters.composition.programs import health_of
from adapters.stores.memory import MemoryStore
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from adapters.stores.witness_file import FileWitness
from adapters.worker.clocks import Clocks
from aggregates.campaign.commands import FinishRecipient
from aggregates.command import Command
from engine.answers.current import current
from engine.engine import Engine
from engine.fence import ALARM, Standing, StoreFence, StoreIsFenced, standing
from engine.ports.witness import Noted
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from engine.work.mailing.outgoing import Outgoing, Way
from engine.work.mailing.turns import Turns
from engine.work.ports import Mailbox, Message, Search
from events.vocabulary import ClockOutcome
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    REPLIED,
    SPRING,
    add_sender,
    assign,
    complaint,
    create,
    disconnect,
    fail,
    import_recipients,
    message,
    one_click,
    out_of_office,
    pass_check,
    pause,
    reserve_step,
    resume,
    signal,
    start,
    suppress,
    unknown,
)
from tests.mail.simulated_server import SimulatedMailServer
from tests.work.copies import Files
from tests.work.restored import Sender, letter
from tests.workplace import ACME, much_happens, on_file

REFUSED: list[Command] = [
    add_sender(ANN),
    assign(R3, ANN),
    create(ANN, campaign="summer"),
    disconnect(BOB),
    import_recipients("r9"),
    pause(),
    reserve_step(ANN, R3),
    start(),
    FinishRecipient(campaign_id=SPRING, recipient_id=R1, inbox_read_until=NOON),
]
YESTERDAY_EVENING = NOON + 6 * HOUR


def went_on(sender: Sender) -> Path | str:
    """The backup of a store that sent once before it and once after it."""
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(reserve_step(BOB, R3))
    backup = sender.backup()
    sender.at(YESTERDAY_EVENING)
    with sender.running() as program:
        sender.send(program, ANN, R2)
    return backup


@pytest.mark.rule("M6")
@pytest.mark.parametrize(
    ("known", "last", "same", "expected"),
    [
        (3, 3, True, Standing.LEVEL),
        (3, 9, True, Standing.LEVEL),
        (4, 3, True, Standing.BEHIND),
        (3, 3, False, Standing.OTHER),
    ],
)
def test_a_store_stands_level_behind_or_elsewhere(
    known: int, last: int, same: bool, expected: Standing
) -> None:
    assert standing(known, last, lambda: same) is expected


@pytest.mark.rule("M6")
def test_a_store_that_goes_on_is_not_fenced(sender: Sender) -> None:
    went_on(sender)

    with sender.running() as program:
        assert program.opened.fence.closed() is None
        program.given(unknown(R3, message(R3)))
        assert program.refused(import_recipients("r9")) is None


@pytest.mark.rule("M6")
def test_a_restored_store_takes_nothing_but_checks_reconnects_and_endings(sender: Sender) -> None:
    with sender.running(went_on(sender)) as program:
        before = program.names
        assert {program.refused(each) for each in REFUSED} == {"store_fenced"}
        assert program.names == before
        assert program.opened.store.last_entry() == len(before) - 1, "a refusal leaves nothing"

        program.given(
            fail(ANN),
            one_click(ANN, credentials="vault:1"),
            pass_check(BOB),
            unknown(R3, message(R3)),
            out_of_office(R1, NOON + 5 * DAY),
            signal(REPLIED, R1),
            complaint(R3),
            suppress(R2),
        )
        assert program.names[len(before) :].count("RecipientReplied") == 1
        assert "PersonSuppressed" in program.names[len(before) :]


@pytest.mark.rule("M6")
def test_what_was_refused_is_decided_once_the_store_is_open(sender: Sender) -> None:
    with sender.running(went_on(sender)) as program:
        engine = program.engine
        about: dict[str, str] = {"command_id": "the-same", "actor": "user:test"}
        refused = engine.execute(ACME, pause(), **about)
        program.opened.fence.open()

        assert refused.refusal is not None
        assert engine.execute(ACME, pause(), **about).refusal is None
        assert "CampaignPaused" in program.names


@pytest.mark.rule("M6", "S7")
def test_nothing_is_settled_and_looks_say_what_is_recorded(sender: Sender) -> None:
    with sender.running() as program:
        sender.send(program, ANN, R1)
        program.given(fail(ANN))
    backup = sender.backup()
    with sender.running() as program:
        program.given(one_click(ANN, credentials="vault:1"), resume())
        sender.send(program, BOB, R2)
    sender.at(NOON + 20 * DAY)

    with sender.running(backup) as program:
        opened, engine = program
        before = program.names
        assert engine.tick(ACME) == 0
        assert engine.tick_together([ACME]) == {ACME: 0}
        assert engine.tick_all() == 0
        with opened.coordination.serving("worker", ["clocks"]) as member:
            assert Clocks(engine, member).turn() == 0
        program.given(signal(REPLIED, R1))
        assert set(program.names[len(before) :]) == {"RecipientReplied"}

        with engine.look(ACME) as now:
            clock = now.campaign(SPRING).lane(ANN).running
            assert clock is not None
        with current(opened.store, opened.views, ACME, engine.policy, fence=opened.fence) as found:
            (told,) = found.answers().clocks()
            assert told.outcome is ClockOutcome.RUNNING
            assert found.fenced is not None
        opened.fence.open()
        assert engine.tick(ACME) > 0


@pytest.mark.rule("M6")
def test_operators_are_told_and_the_store_stays_fenced_whatever_the_witness_says(
    sender: Sender,
) -> None:
    backup = went_on(sender)
    with sender.running(backup) as program:
        reason = program.opened.fence.closed()
        assert reason is not None
        assert "the store ends at" in reason
        (alarm,) = program.opened.coordination.alarms()
        assert (alarm.about, alarm.text) == (ALARM, reason)
        health = health_of(program.opened)
        told = health.reasons(60)
        assert [each.code for each in told if each.code == "store_fenced"]
        assert not [each for each in told if each.code == "operator_alarm"]
        witness = FileWitness(sender.witness, program.opened.store.identity.store_id)
        witness.begin_anew(Noted(1, "acme:told-1.0"))

    with sender.running(backup) as program:
        assert program.opened.fence.closed() == reason


@pytest.mark.rule("M6")
def test_what_a_fenced_store_records_is_of_a_new_generation(sender: Sender) -> None:
    with sender.running(went_on(sender)) as program:
        store = program.opened.store
        entry = store.last_entry()
        program.tell(pause())
        assert store.identity.generation == 1
        program.given(signal(REPLIED, R1), fail(ANN))
        assert store.identity.generation == 2
        assert store.generations()[-1].first_entry == entry + 1


@pytest.mark.rule("M6")
def test_a_backup_that_is_restored_again_begins_a_generation_under_another_number(
    sender: Sender,
) -> None:
    backup = went_on(sender)
    for copy, number in [(sender.copying.copy(backup), 2), (backup, 3)]:
        with sender.running(copy) as program:
            store = program.opened.store
            entry = store.last_entry()
            program.given(fail(ANN))
            assert store.identity.generation == number
            begun = [(each.number, each.first_entry) for each in store.generations()]
            assert begun[1:] == [(each, entry + 1) for each in range(2, number + 1)]


@pytest.mark.rule("M6")
def test_a_store_without_its_witness_is_fenced_once_it_has_sent(sender: Sender) -> None:
    with sender.running() as program:
        assert program.opened.fence.closed() is None, "it never sent"
        sender.send(program, ANN, R1)
    for each in sender.witness.iterdir():
        each.unlink()

    with sender.running() as program:
        assert "no witness" in (program.opened.fence.closed() or "")
        assert program.refused(pause()) == "store_fenced"


@pytest.mark.rule("M6")
def test_a_store_with_another_event_at_that_place_is_fenced(sender: Sender) -> None:
    backup = went_on(sender)
    with sender.running(backup) as program:
        unfenced = Engine(program.opened.store, fence=StoreFence(MemoryStore(sender.clock)))
        for number in range(20):
            command = pass_check(ANN) if number % 2 else fail(ANN)
            unfenced.execute(ACME, command, command_id=f"other-{number}", actor="user:test")

    with sender.running(backup) as program:
        assert "another event" in (program.opened.fence.closed() or "")


class Ended(BaseException):
    """The process."""


class EndsAtItsFirstNote:
    """A process that ends between a reservation's commit and its note."""

    def __init__(self, fence: StoreFence) -> None:
        self.begin = fence.begin

    def note(self, position: int, event_id: str) -> None:
        raise Ended(position, event_id)


@pytest.mark.rule("M6")
def test_a_process_that_ends_right_after_its_first_reservation_fences_nothing(
    tmp_path: Path,
) -> None:
    sender = Sender(Files(tmp_path), tmp_path / "elsewhere")
    with sender.running() as program:
        opened, engine = program
        inboxes = WorkspaceInboxes(StoredCursors(opened.beside), ACME)
        turns = Turns(engine, EndsAtItsFirstNote(opened.fence), opened.directory)
        dispatch, new_id = Dispatch(engine, ACME, inboxes), lambda: "first"
        way = Way(engine, dispatch, Letters(), sender.server, turns, new_id)
        with pytest.raises(Ended):
            Outgoing(way, ANN).run(lambda: True)

    with sender.running() as program:
        assert program.names[-1] == "SendCounted"
        assert program.opened.fence.closed() is None


@pytest.mark.rule("M6")
def test_a_store_that_never_sent_is_not_fenced(tmp_path: Path) -> None:
    """Messages that somebody composed and told the engine of are none that it sent."""
    workplace = much_happens(on_file(tmp_path / "store.db"))

    assert StoreFence(workplace.store).closed() is None
    assert StoreFence(workplace.store, FileWitness(tmp_path / "none", "id")).closed() is None


@pytest.mark.rule("M6")
def test_a_witness_that_cannot_be_read_fences_a_store_that_has_sent(sender: Sender) -> None:
    went_on(sender)
    (file,) = sender.witness.iterdir()
    octets = file.read_bytes()
    file.write_bytes(b"rubbish" * 100)

    with sender.running() as program:
        assert "damaged" in (program.opened.fence.closed() or "")
        assert program.refused(pause()) == "store_fenced"
        file.write_bytes(octets)
        assert program.opened.fence.closed() is None


@pytest.mark.rule("M6")
def test_another_process_that_knows_more_closes_the_fence_of_one_that_sends(
    sender: Sender,
) -> None:
    with sender.running() as program:
        sender.send(program, ANN, R1)
        witness = FileWitness(sender.witness, program.opened.store.identity.store_id)
        witness.note(Noted(10_000, "acme:elsewhere.0"))

        reply = program.tell(reserve_step(BOB, R2))
        with pytest.raises(StoreIsFenced):
            program.opened.fence.note(reply.recorded[0].position, reply.recorded[0].event_id)
        assert program.refused(pause()) == "store_fenced"
        program.given(unknown(R2, message(R2)))


@pytest.mark.rule("M6")
def test_a_store_that_was_lost_is_judged_again(sender: Sender) -> None:
    backup = went_on(sender)
    with sender.running(backup) as program:
        fence = program.opened.fence
        fence.open()
        assert fence.closed() is None
        witness = FileWitness(sender.witness, program.opened.store.identity.store_id)
        witness.note(Noted(10_000, "acme:elsewhere.0"))
        assert fence.closed() is None
        fence.doubt()
        assert fence.closed() is not None


class Letters:
    """Composes nothing but what the simulated server needs."""

    def compose(self, draft: Draft) -> Message:
        return letter(draft.plan.recipient_id, draft.plan.step)


@pytest.mark.rule("M6")
@pytest.mark.parametrize("fenced", [False, True])
def test_nothing_is_submitted_where_nothing_can_be_noted(sender: Sender, *, fenced: bool) -> None:
    """Nothing is even reserved."""
    backup = went_on(sender)
    (file,) = sender.witness.iterdir()
    sender.server = SimulatedMailServer(sender.clock, {"vault:1": "horse"})
    sender.server.open_mailbox(ANN, "horse")
    with sender.running(backup if fenced else sender.place) as program:
        opened, engine = program
        assert (opened.fence.closed() is not None) is fenced
        program.given(unknown(R3, message(R3)))
        sender.at(NOON + 3 * DAY + 7 * HOUR)
        inboxes = WorkspaceInboxes(StoredCursors(opened.beside), ACME)
        inboxes.move(ANN, Cursor("", sender.clock()))
        dispatch = Dispatch(engine, ACME, inboxes)
        file.unlink()
        file.mkdir()
        numbers = (f"sent-{number}" for number in count(1))
        turns = Turns(engine, opened.fence, opened.directory)
        way = Way(engine, dispatch, Letters(), sender.server, turns, lambda: next(numbers))
        outgoing = Outgoing(way, ANN)
        if fenced:
            assert outgoing.run(lambda: True) == 0
            return
        before = program.names
        with pytest.raises(OSError, match="directory"):
            outgoing.run(lambda: True)
        assert outgoing.unrecorded is None
        assert program.names == before
        mailbox = Mailbox(ANN, "vault:1")
        assert sender.server.was_sent(mailbox, message(R1, NUDGE)) is Search.ABSENT
