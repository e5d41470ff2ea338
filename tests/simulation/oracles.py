"""What must hold, after every item and at the end, whatever was asked and whatever broke.

The law's auditor and the judge of sending hold the log to the law; the servers' own ledger tells
what really went out; topic, tree and views are compared with the log.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from operator import itemgetter
from typing import NamedTuple

from adapters.stores.memory import MemoryViews
from engine.audit import Auditor, Violation
from engine.audit.auditor import TAKEN_WHEN_FENCED
from engine.audit.books import NEVER, Books
from engine.audit.entry_check import check_entries
from engine.audit.index_check import check_indexes
from engine.audit.pausing import BOUNCES
from engine.audit.source import NEVER_RESTORED
from engine.batch import derived_id
from engine.decoding import decode_page
from engine.entries import Numbered
from engine.ports.log import Page
from engine.projecting import ProjectionRunner
from engine.proof.sequencing import Commitments
from engine.proof.verifying import verified
from engine.work.inbound import Kind
from events import campaign as of
from events.campaign import GracePeriodStarted
from events.email_account import (
    AccountDisconnected,
    CheckPassed,
    CheckRequested,
    NoticeAttempted,
    NoticeIssued,
    OneClickReconnected,
)
from events.recorded import Envelope, Recorded
from events.suppression import PersonReleased
from events.vocabulary import (
    AccountId,
    CampaignStatus,
    IncidentKind,
    RecipientStatus,
    SearchResult,
)
from projections.shipped import SHIPPED
from tests.proof.sending_judge import Message, SendingJudge
from tests.simulation.claims import false_fact
from tests.simulation.disk import Opening
from tests.simulation.lost_part import LostPart
from tests.simulation.mail import Delivery
from tests.simulation.refusals import false_claim
from tests.simulation.rules import rules_of, rules_of_refusal
from tests.simulation.waiting import Seen, Waiting
from tests.simulation.webhooks import lacking
from tests.simulation.workers import SECRET, World

PAGE = 100_000
UNDER_WAY = 300.0
"""Seconds after which no message is on its way any more."""
LENGTHS = {IncidentKind.FAILURE: timedelta(days=9), IncidentKind.DISCONNECT: timedelta(hours=1)}
MOST_BOUNCES, FEWEST = 0.05, 50
GOES_OUT = ("accepted", "unknown", "found", "inconclusive")
SHADOW, SHADOW_LASTS = 40, timedelta(days=1)
"""Events and time after a fault for which it has just been."""


RECORDED_AS = {
    Kind.REPLY: "RecordSignal",
    Kind.BOUNCE: "RecordSignal",
    Kind.UNSUBSCRIBE: "RecordSignal",
    Kind.COMPLAINT: "RecordComplaint",
    Kind.AUTO_REPLY: "RecordAutoReply",
}


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


class AskedFor(NamedTuple):
    """A check. It counts as of ``at`` if it ends by ``until`` (C6)."""

    workspace: str
    account_id: AccountId
    at: datetime
    until: datetime


class Oracles:
    def __init__(self, world: World) -> None:
        self._world = world
        self.commands = self.events = 0
        self.pairs: Counter[tuple[str, str]] = Counter()
        self._hash = sha256()
        self._struck: dict[str, tuple[int, datetime]] = {}
        """By fault, up to which event and moment it has just been."""
        self._seen_faults: Counter[str] = Counter()
        self._lost: set[str] = set()
        """Messages that went out in a part of the log that is lost."""
        self._restored_at = NEVER_RESTORED
        self._lost_part = LostPart(world)
        self._checked = 0
        self._waits: set[str] = set()
        """What waited before the last round of rest, and must not wait."""
        self._begin()
        world.disk.on_commit.append(lambda _: self._fenced())
        world.disk.on_open.append(self._opened)

    def _begin(self) -> None:
        self._found: list[Violation] = []
        self._auditor = Auditor(self._found.append, self._restored_at)
        self._judges: dict[str, Judge] = defaultdict(Judge)
        self._sends: dict[str, list[Send]] = defaultdict(list)
        self._waiting = Waiting(self._world)
        self._asked: dict[str, AskedFor] = {}
        self._settling: dict[str, tuple[datetime, datetime]] = {}
        """By workspace, when it was settled last, and what was settled last then, by due time."""
        self._position = self._refused = 0
        recorder = self._world.disk.recorder
        self._envelopes = len(recorder.envelopes)
        self._seen = len(recorder.filled), len(recorder.without_events)

    @property
    def _restored(self) -> bool:
        return self._restored_at < NEVER_RESTORED

    @property
    def digest(self) -> str:
        whole = self._hash.copy()
        for each in self._world.mail.ledger:
            whole.update(repr(each).encode())
        return whole.hexdigest()[:16]

    def digest_too(self, octets: bytes) -> None:
        """Something else that is the same whenever the seed is run."""
        self._hash.update(octets)

    def restored(self) -> None:
        """The log is another one: what the end of it told is lost."""
        known = {*self._sends}
        self._restored_at = min(self._restored_at, self._world.disk.store.last_position() + 1)
        before = {key: list(each) for key, each in self._sends.items()}
        books = self._all_books()
        self._begin()
        self._hash.update(b"restored")
        self._read(count=False)
        told = {key for key, sends in self._sends.items() if sends[-1].state in GOES_OUT}
        self._lost_part.restored(told, books, self._all_books())
        for key in known:
            if before[key] != self._sends.get(key):
                self._lost.add(key)
        self._checked = len(self._world.mail.ledger)

    # After every item.

    def next_deadline(self, workspace: str) -> datetime | None:
        """When the next clock of the workspace runs out."""
        due = self._books(workspace).next_due
        return None if due == NEVER else due

    def _opened(self, opening: Opening) -> None:
        unread = self._lost_part.opened(opening)
        self._require(not unread, unread)

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
        if count and page.rows:
            self._hash.update(repr(page).encode())
        recorded = list(decode_page(page, self._position))
        bounces = [each for each in recorded if isinstance(each.event, of.RecipientBounced)]
        self._audit(page, bounces, count=count)
        for each in recorded:
            self._take_in(each, count=count)
        if page.rows:
            self._position = page.rows[-1][0]
            self._suppressed(page)

    def _audit(self, page: Page, bounces: Sequence[Recorded], *, count: bool) -> None:
        """What a refusal says is held to what was recorded before it; after a bounce, the campaign
        to the number of them."""
        without = self._world.disk.recorder.without_events
        refused = [each for each in page.envelopes if each.rejection]
        refused += [each for each in _envelopes(without[self._refused :]) if each.rejection]
        self._refused = len(without)
        held: list[tuple[int, Callable[[], str]]] = [
            (each.first_position - 1, partial(self._false, each)) for each in refused
        ]
        held += [(each.envelope.last_position, partial(self._unpaused, each)) for each in bounces]
        for each in refused if count else ():
            self._count(rules_of_refusal(each), each.recorded_at)
        for position, false in sorted(held, key=itemgetter(0)):
            self._follow_auditor(position)
            self._require(not false(), false())
        self._follow_auditor(page.rows[-1][0] if page.rows else 0)

    def _false(self, refused: Envelope) -> str:
        false = false_claim(self._books(refused.workspace), refused)
        return f"a refusal at {refused.first_position}: {false}" if false else ""

    def _unpaused(self, bounced: Recorded) -> str:
        """M8: a campaign with too many bounces is paused."""
        assert isinstance(bounced.event, of.RecipientBounced)
        campaign = self._books(bounced.workspace).campaigns[bounced.event.campaign_id]
        under_way = campaign.status in (CampaignStatus.RUNNING, CampaignStatus.PAUSED)
        passed = campaign.sends >= FEWEST and campaign.bounces > MOST_BOUNCES * campaign.sends
        if not (under_way and passed) or BOUNCES in campaign.causes:
            return ""
        return f"M8: {campaign.bounces} of {campaign.sends} bounced, and {campaign.id} goes on"

    def _follow_auditor(self, until: int) -> None:
        """Up to that position."""
        position = self._auditor.position
        if until > position:
            self._auditor.read(self._world.disk.store.read(position, until - position))
        for books, _ in self._auditor._workspaces.values():
            books.tells_every_cure = True  # N3; older programs did not
        if self._found:
            raise Violated(f"the law's auditor: {self._found[0]}")

    def _books(self, workspace: str) -> Books:
        known = self._auditor._workspaces.get(workspace)
        return known[0] if known else Books(workspace, lambda *_: None)

    def _suppressed(self, page: Page) -> None:
        """M7: whoever unsubscribed, complained or has no such address is suppressed with it."""
        released: set[tuple[str, str]] = set()
        for each in reversed(list(decode_page(page, page.rows[0][0] - 1))):
            event = each.event
            if isinstance(event, PersonReleased):
                released.add((each.workspace, event.recipient_id))
            elif isinstance(event, of.RecipientEvent) and _suppresses(event):
                kept = event.recipient_id in self._books(each.workspace).suppressed
                free = (each.workspace, event.recipient_id) in released
                self._require(kept or free, f"M7: nobody suppressed {event.recipient_id}: {event}")

    def _fenced(self) -> None:
        """M6: while it lacks what it did, a store settles nothing and takes nothing else."""
        recorder, (filled, without) = self._world.disk.recorder, self._seen
        self._seen = len(recorder.filled), len(recorder.without_events)
        if self._world.disk.lacks_sends_since is None:
            return
        new = [*recorder.filled[filled:], *_envelopes(recorder.without_events[without:])]
        for each in new:
            asked = each.causation_id is None and each.actor != "clock"
            allowed = each.command in TAKEN_WHEN_FENCED if asked else each.actor != "clock"
            self._require(allowed, f"M6: {each.command} was recorded in a fenced store")

    def _take_in(self, recorded: Recorded, *, count: bool) -> None:
        event = recorded.event
        self._waiting.take_in(recorded)
        self._in_time(recorded)
        self._in_order(recorded)
        if isinstance(event, of.SendEvent):
            self._follow(recorded, event)
        if isinstance(event, GracePeriodStarted):
            due = event.started_at + LENGTHS[event.kind]
            self._require(event.deadline_at == due, f"S2: due {event.deadline_at}, not {due}")
        if count:
            false = false_fact(self._world, recorded) or self._lost_part.unasked(recorded)
            self._require(not false, false)
            self.events += 1
            fenced = ("M6",) if self._world.disk.lacks_sends_since is not None else ()
            self._count((*rules_of(event), *fenced), recorded.envelope.recorded_at)
        if not self._restored:
            try:
                self._judges[recorded.envelope.workspace].read([recorded])
            except AssertionError as error:
                raise Violated(f"the judge of sending: {error}") from error

    def _in_time(self, recorded: Recorded) -> None:
        """C6: a check that a user asked for, and that ends in time, counts as of its request.
        N1: of missed reminders only the latest is sent."""
        event = recorded.event
        if isinstance(event, NoticeIssued):
            incident = self._books(recorded.workspace).account(event.account_id).incidents
            remind_at = incident[event.incident_id].remind_at
            later = [each for each in remind_at if event.due_at < each < event.occurred_at]
            self._require(event.due_at not in remind_at or not later, f"N1: {event} is outdated")
        if isinstance(event, CheckRequested):
            self._asked[event.check_id] = AskedFor(
                recorded.workspace, event.account_id, event.occurred_at, event.patience_ends_at
            )
        elif isinstance(event, AccountDisconnected):
            about = recorded.workspace, event.account_id
            self._asked = {key: each for key, each in self._asked.items() if each[:2] != about}
        elif isinstance(event, CheckPassed | OneClickReconnected):
            asked = self._asked.pop(event.check_id or "", None)
            if asked is not None and recorded.envelope.recorded_at <= asked.until:
                same = event.occurred_at == asked.at
                self._require(same, f"C6: it counts as of {event.occurred_at}, not {asked.at}")

    def _in_order(self, recorded: Recorded) -> None:
        """S7: what is due is settled in the order of its due times."""
        match recorded.event:
            case of.HoldEnded(occurred_at=due):
                pass
            case of.GracePeriodExpired(deadline_at=due, occurred_at=at) if at == due:
                if any(each.at <= due <= each.until for each in self._asked.values()):
                    return
            case _:
                return
        settled, workspace = recorded.envelope.recorded_at, recorded.workspace
        last, before = self._settling.get(workspace, (settled, due))
        self._require(last != settled or before <= due, f"S7: due {due}, settled after {before}")
        self._settling[workspace] = settled, due

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
        until = self.events + SHADOW, self._world.machine.now() + SHADOW_LASTS
        struck = [each for each, times in faults.items() if times > self._seen_faults[each]]
        for fault in (*struck, *self._world.under_way()):
            self._struck[fault] = until
        self._seen_faults = Counter(faults)

    def _count(self, rules: Sequence[str], at: datetime) -> None:
        """Decided upon while these faults are under way, or have just been."""
        for fault, (event, moment) in self._struck.items() if rules else ():
            if self.events <= event and at <= moment:
                for rule in rules:
                    self.pairs[fault, rule] += 1

    # What really went out.

    def _ledger(self) -> None:
        intruders = self._world.mail.intruders
        self._require(not intruders, f"M2: who lost the lease submitted {intruders[:1]}")
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
            known = self._lost_part.sent_again(sent)
            self._require(not known, known)
            return
        again = [each for each in before if each.key == sent.key]
        self._require(not again, f"M2: message {sent.key} was sent twice, {again} and {sent}")
        then = [each for each in self._sends[sent.key] if each.since <= sent.position]
        self._require(bool(then), f"M2: message {sent.key} was sent without a reservation")
        state = then[-1].state
        allowed = state == "reserved" or state in GOES_OUT
        self._require(allowed, f"M2: message {sent.key} was sent when the log had it as {state}")

    # At the end.

    def rested(self) -> None:
        """Called after each round of rest, while all is well."""
        self.look()
        waits = set() if self._restored else self._waiting.sentences(self._all_seen())
        vain = sorted(waits & self._waits)
        self._require(not vain, f"it waits in vain: {vain[:1]}")
        self._waits = waits

    def stirred(self) -> None:
        """Whatever waits, from here on something may be in its way."""
        self._waits = set()

    def _all_books(self) -> dict[str, Books]:
        return {name: books for name, (books, _) in self._auditor._workspaces.items()}

    def _all_seen(self) -> dict[str, Seen]:
        return {name: Seen(name, self._books(name), judge) for name, judge in self._judges.items()}

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
        lacks = lacking(disk, self._world.receiver, restored=self._restored)
        self._require(not lacks, f"a webhook: {lacks}")

    def _recorded(self) -> None:
        """What a server took is in the log as accepted or unknown."""
        for sent in self._world.mail.ledger:
            if sent.key in self._lost:
                continue
            state = self._sends[sent.key][-1].state
            known = state in GOES_OUT
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
                known = disk.store.envelope(workspace, name)
                told = f"{each.kind} of {whom}"
                self._require(known is not None, f"M5: {told} was read and not recorded")
                as_told = known is not None and known.command == RECORDED_AS[each.kind]
                self._require(as_told, f"M5: {told} was recorded as {known}")

    def _require(self, holds: bool, otherwise: str) -> None:
        if not holds:
            raise Violated(otherwise)


def _envelopes(numbered: Sequence[Numbered]) -> list[Envelope]:
    return [each.envelope for each in numbered if each.envelope is not None]


def _suppresses(event: of.RecipientEvent) -> bool:
    match event:
        case of.ComplaintReceived() | of.RecipientUnsubscribed():
            return True
        case of.LateSignalRecorded(signal=signal):
            return signal is RecipientStatus.UNSUBSCRIBED
        case of.RecipientBounced(address_unknown=unknown):
            return bool(unknown)
        case _:
            return False


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
