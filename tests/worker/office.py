"""Real mailboxes, a campaign over all of them, and real workers that send it."""

import re
import signal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from adapters.composition.programs import engine_over
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.stores.opening import Opened, opened_file, opened_schema
from adapters.stores.postgres import PostgresStore
from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign import Campaign, Recipient
from aggregates.campaign.commands import (
    CreateCampaign,
    ImportRecipients,
    SetSequence,
    StartCampaign,
)
from aggregates.command import Command
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.work.access import Access
from engine.work.ports import Person
from events.sequence import MailSequence, Step, Window
from events.vocabulary import Mode, RecipientStatus, Settings
from projections.shipped import SHIPPED
from tests.mail.probing import access_to
from tests.worker.mailroom import MAIN, Mailroom
from tests.worker.processes import PATIENCE, Process

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"
SPRING = "spring"
INTRO, NUDGE = "intro", "nudge"
SECRET = "secret"  # noqa: S105 of a mailbox in a sandbox
STEPS = (
    Step(name=INTRO, subject="Spring, {{ name }}", text="Hello {{ name }}, here is the intro."),
    Step(name=NUDGE, after=timedelta(seconds=4), text="And here is the nudge."),
)
ALWAYS = Window()
UNLIMITED = Settings(sending_speed=1_000_000, limits={"gap": 0})
NO_GAP = Settings(limits={"gap": 0})
WHICH = re.compile(r"here is the (\w+)\.")
Copy = tuple[str, str]
"""Of a message that the provider took: to whom, and which step."""


class Office:
    """Mailboxes at a provider, and a campaign over all of them.

    ``accounts``: does the provider file what each sends? ``words`` are the workers'.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        store: str,
        folder: Path,
        accounts: Mapping[str, bool] = {ANN: False, BOB: True},
        words: Sequence[str] = ("serve",),
    ) -> None:
        self.sandbox, self.folder, self.accounts, self.words = sandbox, folder, accounts, words
        for account, files in accounts.items():
            sandbox.add_account(account, SECRET, files_sent=files)
        self.room = Mailroom(store, folder, Path(sandbox.served()["ca_file"]))
        self.witness = folder / "witness"
        self.room.settings = self.room.settings.model_copy(update={"witness": self.witness})
        self.ids: tuple[str, ...] = ()
        self._numbers = 0
        self._copies = Counter[Copy]()

    def begin(
        self,
        people: int,
        steps: Sequence[Step] = STEPS,
        settings: Settings = NO_GAP,
        window: Window = ALWAYS,
    ) -> None:
        self.room.connect({each: self.access(each) for each in self.accounts}, settings)
        with self.room.opened() as opened:
            persons = [Person(f"r{n}@x.test", f"Person {n}") for n in range(people)]
            self.ids = tuple(opened.directory.enrol(MAIN, persons))
        sequence = MailSequence(mail_id=uuid4().hex, zone="UTC", steps=tuple(steps), window=window)
        senders = tuple(self.accounts)
        self.tell(
            CreateCampaign(campaign_id=SPRING, mode=Mode.ROTATION, account_ids=senders),
            ImportRecipients(campaign_id=SPRING, recipient_ids=self.ids),
            SetSequence(campaign_id=SPRING, sequence=sequence),
            StartCampaign(campaign_id=SPRING),
        )

    def access(self, account: str) -> Access:
        return access_to(self.sandbox, account, SECRET)

    def tell(self, *commands: Command) -> None:
        """What a person does, beside the workers."""
        with self.room.opened() as opened:
            engine = engine_over(opened, self.room.settings)
            for command in commands:
                reply = engine.execute(MAIN, command, command_id=uuid4().hex, actor="user:t")
                assert reply.refusal is None, reply.refusal
            ProjectionRunner(opened.store, opened.views, SHIPPED).keep_up()

    def opened_at(self, clock: ManualClock) -> Opened:
        """The store, at another time."""
        store = self.room.settings.store
        if "://" in store:
            return opened_schema(PostgresStore(store, clock), self.witness)
        return opened_file(SQLiteStore(Path(store), clock), self.witness)

    @contextmanager
    def served(self) -> Iterator[Process]:
        process = self.start()
        try:
            yield process
        finally:
            assert process.stopped(signal.SIGTERM) == 0
        assert not process.told("Traceback")

    def start(self) -> Process:
        process = self.launch()
        process.begun()
        return process

    def launch(self) -> Process:
        """Without waiting until it serves."""
        self._numbers += 1
        return Process(
            self.folder / f"worker-{self._numbers}.log",
            *self.words,
            "--store",
            self.room.settings.store,
            **self._settings,
        )

    def done(self, *words: str) -> Process:
        """A person's command, once it has ended."""
        self._numbers += 1
        output = self.folder / f"command-{self._numbers}.log"
        process = Process(output, *words, "--store", self.room.settings.store, **self._settings)
        process.process.wait(PATIENCE)
        return process

    @property
    def _settings(self) -> dict[str, str]:
        return {"READ_INTERVAL": "1", "WITNESS": str(self.witness), **self.room.variables}

    def copies(self) -> Counter[Copy]:
        """How many of each message the provider took."""
        for each in self.sandbox.accepted(self._copies.total()):
            (step,) = set(WHICH.findall(each["content"]))
            self._copies[each["recipients"][0], step] += 1
        return self._copies

    def many(self) -> int:
        return self.copies().total()

    def campaign(self) -> Campaign:
        with self.room.opened() as opened:
            engine = engine_over(opened, self.room.settings)
            with engine.look(MAIN) as now:
                return now.campaign(SPRING)

    def recipients(self) -> list[Recipient]:
        return [*self.campaign().recipients.values()]

    def statuses(self) -> Counter[RecipientStatus]:
        return Counter(each.status for each in self.recipients())

    def waiting(self) -> int:
        """Recipients who have not got both messages, though nothing ended them and of no message
        nobody knows."""
        return sum(
            len(each.progress.done) < len(STEPS) and not each.unknown and not each.status.terminal
            for each in self.recipients()
        )

    def unknown(self) -> int:
        """How many messages are shown as of unknown outcome."""
        return sum(len(each.unknown) for each in self.recipients())
