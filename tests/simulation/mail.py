"""Mail servers and their ledger: what really went out, to whom, and when."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from random import Random
from typing import NamedTuple

from aggregates.campaign.pace import message_key
from engine.simulated import simulated_report
from engine.work.findings import Findings, Watch, unwatched
from engine.work.inbound import Inbound, Kind, Sent, message_of
from engine.work.mailing.dispatch import Draft
from engine.work.ports import (
    NOT_SUBMITTED,
    AccountTrouble,
    Arrivals,
    Incoming,
    Mailbox,
    Message,
    Outcome,
    Person,
    Refused,
    Search,
    Submitted,
)
from events.vocabulary import AccountId, FailureClass, RecipientId, RefusalFault
from tests.simulation.machine import BEGINNING, Machine, Process

CHECK_LASTS = (0, 0, 0, 0, 5, 45, 70)
"""Seconds. A check that was asked for counts as of then if it ends within 60 (C6)."""
NO_COPIES = 0.1
"""The share of servers in whose Sent folder nothing of ours is found."""
SESSION_ENDS = 300.0
"""Seconds of silence after which a server ends a session (RFC 5321, section 4.5.3.2)."""
SLOWEST = 150.0
"""Seconds after which a server that was cut off has taken the message, or never will."""


class Delivery(NamedTuple):
    """A message that a server has taken."""

    seconds: float
    position: int
    """How far the log went then."""
    epoch: int
    account: AccountId
    key: str
    """The left part of its Message-ID."""
    workspace: str


class Arrival(NamedTuple):
    seconds: float
    number: int
    key: str
    kind: Kind
    until: date | None
    unknown: bool


@dataclass
class Mailserver:
    """One account's."""

    password: str
    refuses: FailureClass | None = None
    silent_until: float = 0.0
    """Nothing answers before."""
    limit: int | None = None
    """Messages a day, by the server's own count."""
    files_nothing: bool = False
    """Its Sent folder shows nothing, whatever it took."""
    names_times: bool = True
    """It says until when its limit lasts."""
    greylists_until: float = 0.0
    sent: set[str] = field(default_factory=set)
    inbox: list[Arrival] = field(default_factory=list)
    taken: Counter[date] = field(default_factory=Counter)


class MailWorld:
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.servers: dict[tuple[str, AccountId], Mailserver] = {}
        self.ledger: list[Delivery] = []
        self.attempts: Counter[str] = Counter()
        self.whom: dict[str, tuple[str, str]] = {}
        """Campaign and recipient of each message, by the left part of its id."""
        self.position: Callable[[], int] = lambda: 0
        self.epoch: Callable[[], int] = lambda: 0
        self.may_send: Callable[[Process], bool] = lambda _: True
        """Has the process the lease by which mail is its business?"""
        self.intruders: list[str] = []
        """Messages that a process submitted which had lost it."""
        self.troubles: dict[str, int] = defaultdict(int)
        """How many messages in a hundred meet each trouble."""

    def server(self, workspace: str, account: AccountId) -> Mailserver:
        found = self.servers.get((workspace, account))
        if found is None:
            random = Random(f"{self.machine.seed} {workspace} {account}")
            found = self.servers[workspace, account] = Mailserver("secret:0")
            found.files_nothing = random.random() < NO_COPIES
            found.names_times = random.random() < 0.5
        return found

    def under_way(self) -> Iterator[str]:
        """The faults of servers that last."""
        for server in self.servers.values():
            if server.refuses is not None:
                yield f"refuses: {server.refuses}"
            if server.silent_until > self.machine.seconds:
                yield "silent server"
            if server.limit is not None:
                yield "server's limit"

    def fate(self, key: str) -> str:
        """Of the next attempt with this message; the same in every run of the seed."""
        self.attempts[key] += 1
        random = Random(f"{self.machine.seed} {key} {self.attempts[key]}")
        drawn = random.randrange(100)
        for trouble, share in self.troubles.items():
            drawn -= share
            if drawn < 0 and not self.machine.quiet:
                return trouble
        return "taken"

    def shows(self, workspace: str, account: AccountId, key: str) -> bool:
        """Does a search of the Sent folder find this message?"""
        server = self.server(workspace, account)
        return key in server.sent and not server.files_nothing

    def take(self, workspace: str, account: AccountId, key: str) -> None:
        server = self.server(workspace, account)
        server.sent.add(key)
        server.taken[self.machine.now().date()] += 1
        self.ledger.append(
            Delivery(self.machine.seconds, self.position(), self.epoch(), account, key, workspace)
        )

    def answer(
        self, key: str, kind: Kind, *, until: date | None = None, twice: bool = False
    ) -> None:
        """The recipient, or a machine of theirs, answers the message."""
        found = next((each for each in self.ledger if each.key == key), None)
        if found is None:
            return
        inbox = self.server(found.workspace, found.account).inbox
        for _ in range(2 if twice else 1):
            arrival = Arrival(
                self.machine.seconds, len(inbox), f"{key} {kind} {len(inbox)}", kind, until, True
            )
            inbox.append(arrival)


