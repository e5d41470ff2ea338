"""Processes of production code: who sends, listens, checks and settles; who tells it outside."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import NamedTuple, cast

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from adapters.proof.signing import FileSigner, verifies
from aggregates.command import Command
from engine.batch import KEEPS_FACTS
from engine.cache import Earlier
from engine.command_context import Look
from engine.decoding import GapInLog, GapInStream, MissingEnvelope, decode_page
from engine.engine import Engine
from engine.entries import GapInEntries
from engine.fence import StoreFence
from engine.ports.coordination import Coordination
from engine.ports.errors import StoreError, WrittenMeanwhile
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from engine.proof.errors import AnotherHistory, ProofError
from engine.proof.sequencing import Commitments, Sequencer
from engine.stream.errors import HistoriesDiffer, OtherTopic, StoreBehind, StreamError
from engine.work.check_connection import ConnectionChecks
from engine.work.deliver_notices import Courier
from engine.work.mailing.account_mail import Desk
from engine.work.mailing.dispatch import Dispatch
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.mailing.listening import Listening
from engine.work.mailing.outgoing import Way as WayOut
from engine.work.mailing.searches import Searches
from engine.work.mailing.sent_mail import SentIndex
from engine.work.mailing.turns import Turns
from engine.work.mailing.workspace_mail import WorkspaceMail
from engine.work.ports import Directory, Mailbox
from engine.work.relay import Relay
from events.recorded import Recorded
from events.vocabulary import AccountId, ConnectionStatus
from projections.shipped import SHIPPED
from tests.simulation.disk import Disk, DiskCursors, Elsewhere
from tests.simulation.machine import Machine, Process
from tests.simulation.mail import MailWorld, People, Way
from tests.simulation.topic import Outbox, TilesInMemory, TopicInMemory, TopicSink
from tests.simulation.webhooks import Receiver, Webhooks, next_attempts

LEASE, HELD_FOR = 30.0, 10.0
"""Seconds for which mail is one worker's business, and for which a turn goes by that."""
PATROL = (61.0, 700.0, 4_000.0, 86_400.0, 6 * 86_400.0)
"""Seconds until a worker looks again where nothing happens: longer each time."""
UNEXPECTED = (WrittenMeanwhile, GapInEntries, GapInLog, GapInStream, MissingEnvelope)
"""What a store that keeps one transaction at a time has no reason to answer."""
CHECK_EVERY = 900.0
SIGNED_TOGETHER = 60
"""Entries from one checkpoint to the next, until all is quiet."""


class World(NamedTuple):
    """All that processes share, and nothing that is one process's own."""

    machine: Machine
    disk: Disk
    mail: MailWorld
    people: People
    topic: TopicInMemory
    tiles: TilesInMemory
    outbox: Outbox
    leases: dict[str, tuple[str, float]]
    receiver: Receiver
    asked: dict[str, Command]
    """By command id, what people want done."""

    def under_way(self) -> Iterator[str]:
        """Faults that last."""
        yield from self.mail.under_way()
        now = self.machine.seconds
        if self.disk.lacks_sends_since is not None:
            yield "backup restored"
        if self.disk.full_until > now:
            yield "full disk"
        if any(each.cut_until > now for each in self.machine.processes.values()):
            yield "partition"
        if self.receiver.manner != "takes":
            yield f"receiver: {self.receiver.manner}"
        if self.outbox.refuses:
            yield "notices fail"

    def is_of(self, thing: str, process: Process) -> bool:
        """Has nobody else taken it over?"""
        return self.leases.get(thing, (process.name, 0.0))[0] == process.name

    def alone(self, thing: str, process: Process) -> bool:
        """Is the thing this process's business? Takes what is free."""
        holder, until = self.leases.get(thing, (process.name, 0.0))
        renewed = until > self.machine.seconds or self.machine.processes[holder].idles
        if holder != process.name and renewed:
            return False
        self.leases[thing] = process.name, self.machine.seconds + LEASE
        return True


class Remembering(Engine):
    """Every look of a workspace begins with what the last one read: one thread has it to itself."""

    @contextmanager
    def look(self, workspace: str, earlier: Earlier | None = None) -> Iterator[Look]:
        if earlier is None:
            known = vars(self).setdefault("_looked", {})
            earlier = known.setdefault(workspace, Earlier())
        with super().look(workspace, earlier) as found:
            yield found


