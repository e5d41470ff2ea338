"""Whoever is stopped or suppressed while a worker sends through many accounts hears nothing but
what was on its way before: counted at the server that took the mail (S8, M7)."""

import random
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from adapters.composition.programs import engine_over
from adapters.mail.sandbox.sandbox import Sandbox
from aggregates.campaign.commands import RecordComplaint, RecordSignal
from aggregates.command import Command
from aggregates.email_account.commands import DisconnectAccount
from aggregates.suppressions import SuppressPerson
from events.campaign import RecipientEnded, RecipientStopped, SendReserved
from events.sequence import Step
from events.suppression import PersonSuppressed
from events.vocabulary import OnAccountTrouble, RecipientStatus, SuppressedBecause
from tests.worker.mailroom import MAIN
from tests.worker.office import INTRO, NUDGE, SPRING, STEPS, UNLIMITED, Office
from tests.worker.processes import eventually
from tests.workplace import log_of

pytestmark = [pytest.mark.kills, pytest.mark.rule("S8", "M7", "M5")]

PEOPLE, ENDED, ACCOUNTS = 200, 120, 8
AT_ONCE = (STEPS[0], Step(name=NUDGE, after=timedelta(seconds=1), text=STEPS[1].text))
HOLDING = {"grace_period": timedelta(seconds=1), "on_account_trouble": OnAccountTrouble.HOLD_SENDER}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Sandbox([]) as sandbox:
        (tmp_path / "store").mkdir()
        names = {f"sender-{n}@sandbox.test": True for n in range(ACCOUNTS)}
        office = Office(sandbox, str(tmp_path / "store" / "store.db"), tmp_path, names)
        office.room.settings = office.room.settings.model_copy(update=HOLDING)
        office.room.variables |= {"GRACE_PERIOD": "1", "ON_ACCOUNT_TROUBLE": "hold_sender"}
        yield office


def an_end(recipient: str, chance: random.Random) -> Command:
    about: dict[str, Any] = {"campaign_id": SPRING, "recipient_id": recipient}
    ends: list[Command] = [
        SuppressPerson(recipient_id=recipient, because=SuppressedBecause.OPERATOR),
        RecordComplaint(**about),
        RecordSignal(**about, signal=RecipientStatus.UNSUBSCRIBED),
        RecordSignal(**about, signal=RecipientStatus.REPLIED),
    ]
    return chance.choice(ends)


def test_who_is_ended_in_the_middle_of_it_is_never_written_to_again(office: Office) -> None:
    office.begin(PEOPLE, AT_ONCE, UNLIMITED)
    chance = random.Random(5)
    ended = chance.sample(office.ids, ENDED)
    with office.served(), office.room.opened() as opened:
        eventually(lambda: office.many() > ACCOUNTS)
        engine = engine_over(opened, office.room.settings)

        def tell(command: Command) -> None:
            engine.execute(MAIN, command, command_id=uuid4().hex, actor="user:t")

        for number, recipient in enumerate(ended):
            tell(an_end(recipient, chance))
            if number in {40, 80}:
                tell(DisconnectAccount(account_id=f"sender-{number // 20}@sandbox.test"))
            time.sleep(chance.random() / 50)
        eventually(lambda: office.waiting() == 0)
    assert set(office.copies().values()) == {1}
    judge(office)


def judge(office: Office) -> None:
    with office.room.opened() as opened:
        log = [each.event for each in log_of(opened.store)]
    over = dict[str, int]()
    reserved = dict[tuple[str, str], int]()
    for place, event in enumerate(log):
        if isinstance(event, SendReserved) and event.step:
            reserved.setdefault((event.recipient_id, event.step), place)
        elif isinstance(event, RecipientEnded | RecipientStopped | PersonSuppressed):
            over.setdefault(event.recipient_id, place)
    stopped = sum(isinstance(each, RecipientStopped) for each in log)
    assert stopped > 0
    assert len(over) > ENDED
    late = 0
    for number, recipient in enumerate(office.ids):
        for step in (INTRO, NUDGE):
            if office.copies()[f"r{number}@x.test", step]:
                late += reserved[recipient, step] > over.get(recipient, len(log))
    assert late == 0
    assert office.many() < 2 * PEOPLE - ENDED // 2, "most were ended before their last message"
