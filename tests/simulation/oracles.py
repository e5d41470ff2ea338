"""What must hold, after every item and at the end, whatever was asked and whatever broke.

The law's auditor and the judge of sending hold the log to the law; the servers' own ledger tells
what really went out; topic, tree and views are compared with the log.
"""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import NamedTuple

from adapters.stores.memory import MemoryViews
from engine.audit import Auditor, Violation
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.audit.source import NEVER_RESTORED
from engine.batch import derived_id
from engine.decoding import decode_page
from engine.projecting import ProjectionRunner
from engine.proof.sequencing import Commitments
from engine.proof.verifying import verified
from events import campaign as of
from events.campaign import GracePeriodStarted
from events.email_account import NoticeAttempted
from events.recorded import Recorded
from events.vocabulary import IncidentKind, SearchResult
from projections.shipped import SHIPPED
from tests.proof.sending_judge import Message, SendingJudge
from tests.simulation.mail import Delivery
from tests.simulation.rules import rules_of
from tests.simulation.workers import SECRET, World

PAGE = 100_000
UNDER_WAY = 300.0
"""Seconds after which no message is on its way any more."""
LENGTHS = {IncidentKind.FAILURE: timedelta(days=9), IncidentKind.DISCONNECT: timedelta(hours=1)}
SHADOW = 40
"""Events after a fault that count as told under it."""


class Violated(AssertionError):
    """Something does not hold that must."""


class Messages(list[Message]):
    """Which are found by whom they went to."""

    def __init__(self) -> None:
        super().__init__()
        self.to: dict[tuple[str, str], list[Message]] = defaultdict(list)
        self.by_send: dict[str, Message] = {}

    def append(self, message: Message) -> None:
        super().append(message)
        self.to[message.campaign, message.recipient].append(message)
        self.by_send[message.send_id] = message