class Program:
    """What a process has in memory from its start on."""

    def __init__(self, world: World, process: Process) -> None:
        machine, disk = world.machine, world.disk
        self.world, self.process = world, process
        self.store = disk.connect(process)
        self.log = disk.connect(process)
        coordination = cast("Coordination", disk.coordination())
        self.fence = StoreFence(self.store, Elsewhere(disk), coordination, machine.monotonic)
        self.engine = Remembering(self.store, snapshot_every=200, fence=self.fence)
        numbers = count(1)
        self.new_id = lambda: f"{KEEPS_FACTS}{process.name}.{process.starts}.{next(numbers)}"

    @property
    def views(self) -> Views:
        return self.world.disk.views_of(self.process)

    def way(self, workspace: str) -> Way:
        return Way(self.world.mail, self.process, workspace, self.world.people)

    def checks(self, workspace: str) -> ConnectionChecks:
        return ConnectionChecks(self.engine, self.way(workspace), workspace, self.new_id)

    def listening(self, workspace: str, inboxes: WorkspaceInboxes | None = None) -> Listening:
        cursors = DiskCursors(self.world.disk, self.process)
        known = inboxes or WorkspaceInboxes(cursors, workspace)
        return Listening(self.engine, workspace, self.way(workspace), known, lambda _: None)


class Worker:
    """Sends, listens, checks and settles. Whatever fails is begun anew."""

    def __init__(self, world: World, process: Process) -> None:
        self.program = Program(world, process)
        self._world, self._process = world, process
        self._engine = self.program.engine
        directory = cast("Directory", world.people)
        self._turns = Turns(self._engine, self.program.fence, directory)
        self._mail: dict[str, WorkspaceMail] | None = None
        self._after = 0
        self._held_until = 0.0
        self._to_check: dict[tuple[str, AccountId], None] = {}
        self._checked: dict[tuple[str, AccountId], float] = {}
        self._patrols = 0

    def live(self) -> None:
        last = -1
        while True:
            try:
                self._settle()
                self._send()
                self._check()
            except UNEXPECTED:
                raise
            except (StoreError, OSError):
                self._mail = None
                self._process.pause(1.0)
            position = self._world.disk.store.last_position()
            if position != last:
                last = position
                self._patrols = min(self._patrols, self._process.random.randrange(1, 4))
            news = self._process.wait(self._silence())
            self._patrols = 0 if news else min(self._patrols + 1, len(PATROL) - 1)

    def _silence(self) -> float:
        """Seconds until something may be due."""
        store = self._world.disk.store
        moments = [store.next_due()]
        moments += [each.sends_at() for each in (self._mail or {}).values()]
        now = store.now()
        waits = [(each - now).total_seconds() + 0.001 for each in moments if each is not None]
        waits = [each for each in waits if each > 0] or [PATROL[-1]]
        return min(PATROL[self._patrols], *waits)

    def _settle(self) -> None:
        if self.program.fence.closed() is not None:
            return
        store = self.program.store
        due = list(store.due_workspaces(store.now()))
        if len(due) > 1 and self._process.random.random() < 0.5:
            self._engine.tick_together(due)
            return
        for workspace in due:
            self._engine.tick(workspace)

    def _send(self) -> None:
        world, machine = self._world, self._world.machine
        if not world.alone("mail", self._process) or self.program.fence.closed() is not None:
            self._mail, self._held_until = None, 0.0
            return
        self._held_until = machine.seconds + HELD_FOR
        if self._mail is None:
            self._after = self.program.store.last_position()
            made = {each: self._made(each) for each in self.program.store.workspaces()}
            self._mail = made
        for _ in range(50):
            self._follow(self._mail)
            turns = [(mail, turn) for mail in self._mail.values() for turn in mail.due()]
            for mail, turn in turns:
                mail.run(turn, lambda: machine.seconds < self._held_until)
            if not turns:
                return
            if world.alone("mail", self._process):
                self._held_until = machine.seconds + HELD_FOR

    def _follow(self, mail: dict[str, WorkspaceMail]) -> None:
        while page := list(decode_page(self.program.log.read(self._after, 1_000), self._after)):
            news: dict[str, list[Recorded]] = defaultdict(list)
            for each in page:
                news[each.envelope.workspace].append(each)
            for workspace, recorded in news.items():
                if workspace in mail:
                    mail[workspace].follow(recorded)
                else:
                    mail[workspace] = self._made(workspace)
            self._after = page[-1].position

    def _made(self, workspace: str) -> WorkspaceMail:
        program, machine = self.program, self._world.machine
        engine, way = program.engine, program.way(workspace)
        with engine.look(workspace) as now:
            index = SentIndex(now)
        inboxes = WorkspaceInboxes(DiskCursors(self._world.disk, self._process), workspace)
        dispatch = Dispatch(engine, workspace, inboxes)
        out = WayOut(
            engine,
            dispatch,
            way,
            way,
            self._turns,
            program.new_id,
            lambda: machine.seconds < self._held_until,
            machine.monotonic,
        )
        searches = Searches(engine, workspace, way, program.new_id)
        to_check = self._to_check

        def check(account_id: AccountId) -> None:
            to_check[workspace, account_id] = None

        desk = Desk(out, program.listening(workspace, inboxes), searches, check)
        return WorkspaceMail(desk, inboxes, index)

    def _check(self) -> None:
        """Accounts whose turn it is, and those whose mail met trouble (C2, C5)."""
        seconds, known = self._world.machine.seconds, self._world.mail.servers
        if self.program.fence.closed() is not None or not self._world.alone("mail", self._process):
            return
        for workspace, account_id in sorted(known):
            about = workspace, account_id
            waits = seconds < self._checked.get(about, 0) + CHECK_EVERY
            if about not in self._to_check and (waits or self._process.random.random() < 0.7):
                continue
            self._to_check.pop(about, None)
            self._checked[about] = seconds
            with self._engine.look(workspace) as now:
                account = now.account(account_id)
            if account.status in (ConnectionStatus.SUCCESSFUL, ConnectionStatus.FAILED):
                mailbox = Mailbox(account_id, account.credentials)
                self.program.checks(workspace).in_background(mailbox)


