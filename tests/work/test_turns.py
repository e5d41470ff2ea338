"""Accounts that take their turns together: M1, M2, M6."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import pytest

from adapters.stores.small_tables.inbox_cursors import StoredCursors
from engine.engine import Engine
from engine.reply import Request
from engine.work.mailing.dispatch import Dispatch, Draft
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from engine.work.mailing.outgoing import Outgoing, Way
from engine.work.mailing.turns import Turn, Turns
from engine.work.ports import Message
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    INTRO,
    MINUTE,
    NOON,
    R1,
    R2,
    R3,
    fail,
    import_recipients,
    one_click,
    pause,
    resume,
)
from tests.work.copies import Files
from tests.work.restored import Program, Sender, letter
from tests.workplace import ACME, log_of

MANY = tuple(f"many{number}" for number in range(60))


@pytest.fixture
def sender(tmp_path: Path) -> Sender:
    return Sender(Files(tmp_path), tmp_path / "elsewhere")


@pytest.fixture
def program(sender: Sender) -> Iterator[Program]:
    with sender.running() as found:
        yield found


class Letters:
    def compose(self, draft: Draft) -> Message:
        return letter(draft.plan.recipient_id, draft.plan.step)


def dispatch_of(program: Program) -> Dispatch:
    inboxes = WorkspaceInboxes(StoredCursors(program.opened.beside), ACME)
    return Dispatch(program.engine, ACME, inboxes)


def way_of(program: Program, sender: Sender, turns: Turns) -> Way:
    ids = (f"turn-{number}" for number in count())
    new_id: Callable[[], str] = lambda: next(ids)  # noqa: E731
    dispatch = dispatch_of(program)
    return Way(program.engine, dispatch, Letters(), sender.server, turns, new_id)


@pytest.mark.rule("M1")
def test_two_accounts_are_never_given_the_same_recipient(program: Program) -> None:
    dispatch = dispatch_of(program)
    drafts = [dispatch.next_from(each, NOON) for each in (ANN, BOB, ANN)]
    assert [each and each.plan.recipient_id for each in drafts] == [R1, R2, R3]
    assert dispatch.next_from(BOB, NOON) is None

    assert drafts[1] is not None
    dispatch.bring_back(drafts[1].plan)
    assert dispatch.has_next(ANN)
    assert dispatch.has_next(ANN), "whoever only asks takes nobody"
    again = dispatch.next_from(ANN, NOON)
    assert again is not None
    assert again.plan.recipient_id == R2


@pytest.mark.rule("M1", "M2")
def test_accounts_in_threads_bring_each_recipient_one_message_and_nothing_is_refused(
    program: Program, sender: Sender
) -> None:
    program.given(import_recipients(*MANY))
    way = way_of(
        program, sender, Turns(program.engine, program.opened.fence, program.opened.directory)
    )
    accounts = [Outgoing(way, each) for each in (ANN, BOB)]
    with ThreadPoolExecutor(2) as threads:
        offered = list(threads.map(lambda each: each.run(lambda: True), accounts))

    assert sum(offered) == len(MANY) + 3
    log = log_of(program.opened.store)
    names = [type(each.event).__name__ for each in log]
    assert names.count("SendReserved") == names.count("EmailAccepted") == len(MANY) + 3
    about = [each.event for each in log if type(each.event).__name__ == "EmailAccepted"]
    assert len({each.recipient_id for each in about}) == len(MANY) + 3  # type: ignore[attr-defined]
    assert program.opened.store.last_entry() == len(log) - 1, "a refusal would be an entry"


class Deaf:
    def begin(self) -> None: ...

    def note(self, position: int, event_id: str) -> None:
        raise OSError(f"nothing can be noted of {event_id} at {position}")


@pytest.mark.rule("M6")
def test_what_the_witness_does_not_know_none_of_those_who_waited_together_submits(
    program: Program, sender: Sender
) -> None:
    way = way_of(program, sender, Turns(program.engine, Deaf(), program.opened.directory))
    for each in (ANN, BOB):
        outgoing = Outgoing(way, each)
        with pytest.raises(OSError, match="nothing can be noted"):
            outgoing.run(lambda: True)
        assert outgoing.unrecorded is not None
        program.given(outgoing.unrecorded.command)
    assert not any(each in program.names for each in ("EmailAccepted", "EmailOutcomeUnknown"))


def test_a_turn_that_reserves_nothing_because_the_law_refuses_goes_on_to_the_next(
    program: Program,
) -> None:
    dispatch, turns = (
        dispatch_of(program),
        Turns(program.engine, program.opened.fence, program.opened.directory),
    )
    draft = dispatch.next_from(ANN, NOON)
    assert draft is not None
    other = Engine(program.opened.store, fence=program.opened.fence)
    other.execute(ACME, pause(), command_id="pause", actor="user:other")

    reserve = Request(dispatch.reservation(draft.plan), "reserve", "mail")
    turn = Turn(dispatch, ANN, [reserve], reserves=True, more=True)
    turns.take(turn)
    assert turn.reserved is None
    assert turn.draft is None, "the refusal showed that the campaign is paused"
    assert draft.plan.step == INTRO


@pytest.mark.rule("M4")
def test_whoever_is_refused_because_the_inbox_was_not_read_has_a_turn_when_it_is(
    program: Program, sender: Sender
) -> None:
    sender.send(program, ANN, R1)
    inboxes = WorkspaceInboxes(StoredCursors(program.opened.beside), ACME)
    dispatch, three_days_on = Dispatch(program.engine, ACME, inboxes), NOON + 3 * DAY
    inboxes.move(ANN, Cursor("1", three_days_on))
    sender.at(three_days_on)
    draft = dispatch.next_from(ANN, three_days_on)
    assert draft is not None
    assert draft.plan.recipient_id == R1

    sender.at(three_days_on + MINUTE)
    other = Engine(program.opened.store, fence=program.opened.fence)
    for command in (fail(ANN), one_click(ANN), resume()):
        other.execute(ACME, command, command_id=type(command).__name__, actor="user:other")
    refused = program.refused(dispatch.reservation(draft.plan))
    dispatch.refused(draft.plan)
    unread = dispatch.next_from(ANN, three_days_on + MINUTE)
    inboxes.move(ANN, Cursor("2", three_days_on + MINUTE))
    again = dispatch.next_from(ANN, three_days_on + MINUTE)

    assert refused == "inbox_not_read"
    assert unread is None or unread.plan.recipient_id != R1
    assert again is not None
    assert again.plan == draft.plan