class Way:
    """``Transport``, ``Inbox``, ``Probe`` and ``Composer`` of one workspace, as a process has
    them."""

    def __init__(
        self, world: MailWorld, process: Process, workspace: str, people: "People"
    ) -> None:
        self._world, self._process = world, process
        self._workspace, self._people = workspace, people

    def compose(self, draft: Draft) -> Message | None:
        person = draft.person
        if person is None:
            return None
        plan = draft.plan
        key = message_key(draft.sequence, plan.recipient_id, plan.step)
        self._world.whom[key] = plan.campaign_id, plan.recipient_id
        return Message(f"<{key}@acme.test>", person.address, b"")

    def submit(
        self, mailbox: Mailbox, message: Message, may_leave: Callable[[], bool]
    ) -> Submitted:
        world, machine, key = self._world, self._world.machine, message_of(message.message_id)
        trouble = self._trouble(mailbox)
        if trouble is not None:
            return AccountTrouble(trouble)
        server = world.server(self._workspace, mailbox.account_id)
        if server.limit is not None and server.taken[machine.now().date()] >= server.limit:
            machine.faults["server's limit"] += 1
            told = machine.now() + timedelta(hours=2) if server.names_times else None
            return Refused(RefusalFault.LIMIT, until=told)
        if server.greylists_until > machine.seconds:
            machine.faults["greylisted"] += 1
            return Refused(RefusalFault.TEMPORARY)
        if not self._ends(may_leave, key):
            return NOT_SUBMITTED
        fate = world.fate(key)
        if fate != "taken":
            machine.faults[fate] += 1
        return self._fare(fate, mailbox.account_id, key)

    def _ends(self, may_leave: Callable[[], bool], key: str) -> bool:
        """The line that ends the message, in a session that has not ended meanwhile."""
        machine = self._world.machine
        while may_leave():
            if not self._world.may_send(self._process):
                self._world.intruders.append(key)
            begun = machine.seconds
            self._process.give_way()
            if machine.seconds - begun < SESSION_ENDS:
                return True
            machine.faults["session ended"] += 1
        return False

    def _fare(self, fate: str, account: AccountId, key: str) -> Submitted:
        world, process = self._world, self._process
        match fate:
            case "no such mailbox":
                return Refused(RefusalFault.RECIPIENT, address_unknown=True)
            case "refused for good":
                return Refused(RefusalFault.OTHER)
            case "greylisted":
                return Refused(RefusalFault.TEMPORARY)
            case "throttled":
                return Refused(RefusalFault.ACCOUNT)
            case "slow server":
                process.pause(45.0)
            case "cut, and never taken":
                process.pause(30.0)
                return Outcome.UNKNOWN
            case "cut, and taken later":
                later = process.random.random() * SLOWEST
                world.machine.at(
                    world.machine.seconds + later,
                    lambda: world.take(self._workspace, account, key),
                )
                return Outcome.UNKNOWN
            case "taken, and the answer lost":
                world.take(self._workspace, account, key)
                return Outcome.UNKNOWN
        world.take(self._workspace, account, key)
        process.give_way()
        return Outcome.ACCEPTED

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:  # noqa: ARG002 filed already
        return True

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        if self._trouble(mailbox) is not None:
            return Search.INCONCLUSIVE
        self._process.give_way()
        key = message_of(message_id)
        shown = self._world.shows(self._workspace, mailbox.account_id, key)
        return Search.FOUND if shown else Search.ABSENT

    def since(self, mailbox: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        trouble = self._trouble(mailbox)
        if trouble is not None:
            return AccountTrouble(trouble)
        now = self._world.machine.now()
        inbox = list(self._world.server(self._workspace, mailbox.account_id).inbox)
        found = [Incoming(each.key, self._meaning(each)) for each in inbox[int(cursor or 0) :]]
        self._process.give_way()
        return Arrivals(str(len(inbox)), found, read_until=now)

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        self._process.give_way()
        if not self._world.machine.quiet:
            self._process.pause(self._process.random.choice(CHECK_LASTS))
        return Findings(simulated_report(self._trouble(mailbox)))

    def _meaning(self, arrival: Arrival) -> Inbound:
        key = arrival.key.partition(" ")[0]
        whom = self._world.whom.get(key)
        about = [Sent(key, *whom, "")] if whom else []
        return Inbound(arrival.kind, "As told.", about, arrival.until, arrival.unknown)

    def _trouble(self, mailbox: Mailbox) -> FailureClass | None:
        server, machine = (
            self._world.server(self._workspace, mailbox.account_id),
            self._world.machine,
        )
        if server.silent_until > machine.seconds and not machine.quiet:
            machine.faults["silent server"] += 1
            self._process.pause(20.0)
            return FailureClass.UNREACHABLE
        if mailbox.credentials != server.password:
            return FailureClass.AUTH_BAD_CREDENTIALS
        return server.refuses


class People:
    """``Directory``, as far as sending asks for one. Who is forgotten stays so."""

    def __init__(self) -> None:
        self.forgotten: set[tuple[str, RecipientId]] = set()

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        return self.people(workspace, [recipient_id]).get(recipient_id)

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        return BEGINNING if (workspace, recipient_id) in self.forgotten else None

    def recipient_at(self, _: str, address: str) -> RecipientId | None:
        name, _, domain = address.partition("@")
        return name if domain == "x.test" else None

    def people(
        self, workspace: str, recipient_ids: "list[RecipientId]"
    ) -> Mapping[RecipientId, Person]:
        return {
            each: Person(f"{each}@x.test")
            for each in recipient_ids
            if (workspace, each) not in self.forgotten
        }


def a_day(at: datetime, days: int) -> date:
    return (at + timedelta(days=days)).date()
