"""The front: what people do reaches the engine here, and what was interrupted is asked again."""

from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from aggregates.command import Command
from engine.batch import KEEPS_FACTS
from engine.ports.errors import StoreError
from engine.reply import Request
from engine.work.mailing.reconcile import Means, Reconciled, reconcile, survey
from engine.work.mailing.reconcile import World as Reconciling
from engine.work.ports import Mailbox
from events.vocabulary import AccountId
from tests.simulation.acts import PERFORMED, wanted
from tests.simulation.disk import DiskCursors, Opening
from tests.simulation.machine import Process
from tests.simulation.workers import UNEXPECTED, Program, World

TRIES = 6
ACTOR = "user:dana"


class Asked(NamedTuple):
    """What somebody wants done; the same however often it is asked."""

    number: int
    kind: str
    told: dict[str, Any]
    workspace: str


class Desk:
    """Acts that wait for one front, and the one that it is at. It outlives the front's process, as
    the person at a browser does."""

    def __init__(self) -> None:
        self.waiting: deque[Asked] = deque()
        self.under_way: Asked | None = None
        self.tries = 0
        self.commands: dict[int, Sequence[Command]] = {}
        """By act, what was asked first: who asks again asks for the same."""
        self.last: Asked | None = None


class Front:
    def __init__(self, world: World, process: Process, desk: Desk) -> None:
        self.program = Program(world, process)
        self._world, self._process, self._desk = world, process, desk

    def live(self) -> None:
        desk = self._desk
        while True:
            if desk.under_way is None:
                desk.under_way = desk.waiting.popleft() if desk.waiting else None
                desk.tries = 0
            if desk.under_way is None:
                self._process.wait(1e6)
                continue
            desk.tries += 1
            done = desk.tries > TRIES
            try:
                self._perform(desk.under_way)
                done = True
            except UNEXPECTED:
                raise
            except (StoreError, OSError):
                pass
            if done:
                desk.last, desk.under_way = desk.under_way, None
            else:
                self._process.pause(2.0)

    def _perform(self, asked: Asked) -> None:
        match asked.kind:
            case "connect" | "reconnect" | "test":
                self._check(asked)
            case "repeat":
                if self._desk.last is not None and self._desk.last.kind in PERFORMED:
                    self._hand_in(self._desk.last)
            case "reconcile":
                self._reconcile(asked)
            case _:
                self._hand_in(asked)

    def _hand_in(self, asked: Asked) -> None:
        commands = self._desk.commands.get(asked.number)
        engine = self.program.engine
        if commands is None:
            with engine.look(asked.workspace) as now:
                told = {**asked.told, "number": asked.number}
                commands = list(PERFORMED[asked.kind](now, told, asked.workspace))
            self._desk.commands[asked.number] = commands
            for place, each in enumerate(commands):
                self._world.asked[f"{KEEPS_FACTS}act-{asked.number}.{place}"] = each
        if asked.kind in ("together", "import"):
            requests = [
                Request(each, f"{KEEPS_FACTS}act-{asked.number}.{place}", ACTOR)
                for place, each in enumerate(commands)
            ]
            if requests:
                engine.execute_page(asked.workspace, requests)
            return
        for place, each in enumerate(commands):
            name = f"{KEEPS_FACTS}act-{asked.number}.{place}"
            engine.execute(asked.workspace, each, command_id=name, actor=ACTOR)
        if asked.kind == "forget":
            self._world.people.forgotten.add((asked.workspace, asked.told["person"]))

    def _check(self, asked: Asked) -> None:
        account, workspace = asked.told["account"], asked.workspace
        server = self._world.mail.server(workspace, account)
        checks = self.program.checks(workspace)
        mailbox = Mailbox(account, server.password)
        match asked.kind:
            case "connect":
                checks.connect(wanted(asked.told, server.password), actor=ACTOR)
            case "reconnect":
                checks.reconnect(
                    mailbox,
                    actor=ACTOR,
                    configuration="imap.acme.test:993",
                    refusal=asked.told["refusal"],
                )
            case _:
                with self.program.engine.look(workspace) as now:
                    known = now.account(account).credentials
                checks.test(Mailbox(account, known), actor=ACTOR)

    def _reconcile(self, asked: Asked) -> None:
        """M6: a person confirms what is at stake, or not."""
        program = self.program
        if program.fence.closed() is None:
            return
        cursors = DiskCursors(self._world.disk, self._process)
        means = Means(program.engine, program.fence, cursors, self._mailboxes)
        confirmed: Mapping[AccountId, int] = {}
        for _ in range(1 + asked.told["confirm"]):
            began, at = self._world.machine.seconds, program.store.now()
            found = survey(program.engine, program.fence)
            done = reconcile(means, found, confirmed, ACTOR)
            if not done.unconfirmed:
                self._opened(Opening(began, found.since, at, confirmed, _read(done)))
                return
            confirmed = done.unconfirmed

    def _opened(self, opening: Opening) -> None:
        self._world.machine.faults["reconciled"] += 1
        self._world.topic.begin_anew()
        self._world.disk.relayed = self._world.disk.lacks_sends_since = None
        for each in self._world.disk.on_open:
            each(opening)

    def _mailboxes(self, workspace: str) -> Reconciling:
        program = self.program
        return Reconciling(
            program.checks(workspace),
            program.way(workspace),
            lambda: program.listening(workspace),
        )


def _read(done: Reconciled) -> frozenset[tuple[str, AccountId]]:
    """By workspace, whose inboxes were read."""
    return frozenset(
        (workspace, account)
        for workspace, people in done.survey.people.items()
        for each in people
        for account in each.accounts
        if account not in done.unread
    )
