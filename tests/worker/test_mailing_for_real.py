"""A campaign that a real worker sends from real mailboxes, and what comes back to it."""

import random
import signal
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from adapters.composition import engine_over
from adapters.mail.sandbox.sandbox import Sandbox
from aggregates.campaign import Recipient
from aggregates.campaign.commands import (
    CreateCampaign,
    ImportRecipients,
    SetSequence,
    StartCampaign,
)
from aggregates.command import Command
from engine.projecting import ProjectionRunner
from engine.work.ports import Person
from events.sequence import MailSequence, Step
from events.vocabulary import Mode, RecipientStatus, Settings
from projections.shipped import SHIPPED
from tests.mail.probing import access_to
from tests.worker.mailroom import MAIN, Mailroom
from tests.worker.processes import Process, eventually

pytestmark = pytest.mark.kills

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"
SPRING = "spring"
INTRO, NUDGE = "intro", "nudge"
PEOPLE, DEATHS = 40, 5
STEPS = (
    Step(name=INTRO, subject="Spring, {{ name }}", text="Hello {{ name }}, a word about spring?"),
    Step(name=NUDGE, after=timedelta(seconds=4), text="Just asking again."),
)


class Office:
    """Two mailboxes at a provider, one of which files no copies, and a campaign over both."""

    def __init__(self, sandbox: Sandbox, store: str, folder: Path) -> None:
        self.sandbox, self.folder = sandbox, folder
        sandbox.add_account(ANN, "ann-secret", files_sent=False)
        sandbox.add_account(BOB, "bob-secret", files_sent=True)
        self.room = Mailroom(store, folder, Path(sandbox.served()["ca_file"]))
        self._numbers = 0

    def begin(self, people: int, steps: Sequence[Step] = STEPS) -> None:
        settings = Settings(limits={"gap": 0})
        accesses = {ANN: access_to(self.sandbox, ANN, "ann-secret")}
        accesses[BOB] = access_to(self.sandbox, BOB, "bob-secret")
        self.room.connect(accesses, settings)
        with self.room.opened() as opened:
            persons = [Person(f"r{n}@x.test", f"Person {n}") for n in range(people)]
            ids = tuple(opened.directory.enrol(MAIN, persons))
            engine = engine_over(opened, self.room.settings)
            sequence = MailSequence(mail_id=uuid4().hex, zone="UTC", steps=tuple(steps))
            commands: list[Command] = [
                CreateCampaign(campaign_id=SPRING, mode=Mode.ROTATION, account_ids=(ANN, BOB)),
                ImportRecipients(campaign_id=SPRING, recipient_ids=ids),
                SetSequence(campaign_id=SPRING, sequence=sequence),
                StartCampaign(campaign_id=SPRING),
            ]
            for command in commands:
                reply = engine.execute(MAIN, command, command_id=uuid4().hex, actor="user:t")
                assert reply.refusal is None
            ProjectionRunner(opened.store, opened.views, SHIPPED).keep_up()

    @contextmanager
    def served(self) -> Iterator[Process]:
        process = self.start()
        try:
            yield process
        finally:
            assert process.stopped(signal.SIGTERM) == 0
        assert not process.told("Traceback")

    def start(self) -> Process:
        self._numbers += 1
        process = Process(
            self.folder / f"worker-{self._numbers}.log",
            "serve",
            "--store",
            self.room.settings.store,
            READ_INTERVAL="1",
            WITNESS=str(self.folder / "witness"),
            **self.room.variables,
        )
        process.begun()
        return process

    def copies(self) -> Counter[tuple[str, bool]]:
        """Of each message that the provider took, by recipient: was it a follow-up?"""
        return Counter(
            (each["recipients"][0], "\nIn-Reply-To:" in each["content"])
            for each in self.sandbox.accepted()
        )

    def many(self) -> int:
        return len(self.sandbox.accepted())

    def recipients(self) -> list[Recipient]:
        with self.room.opened() as opened:
            engine = engine_over(opened, self.room.settings)
            with engine.look(MAIN) as now:
                return [*now.campaign(SPRING).recipients.values()]

    def statuses(self) -> Counter[RecipientStatus]:
        return Counter(each.status for each in self.recipients())

    def waiting(self) -> int:
        """Recipients who have not got both messages, and of none of them nobody knows."""
        return sum(
            len(each.progress.done) < len(STEPS) and not each.unknown for each in self.recipients()
        )

    def unknown(self) -> int:
        """How many messages are shown as of unknown outcome."""
        return sum(len(each.unknown) for each in self.recipients())


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with Sandbox([]) as sandbox:
        (tmp_path / "store").mkdir()
        yield Office(sandbox, str(tmp_path / "store" / "store.db"), tmp_path)


@pytest.mark.rule("M1", "M2", "M3", "M4", "M5")
def test_a_campaign_runs_by_itself_and_hears_who_answers(office: Office) -> None:
    office.begin(people=10)
    with office.served():
        eventually(lambda: len(office.copies()) >= 10)
        firsts = {each["recipients"][0]: each["message_id"] for each in office.sandbox.accepted()}
        office.sandbox.reply(firsts["r1@x.test"])
        office.sandbox.bounce(firsts["r2@x.test"])
        office.sandbox.reply(firsts["r3@x.test"], "I am away.", automatic=True)
        eventually(lambda: sum(follow_up for _, follow_up in office.copies()) >= 8)
        eventually(lambda: office.statuses()[RecipientStatus.REPLIED] == 1)
    assert max(office.copies().values()) == 1
    assert {("r1@x.test", True), ("r2@x.test", True)}.isdisjoint(office.copies())
    assert office.statuses()[RecipientStatus.BOUNCED] == 1


@pytest.mark.rule("M2", "S8")
def test_whoever_sends_is_killed_again_and_again_and_nobody_gets_a_copy_twice(
    office: Office,
) -> None:
    office.begin(people=PEOPLE)
    chance = random.Random(7)
    for _ in range(DEATHS):
        worker = office.start()
        enough = office.many() + chance.randrange(2, 8)
        eventually(lambda: office.many() >= enough)  # noqa: B023 called at once
        worker.kill()
    with office.served():
        eventually(lambda: office.waiting() == 0)
    assert max(office.copies().values()) == 1
    assert office.unknown() <= 2 * DEATHS