class Judge(SendingJudge):
    """Who came from another program has received what they received there."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: Messages = Messages()

    def _to(self, campaign: str, recipient: str) -> list[Message]:
        return self.messages.to.get((campaign, recipient), [])

    def _last(self, event: of.SendEvent) -> Message:
        return self.messages.by_send[event.send_id]

    def _fact(self, recorded: Recorded) -> None:
        match recorded.event:
            case of.RecipientMigrated() as event:
                for step in event.steps:
                    self.messages.append(
                        Message(
                            event.campaign_id,
                            event.recipient_id,
                            event.account_id,
                            step,
                            f"before {event.campaign_id} {event.recipient_id} {step}",
                            event.received_at - timedelta(days=400),
                            "accepted",
                            event.received_at,
                        )
                    )
            case _:
                super()._fact(recorded)


class Send(NamedTuple):
    """What the log says of a message: its latest reservation and what became of it."""

    reserved: int
    """Position."""
    recorded_at: datetime
    state: str
    since: int
    """Position from which on it is so."""


class Oracles:
    def __init__(self, world: World) -> None:
        self._world = world
        self.commands = self.events = 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self._hash = sha256()
        self._struck: dict[str, int] = {}
        """By fault, up to which event it casts its shadow."""
        self._seen_faults: Counter[str] = Counter()
        self._lost: set[str] = set()
        """Messages that went out in a part of the log that is lost."""
        self._restored_at = NEVER_RESTORED
        self._checked = 0
        self._begin()

    def _begin(self) -> None:
        self._found: list[Violation] = []
        self._auditor = Auditor(self._found.append, self._restored_at)
        self._judges: dict[str, Judge] = defaultdict(Judge)
        self._sends: dict[str, list[Send]] = defaultdict(list)
        self._position = self._envelopes = 0

    @property
    def _restored(self) -> bool:
        return self._restored_at < NEVER_RESTORED

    @property
    def digest(self) -> str:
        whole = self._hash.copy()
        for each in self._world.mail.ledger:
            whole.update(repr(each).encode())
        return whole.hexdigest()[:16]

    def restored(self) -> None:
        """The log is another one: what the end of it told is lost."""
        known = {*self._sends}
        self._restored_at = min(self._restored_at, self._world.disk.store.last_position() + 1)
        before = {key: list(each) for key, each in self._sends.items()}
        self._begin()
        self._hash.update(b"restored")
        self._read(count=False)
        for key in known:
            if before[key] != self._sends.get(key):
                self._lost.add(key)
        self._checked = len(self._world.mail.ledger)

    # After every item.

    def look(self) -> None:
        self._read()
        self._ledger()

    def _read(self, *, count: bool = True) -> None:
        store = self._world.disk.store
        self._note_faults()
        envelopes = len(self._world.disk.recorder.envelopes)
        if count:
            self.commands += envelopes - self._envelopes
        self._envelopes = envelopes
        page = store.read(self._position, PAGE)
        if not page.rows:
            return
        if count:
            self._hash.update(repr(page).encode())
        self._auditor.read(page)
        if self._found:
            raise Violated(f"the law's auditor: {self._found[0]}")
        for each in decode_page(page, self._position):
            self._take_in(each, count=count)
        self._position = page.rows[-1][0]

    def _take_in(self, recorded: Recorded, *, count: bool) -> None:
        event = recorded.event
        if isinstance(event, of.SendEvent):
            self._follow(recorded, event)
        if isinstance(event, GracePeriodStarted):
            due = event.started_at + LENGTHS[event.kind]
            self._require(event.deadline_at == due, f"S2: due {event.deadline_at}, not {due}")
        if count:
            self.events += 1
            for rule in rules_of(event):
                for fault, until in self._struck.items():
                    if self.events <= until:
                        self.pairs[fault, rule] += 1
        if not self._restored:
            try:
                self._judges[recorded.envelope.workspace].read([recorded])
            except AssertionError as error:
                raise Violated(f"the judge of sending: {error}") from error

    def _follow(self, recorded: Recorded, event: of.SendEvent) -> None:
        history = self._sends[event.send_id]
        at, place = recorded.envelope.recorded_at, recorded.position
        if isinstance(event, of.SendReserved):
            history.append(Send(place, at, "reserved", place))
            return
        state = _state(event)
        if state and history:
            history.append(history[-1]._replace(state=state, since=place))
        elif state:
            history.append(Send(place, at, state, place))

    def _note_faults(self) -> None:
        faults = self._world.machine.faults
        for fault, times in faults.items():
            if times > self._seen_faults[fault]:
                self._struck[fault] = self.events + SHADOW
        self._seen_faults = Counter(faults)

    # What really went out.

    def _ledger(self) -> None:
        ledger = self._world.mail.ledger
        for number in range(self._checked, len(ledger)):
            self._delivery(ledger[number], ledger[:number])
        self._checked = len(ledger)

    def _delivery(self, sent: Delivery, before: Sequence[Delivery]) -> None:
        fenced = self._world.disk.lacks_sends_since
        early = fenced is None or sent.seconds < fenced + UNDER_WAY
        self._require(early, f"M6: message {sent.key} was sent by a store that lacks what it did")
        if sent.epoch != self._world.disk.epoch:
            self._lost.add(sent.key)
        if sent.key in self._lost:
            return
        again = [each for each in before if each.key == sent.key]
        self._require(not again, f"M2: message {sent.key} was sent twice, {again} and {sent}")
        then = [each for each in self._sends[sent.key] if each.since <= sent.position]
        self._require(bool(then), f"M2: message {sent.key} was sent without a reservation")
        state = then[-1].state
        allowed = state in ("reserved", "accepted", "unknown", "inconclusive", "found")
        self._require(allowed, f"M2: message {sent.key} was sent when the log had it as {state}")

    # At the end.

    def finish(self) -> None:
        self.look()
        store, disk = self._world.disk.store, self._world.disk
        self._auditor.finish(store.last_position())
        self._require(not self._found, f"the law's auditor: {self._found[:1]}")
        for problem in (*check_indexes(store), *check_entries(store)):
            raise Violated(f"the store: {problem}")
        if disk.alarms:
            return  # nobody reconciled it: nothing goes on, and nothing has to
        self._recorded()
        self._settled()
        self._views()
        self._topic()
        self._tree()
        self._notices()
        self._answers()

    def _recorded(self) -> None:
        """What a server took is in the log as accepted or unknown."""
        for sent in self._world.mail.ledger:
            if sent.key in self._lost:
                continue
            state = self._sends[sent.key][-1].state
            known = state in ("accepted", "unknown", "found", "inconclusive")
            self._require(known, f"M2: message {sent.key} went out, and the log has it as {state}")

    def _settled(self) -> None:
        """S7: what fell due is done."""
        store = self._world.disk.store
        late = list(store.due_workspaces(store.now() - timedelta(seconds=120)))
        self._require(not late, f"S7: still due in {late}")

    def _views(self) -> None:
        store, kept, fresh = self._world.disk.store, self._world.disk.views, MemoryViews()
        for views in (kept, fresh):
            ProjectionRunner(store, views, SHIPPED).catch_up()
        for each in SHIPPED:
            same = list(kept.rows(each)) == list(fresh.rows(each))
            self._require(same, f"the view {each.name} is not what the log says")

    def _topic(self) -> None:
        """Every entry once, in order, and as it is stored."""
        topic, store = self._world.topic, self._world.disk.store
        told = [entry for entry, _ in topic.records]
        log = list(store.entries(-1, PAGE))
        numbers = [each.number for each in told]
        self._require(
            numbers == list(range(len(told))), f"the topic has gaps or doubles: {numbers[-5:]}"
        )
        self._require(told == log, f"the topic has {len(told)} entries, the log {len(log)}")
        values = [record.value for entry, record in topic.records if entry.row is not None]
        self._require(
            values == [each.row[4] for each in log if each.row], "the topic tells otherwise"
        )

    def _tree(self) -> None:
        """Every checkpoint that was published is one of this history."""
        store, tiles = self._world.disk.store, self._world.tiles
        name = f"sim/{store.identity.generation}"
        own = [found for origin, found in tiles.checkpoints if origin == name]
        sizes = [each.size for each in own]
        self._require(sizes == sorted(sizes), "the tree became smaller")
        for each in [own[0], own[len(own) // 2], own[-1]] if own else ():
            commitments = Commitments(store, lambda workspace: SECRET + workspace.encode())
            differs = verified(commitments, store.last_entry() + 1, each, tiles.of(name))
            self._require(differs is None, f"the tree at {each.size}: {differs}")

    def _notices(self) -> None:
        """N2: what an owner got is recorded."""
        delivered = {
            (
                each.envelope.workspace,
                each.event.account_id,
                each.event.incident_id,
                str(each.event.number),
            )
            for each in decode_page(self._world.disk.store.read(0, PAGE), 0)
            if isinstance(each.event, NoticeAttempted) and each.event.delivered
        }
        lacking = self._world.outbox.got.keys() - delivered
        self._require(self._restored or not lacking, f"N2: no attempt is recorded of {lacking}")

    def _answers(self) -> None:
        """M4, M5: whatever the cursor has passed is recorded."""
        disk, mail = self._world.disk, self._world.mail
        for (workspace, account), cursor in disk.cursors.items():
            read = mail.server(workspace, account).inbox[: int(cursor.place or 0)]
            for each in read if not self._restored else ():
                whom = mail.whom[each.key.partition(" ")[0]]
                name = derived_id("inbox", workspace, account, each.key, *whom)
                known = disk.store.envelope(workspace, name) is not None
                self._require(known, f"M5: {each.kind} of {whom} was read and not recorded")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violated(otherwise)


def _state(event: of.SendEvent) -> str | None:
    match event:
        case of.EmailAccepted():
            return "accepted"
        case of.EmailOutcomeUnknown():
            return "unknown"
        case of.EmailRefused():
            return "refused"
        case of.SentSearched(result=result):
            return "absent" if result is SearchResult.ABSENT else str(result)
        case _:
            return None
