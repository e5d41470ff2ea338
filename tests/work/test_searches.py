"""M2: Sent folders are searched for what is unknown, once a search there can tell."""

from itertools import count

import pytest

from engine.work.mailing.searches import Searches
from engine.work.ports import Mailbox, Outcome, Search
from events.campaign import SentSearched
from tests.law.story import (
    ANN,
    HOUR,
    MINUTE,
    NOON,
    R1,
    R2,
    SECOND,
    fail,
    message,
    one_click,
    reserve_step,
    unknown,
)
from tests.mail.mail_contract import always
from tests.work.restored import Program, Sender, letter
from tests.workplace import ACME, log_of

_NUMBERS = count(1)


def searches(sender: Sender, program: Program) -> Searches:
    return Searches(program.engine, ACME, sender.server, lambda: f"search-{next(_NUMBERS)}")


def searched(sender: Sender, program: Program) -> list[Search]:
    """What is due is searched for."""
    search = searches(sender, program)
    return [search.run(each) for each in search.due()]


def facts(program: Program) -> list[str]:
    return [name for name in program.names if "Sent" in name]


def one_sent_and_one_unknown(sender: Sender, program: Program, *, arrived: bool) -> None:
    sender.send(program, ANN, R1)
    program.given(reserve_step(ANN, R2))
    if arrived:
        submitted = sender.server.submit(Mailbox(ANN, "vault:1"), letter(R2), always)
        assert submitted is Outcome.ACCEPTED
    program.given(unknown(R2, message(R2)))


@pytest.mark.rule("M2")
@pytest.mark.parametrize(("arrived", "result"), [(True, "found"), (False, "absent")])
def test_an_account_in_which_a_message_is_found_can_tell_what_it_lacks(
    sender: Sender, result: str, *, arrived: bool
) -> None:
    with sender.running() as program:
        one_sent_and_one_unknown(sender, program, arrived=arrived)
        sender.at(NOON + 11 * MINUTE)

        assert searched(sender, program) == [Search.FOUND, Search(result)]

        assert facts(program) == ["SentSearchProved", "SentSearched"]
        told = log_of(program.opened.store)[-1].event
        assert isinstance(told, SentSearched)
        assert told.result == result
        assert searches(sender, program).due() == []
        again = program.refused(reserve_step(ANN, R2, read=sender.clock()))
        assert again == (None if result == "absent" else "not_the_next_step")


@pytest.mark.rule("M2")
def test_nothing_is_searched_for_within_ten_minutes_of_when_it_can_have_left(
    sender: Sender,
) -> None:
    with sender.running() as program:
        one_sent_and_one_unknown(sender, program, arrived=False)
        sender.at(NOON + 11 * MINUTE - SECOND)

        assert searches(sender, program).due() == []


@pytest.mark.rule("M2")
def test_where_no_message_of_ours_is_ever_found_nothing_is_absent(sender: Sender) -> None:
    with sender.running() as program:
        program.given(reserve_step(ANN, R2), unknown(R2, message(R2)))
        sender.at(NOON + HOUR)

        assert searched(sender, program) == [Search.ABSENT]

        assert facts(program) == ["SentSearched"]
        assert program.refused(reserve_step(ANN, R2)) == "not_the_next_step"


@pytest.mark.rule("M2")
def test_a_failed_account_is_searched_once_it_is_reconnected(sender: Sender) -> None:
    with sender.running() as program:
        one_sent_and_one_unknown(sender, program, arrived=False)
        program.given(fail(ANN))
        sender.at(NOON + HOUR)
        assert searches(sender, program).due() == []

        program.given(one_click(ANN, credentials="vault:1"))

        assert searched(sender, program) == [Search.FOUND, Search.ABSENT]