class Teller:
    """Keeps views, tells owners, relays, signs and delivers to webhooks."""

    def __init__(self, world: World, process: Process) -> None:
        self.program = Program(world, process)
        self._world, self._process = world, process
        self._sink = TopicSink(world.topic, process)
        self._relay: Relay | None = None
        self._webhooks = Webhooks(process, world.disk, self.program.log, world.receiver)
        self._again = 0

    def live(self) -> None:
        while True:
            last = self._world.disk.store.last_entry()
            for duty in (self._keep, self._deliver, self._tell, self._sign, self._post):
                try:
                    duty()
                except UNEXPECTED:
                    raise
                except (StoreError, StreamError, ProofError, OSError):
                    self._relay = None
                    self._again = 0
                    self._process.pause(2.0)
            self._again = 0 if self._world.disk.store.last_entry() != last else self._again + 1
            self._process.wait(self._silence())

    def _silence(self) -> float:
        """Seconds until a delivery is tried again, or it looks again."""
        now = self._world.disk.store.now()
        waits = [(each - now).total_seconds() + 0.001 for each in next_attempts(self._world.disk)]
        patrol = PATROL[min(self._again, len(PATROL) - 1)]
        return min([patrol, *(each for each in waits if each > 0)])

    def _keep(self) -> None:
        ProjectionRunner(self.program.log, self.program.views, SHIPPED).catch_up()

    def _deliver(self) -> None:
        if self.program.fence.closed() is None and self._world.alone("notices", self._process):
            engine, views = self.program.engine, self.program.views
            Courier(engine, views, self._world.outbox.of(self._process)).deliver()

    def _tell(self) -> None:
        if self.program.fence.closed() is not None or not self._world.alone("relay", self._process):
            self._relay = None
            return
        if self._relay is None or self._sink.is_fenced:
            relay = Relay(
                self.program.store, self._sink, self._world.topic.mark(self._world.disk), run=40
            )
            try:
                relay.begin()
            except (StoreBehind, HistoriesDiffer) as error:
                self.program.fence.close(str(error))
                raise
            except OtherTopic:
                self._world.disk.relayed = None  # an operator has it begin anew, as advised
                raise
            self._relay = relay
        while self._relay.turn():
            pass

    def _sign(self) -> None:
        if self.program.fence.closed() is not None or not self._world.alone("proof", self._process):
            return
        store, tiles = self.program.log, self._world.tiles
        came = store.last_entry() - self._world.tiles.signed
        if not came or (abs(came) < SIGNED_TOGETHER and not self._world.machine.quiet):
            return
        name = f"sim/{store.identity.generation}"
        signer = FileSigner(name, KEY)
        commitments = Commitments(store, lambda workspace: SECRET + workspace.encode())
        try:
            found = Sequencer(store, commitments, tiles.of(name), [signer], verifies).advance()
        except AnotherHistory as error:
            self.program.fence.close(str(error))
            raise
        tiles.checkpoints.append((name, found))
        tiles.signed = found.size - 1

    def _post(self) -> None:
        machine = self._world.machine
        if self.program.fence.closed() is None and self._world.alone("webhooks", self._process):
            held_until = machine.seconds + HELD_FOR
            self._webhooks.deliver(lambda: machine.seconds < held_until)


SECRET = b"secret of a simulated workspace "
KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
