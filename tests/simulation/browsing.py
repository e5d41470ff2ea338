"""Who answers visits, and what must hold of the answers."""

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, NamedTuple

from adapters.composition.access import staff_of, tokens_of
from adapters.http.commands.keys import key_of
from engine.decoding import decode_page
from engine.ports.errors import StoreError
from engine.work.api_tokens import ApiToken, NoSuchToken
from engine.work.permissions import Caller, Role
from engine.work.staff import Member, Session, digest_of
from events.campaign import SenderRemoved
from events.email_account import AccountConnected, SettingsUpdated
from events.recorded import Recorded
from events.suppression import PersonSuppressed
from tests.proof.fragile import Crash
from tests.simulation.company import WEBS
from tests.simulation.disk import KEY, WITH_REQUEST
from tests.simulation.machine import Process
from tests.simulation.oracles import PAGE, Violated
from tests.simulation.plan import Item
from tests.simulation.visits import ASKED, Visit, caller_name, secret_of
from tests.simulation.vocabulary import WORKSPACES
from tests.simulation.web import Answer, Call, Web, opened_over
from tests.simulation.workers import Program, Remembering, World

LOST = 0.12
"""The share of answers that do not arrive."""
A_YEAR = timedelta(days=366)
REVOKED_WITHIN = 1.0
"""Seconds."""
EVERYTHING = (*ASKED,)
MAY_NOT: dict[str, Sequence[str]] = {
    "viewer": EVERYTHING,
    "support": ("start", "pause", "remove", "assign", "reply", "settings"),
}
"""By role, what it may not ask for."""


class Before(NamedTuple):
    """How things were when a request came."""

    seconds: float
    now: str
    position: int
    epoch: int
    skew: float


@dataclass
class Key:
    """What became of the requests under it."""

    visit: Visit
    acknowledged: Any = None
    unknown: bool = False
    """Somebody got no answer: it may have been done."""


class Twin(NamedTuple):
    """The same request, sent once more at the same time: a button that is pressed twice."""

    visit: Visit
    call: Call

    def go_on(self, answer: Answer | None) -> None: ...


class Browsing:
    """What a plan may tell of visits; nothing where it has none."""

    def __init__(self, world: World, digest: Callable[[bytes], object]) -> None:
        self._world, self._digest = world, digest
        self._waiting: dict[str, deque[Visit | Twin]] = defaultdict(deque)
        self._under_way: dict[str, Visit | Twin] = {}
        self._processes: dict[str, Process] = {}
        self._numbers = 0
        self._revoked: dict[str, float] = {}
        self._doubtful: set[str] = set()
        """Callers whose tokens were revoked before a restore, which may have brought them back."""
        self._begin()

    def _begin(self) -> None:
        self._epoch = self._world.disk.epoch
        self._keys: dict[tuple[str, str], Key] = {}
        self._doubtful.update(self._revoked)
        self._revoked.clear()
        self._engine = Remembering(self._world.disk.store)

    def act(self, kind: str) -> Callable[[Item], object] | None:
        acts: dict[str, Callable[[Item], object]] = {
            "visit": self._visit,
            "revoke_token": lambda item: self._revoke(
                caller_name(item.told["role"], item.workspace)
            ),
        }
        return acts.get(kind) if self._processes else None

    def open(self) -> Sequence[Process]:
        """Callers with tokens and sessions, and the processes that answer them."""
        opened = opened_over(self._world, self._world.disk.tables_of(None))
        tokens, staff, now = tokens_of(opened), staff_of(opened), self._world.disk.store.now()
        for workspace in WORKSPACES:
            for role in ("viewer", "support", "operator"):
                name = caller_name(role, workspace)
                token = ApiToken(name, Role(role), workspace, now, now + A_YEAR)
                tokens.add(digest_of(secret_of(name)), token)
            name = caller_name("session", workspace)
            staff.add(Member(name, Role.OPERATOR, workspace))
        machine = self._world.machine
        self._processes = {name: Process(machine, name, self._live) for name in WEBS}
        return list(self._processes.values())

    def _visit(self, item: Item) -> None:
        self._numbers += 1
        visit = Visit(self._world, self._numbers, item.workspace, item.told)
        if item.told["role"] == "session":
            opened = opened_over(self._world, self._world.disk.tables_of(None))
            now = self._world.disk.store.now()
            session = digest_of(secret_of(visit.name))
            staff_of(opened).end(session)
            staff_of(opened).begin(session, Session(visit.name, now, now))
        self._hand_in(visit)

    def _revoke(self, name: str) -> None:
        opened = opened_over(self._world, self._world.disk.tables_of(None))
        if name not in self._revoked:
            with suppress(NoSuchToken):  # it is revoked in the backup, too
                tokens_of(opened).revoke(name)
            self._revoked[name] = self._world.machine.seconds
            self._doubtful.discard(name)
            self._world.machine.faults["token revoked"] += 1

    # Answering.

    def _hand_in(self, visit: Visit) -> None:
        call, machine = visit.call, self._world.machine
        if call is None:
            return
        names = visit.random.sample(WEBS, 2)
        twice = visit.told["manner"] == "twice" and "Idempotency-Key" in call.headers
        sent: list[Visit | Twin] = [visit, Twin(visit, call)] if twice else [visit]
        machine.faults["asked twice"] += twice

        def arrive() -> None:
            for name, each in zip(names, sent, strict=False):
                self._waiting[name].append(each)
                self._processes[name].wake((0.0, 0.01, 0.2))

        machine.at(machine.seconds + call.after, arrive)

    def _live(self, process: Process) -> None:
        name = process.name
        running, web = Program(self._world, process), None
        if name in self._under_way:
            self._answered(self._under_way.pop(name), None)
        while True:
            if not self._waiting[name]:
                process.wait(1e6)
                continue
            if web is None or web.epoch != self._world.disk.epoch:
                web = self._made(process, running)
            asked = self._under_way[name] = self._waiting[name].popleft()
            answer = self._ask(process, web, asked)
            del self._under_way[name]
            self._answered(asked, answer)

    def _made(self, process: Process, running: Program) -> Web:
        """A process that cannot reach its store ends, and is started again."""
        try:
            return Web(self._world, running, self._world.disk.tables_of(process))
        except StoreError as error:
            raise Crash from error

    def _ask(self, process: Process, web: Web, asked: Visit | Twin) -> Answer | None:
        machine, store, call = process.machine, self._world.disk.store, asked.call
        assert call is not None
        visit = asked.visit if isinstance(asked, Twin) else asked
        epoch, skew = self._world.disk.epoch, machine.skew
        now = store.now().isoformat()
        before = Before(machine.seconds, now, store.last_position(), epoch, skew)
        process.give_way()
        answer = web.answer(call)
        if self._world.disk.epoch == epoch:
            self._judge(visit, call, before, answer)
        process.give_way()
        if not machine.quiet and visit.random.random() < LOST:
            machine.faults["answer lost"] += 1
            return None
        return answer

    def _answered(self, asked: Visit | Twin, answer: Answer | None) -> None:
        visit = asked.visit if isinstance(asked, Twin) else asked
        if answer is None:
            self._key(visit).unknown = True
        asked.go_on(answer)
        if isinstance(asked, Visit):
            self._hand_in(asked)

    def _key(self, visit: Visit) -> Key:
        if self._epoch != self._world.disk.epoch:
            self._begin()
        key = visit.workspace, _id_of(visit)
        if key not in self._keys:
            self._keys[key] = Key(visit, unknown=visit.epoch != self._epoch)
        return self._keys[key]

    # What must hold of one answer.

    def _judge(self, visit: Visit, call: Call, before: Before, answer: Answer) -> None:
        key, status = self._key(visit), answer.status
        told = f"{visit.told} {call.method} {call.path}: {status} {answer.body}"[:600]
        self._digest(f"{call} {status} {answer.body}".encode())
        self._world.machine.faults[f"answered {status}"] += 1
        drive_failed = status == 500 and answer.body["code"] == "store_failed"
        _require(status != 500 or drive_failed, f"it failed: {told}")
        self._rights(visit, call, before, answer, told)
        if status == 200 and call.method == "GET":
            self._reading(visit, call, told, answer)
        elif status == 200 and "Idempotency-Key" in call.headers:
            self._acknowledged(key, call, before, answer, told)
        elif status >= 500:
            key.unknown = True

    def _rights(self, visit: Visit, call: Call, before: Before, answer: Answer, told: str) -> None:
        gone = self._revoked.get(visit.name)
        if gone is not None and before.seconds > gone + REVOKED_WITHIN:
            _require(answer.status == 401, f"a revoked token is taken: {told}")
        good = gone is None and visit.name not in self._doubtful
        if good and answer.status == 401 and visit.told["role"] != "session":
            raise Violated(f"a good token is refused: {told}")
        if answer.status >= 400:
            return
        may = call.method == "GET" or visit.told["asks"] not in MAY_NOT.get(visit.told["role"], ())
        _require(may, f"the role may not do this: {told}")
        manner = visit.told["manner"]
        _require(manner != "foreign", f"another workspace's: {told}")
        forged = manner == "forged" and visit.told["role"] == "session" and call.method != "GET"
        _require(not forged, f"a forged form is taken: {told}")

    def _reading(self, visit: Visit, call: Call, told: str, answer: Answer) -> None:
        """Lists say what the engine would decide by."""
        name = call.path.partition("?")[0]
        if name not in ("/campaigns", "/accounts") or self._world.disk.alarms:
            return
        if self._engine.store is not self._world.disk.store:
            self._engine = Remembering(self._world.disk.store)
        with self._engine.look(visit.workspace) as now:
            for row in answer.body["rows"]:
                of = now.campaign(row["campaign_id"]) if name == "/campaigns" else None
                status = (of or now.account(row["account_id"])).status
                _require(row["status"] == status, f"it is {status}: {told}")
            there = len(now.campaigns()) if name == "/campaigns" else len(answer.body["rows"])
        _require(len(answer.body["rows"]) == there, f"there are {there}: {told}")

    def _acknowledged(
        self, key: Key, call: Call, before: Before, answer: Answer, told: str
    ) -> None:
        about = call.path, call.body, answer.body
        if key.acknowledged is not None:
            _require(key.acknowledged == about, f"first it was {key.acknowledged}: {told}")
        key.acknowledged = about
        if answer.replayed:
            return
        visit = key.visit
        if visit.told["asks"] == "suppress":
            return
        store = self._world.disk.store
        envelope = store.envelope(visit.workspace, answer.body["command_id"])
        _require(envelope is not None, f"the log has nothing of it: {told}")
        assert envelope is not None
        caller = "staff" if visit.told["role"] == "session" else "token"
        _require(envelope.actor == f"user:{caller}:{visit.name}", f"it names another: {told}")
        recorded = self._between(envelope.first_position - 1, envelope.last_position)
        places = [(each.position, type(each.event).__name__) for each in recorded]
        for each in answer.body["events"][: len(places)]:
            _require((each["position"], each["type"]) in places, f"not so in the log: {told}")
        self._confirmed(visit, before, recorded, told)

    def _confirmed(
        self, visit: Visit, before: Before, recorded: Sequence[Recorded], told: str
    ) -> None:
        """What was done is what was shown."""
        asks = ASKED[visit.told["asks"]]
        if not asks.first or not recorded:
            return
        shown = visit.shown
        _require(asks.first != "preview" or shown is not None, f"nothing was shown: {told}")
        if shown is None or visit.epoch != before.epoch:
            return
        of_another = visit.told["manner"] == "token of another" and "{campaign}" in asks.path
        _require(not of_another, f"something else was shown: {told}")
        if asks.first == "preview":
            late = before.now > shown["expires_at"].replace("Z", "+00:00")
            _require(not late or before.skew != self._world.machine.skew, f"too late: {told}")
        for each in recorded:
            if isinstance(each.event, SenderRemoved):
                held = shown["preview"]["held"]
                _require(each.event.held == held, f"{held} were shown as held: {told}")
        if asks.first == "read":
            self._unchanged(visit, recorded[0].position, told)

    def _unchanged(self, visit: Visit, position: int, told: str) -> None:
        """Between what was read and what was written nobody else wrote."""
        for each in reversed(list(self._between(visit.read_at, position - 1))):
            event = each.event
            if (
                isinstance(event, SettingsUpdated | AccountConnected)
                and each.workspace == visit.workspace
                and event.account_id == visit.account
            ):
                same = event.settings.model_dump(mode="json") == visit.shown
                _require(same, f"it was changed meanwhile, at {each.position}: {told}")
                return

    def _between(self, after: int, until: int) -> list[Recorded]:
        page = self._world.disk.store.read(after, max(until - after, 0)) if until > after else None
        return list(decode_page(page, after)) if page else []

    # What must hold in the end.

    def finish(self) -> None:
        """Acknowledged requests are in the log, each once; refused ones left nothing."""
        if self._epoch != self._world.disk.epoch or self._world.disk.alarms:
            return
        counts: dict[tuple[str, str], list[int]] = defaultdict(list)
        recorder = self._world.disk.recorder
        without = (each.envelope for each in recorder.without_events if each.envelope)
        for each in (*recorder.filled, *without):
            if len(each.command_id) == WITH_REQUEST:
                counts[each.workspace, each.command_id[:KEY]].append(each.event_count)
        suppressed = {
            (each.workspace, each.event.recipient_id)
            for each in self._between(0, PAGE)
            if isinstance(each.event, PersonSuppressed)
        }
        for place, key in self._keys.items():
            visit, found = key.visit, counts[place]
            about = f"{visit.told} of {place}: {found}"
            _require(len(found) <= 1, f"it was done twice: {about}")
            if key.acknowledged is None:
                _require(key.unknown or not any(found), f"refused, and done: {about}")
            elif visit.told["asks"] == "suppress":
                known = (visit.workspace, visit.recipient) in suppressed
                _require(known, f"acknowledged, and not done: {about}")
            else:
                _require(bool(found), f"acknowledged, and not done: {about}")


def _id_of(visit: Visit) -> str:
    kind = "staff" if visit.told["role"] == "session" else "token"
    return key_of(visit.key, Caller(f"{kind}:{visit.name}", Role.VIEWER), "").id


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Violated(f"a request: {otherwise}")
