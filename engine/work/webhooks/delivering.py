"""Deliver events to endpoints: at least once, those of a workspace in order, one at a time.

A workspace whose delivery fails waits for its next attempt; the others go on. An endpoint's
progress is saved about once a second and at the end: after a crash the events since then are sent
again, under the same ids.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from datetime import timedelta
from functools import partial
from time import monotonic
from typing import NamedTuple

from engine.ports.clock import Clock
from engine.ports.log import Entry, Log
from engine.work.webhooks.endpoint import Delivery, Endpoint, Lane, Status
from engine.work.webhooks.messages import CONTENT_TYPE, POSITION, Message, Messages, wanted
from engine.work.webhooks.ports import Answer, KeptEndpoints, Send
from engine.work.webhooks.retrying import GONE, WAITS, after_failure
from engine.work.webhooks.signing import Sign, SigningSecrets, signed

PAGE = 1_000
AT_ONCE = 8
"""Workspaces of an endpoint whose events are delivered at the same time."""
AHEAD = 20 * PAGE
"""How many entries are read ahead of the slowest workspace that is being delivered."""
SLICE = 1.0
"""Seconds after which a workspace gives up its place to others."""
COMMIT_EVERY = 1.0
"""Seconds."""


class Parts(NamedTuple):
    """What delivering needs.

    ``chance`` returns a random number from 0 to 1, ``monotonic`` seconds by a clock that nobody
    sets, ``pool`` the executor in which workspaces are delivered to.
    """

    log: Log
    endpoints: KeptEndpoints
    secrets: SigningSecrets
    send: Send
    now: Clock
    chance: Callable[[], float]
    waits: Sequence[timedelta] = WAITS
    monotonic: Callable[[], float] = monotonic
    pool: Callable[[], Executor] = partial(
        ThreadPoolExecutor, AT_ONCE, thread_name_prefix="webhook"
    )


class Attempts(NamedTuple):
    """Makes requests to one endpoint, each signed when it is made."""

    parts: Parts
    url: str
    signers: Sequence[Sign]

    def make(self, workspace: str, message: Message, number: int) -> tuple[Answer, Delivery]:
        """Attempt a delivery. ``number`` is that of the attempt at this message, from 1."""
        began, at = self.parts.monotonic(), self.parts.now()
        headers = {
            "content-type": CONTENT_TYPE,
            POSITION: str(message.position),
            **signed(self.signers, message.id, at, message.body),
        }
        answer = self.parts.send(self.url, headers, message.body)
        spent = int((self.parts.monotonic() - began) * 1_000)
        told = (answer.is_success, answer.status, answer.said, spent)
        return answer, Delivery(workspace, message.position, number, at, *told)


def has_work(endpoint: Endpoint, parts: Parts, last_entry: int) -> bool:
    """Whether anything can be delivered to the endpoint now."""
    if endpoint.status is not Status.ACTIVE:
        return False
    now = parts.now()
    return endpoint.entry < last_entry or any(
        each.next_at is None or each.next_at <= now for each in endpoint.lanes.values()
    )


class _Sent(NamedTuple):
    """The result of a lane's turn."""

    workspace: str
    entry: int
    tried: Sequence[Delivery]
    failed: Answer | None


class EndpointRun:
    """Delivers to one endpoint until nothing is left to do now, or ``go_on`` says no.

    If the endpoint is changed in the meantime, progress that was not committed is given up: those
    events are delivered again to the changed endpoint.
    """

    def __init__(self, parts: Parts, endpoint: Endpoint, go_on: Callable[[], bool]) -> None:
        self._parts, self._endpoint, self._go_on = parts, endpoint, go_on
        self._lanes = dict(endpoint.lanes)
        self._messages = Messages(parts.log)
        self._attempts = Attempts(parts, endpoint.url, parts.secrets.signers(endpoint.id))
        self._running: dict[str, Future[_Sent]] = {}
        self._tried: list[Delivery] = []
        self._is_kept, self._changed, self._committed_at = True, False, parts.monotonic()

    def run(self) -> None:
        """Raises ``StoreError``, and ``CorruptEvent`` for an event that cannot be encoded."""
        with self._parts.pool() as pool:
            while True:
                self._collect()
                is_more = self._may_begin and self._hand_out(pool)
                if not (is_more or self._running):
                    break
                if not is_more:
                    wait(self._running.values(), COMMIT_EVERY, FIRST_COMPLETED)
                if self._parts.monotonic() - self._committed_at >= COMMIT_EVERY:
                    self._commit()
        self._commit()

    @property
    def _may_begin(self) -> bool:
        return self._is_kept and self._endpoint.status is Status.ACTIVE and self._go_on()

    def _hand_out(self, pool: Executor) -> bool:
        """Start deliveries to lanes that lag behind the rest; if there are none left, read on.
        Returns whether there is more to do."""
        due = self._due()
        while due and len(self._running) < AT_ONCE:
            self._catch_up(pool, due)
            due = self._due()
        return len(self._running) < AT_ONCE and self._read_on()

    def _due(self) -> list[str]:
        """Lanes whose turn it is, the one furthest behind first."""
        now = self._parts.now()
        due = [
            workspace
            for workspace, lane in self._lanes.items()
            if workspace not in self._running and (lane.next_at is None or lane.next_at <= now)
        ]
        return sorted(due, key=lambda workspace: self._lanes[workspace].entry)

    def _catch_up(self, pool: Executor, due: Sequence[str]) -> None:
        """Serve all due lanes that one page of the log can serve."""
        after = self._lanes[due[0]].entry
        page = self._read(after, min(PAGE, self._endpoint.entry - after))
        until = page[-1].number if page else after
        found = wanted(self._endpoint, page)
        for workspace in due:
            lane = self._lanes[workspace]
            left = [each for each in found.get(workspace, ()) if each.number > lane.entry]
            if left and len(self._running) < AT_ONCE:
                turn = (workspace, lane, [self._messages.of(each) for each in left], until)
                self._running[workspace] = pool.submit(self._deliver, *turn)
            elif not left and lane.entry <= until:
                self._move(workspace, Lane(until))

    def _read_on(self) -> bool:
        """Read the next page; every workspace with events in it gets a lane."""
        slowest = min((self._lanes[each].entry for each in self._running), default=None)
        if slowest is not None and self._endpoint.entry - slowest >= AHEAD:
            return False
        page = self._read(self._endpoint.entry, PAGE)
        for workspace in wanted(self._endpoint, page):
            self._lanes.setdefault(workspace, Lane(self._endpoint.entry))
        if page:
            self._endpoint = self._endpoint._replace(entry=page[-1].number)
            self._changed = True
        return bool(page)

    def _read(self, after: int, limit: int) -> Sequence[Entry]:
        page = self._parts.log.entries(after, limit) if limit > 0 else ()
        if page:
            self._parts.log.reach_disk()
        return page

    def _deliver(
        self, workspace: str, lane: Lane, messages: Sequence[Message], until: int
    ) -> _Sent:
        tried: list[Delivery] = []
        entry, failures, ends = lane.entry, lane.attempts, self._parts.monotonic() + SLICE
        for message in messages:
            if not self._go_on() or (tried and self._parts.monotonic() > ends):
                return _Sent(workspace, entry, tried, None)
            answer, delivery = self._attempts.make(workspace, message, failures + 1)
            tried.append(delivery)
            if not answer.is_success:
                return _Sent(workspace, entry, tried, answer)
            entry, failures = message.entry, 0
        return _Sent(workspace, until, tried, None)

    def _collect(self) -> None:
        for workspace, future in list(self._running.items()):
            if future.done():
                del self._running[workspace]
                self._take(future.result())

    def _take(self, sent: _Sent) -> None:
        self._tried += sent.tried
        before = self._lanes[sent.workspace]
        moved = before if sent.entry == before.entry else Lane(sent.entry)
        if sent.failed is None:
            self._move(sent.workspace, moved)
            return
        parts = self._parts
        failed = after_failure(moved, sent.failed, parts.now(), parts.chance(), parts.waits)
        if failed is None:
            reason = _why_parked(sent.failed, moved)
            self._endpoint = self._endpoint.parked(reason, parts.now())
        self._move(sent.workspace, failed or moved._replace(next_at=None, answer=sent.failed.said))

    def _move(self, workspace: str, lane: Lane) -> None:
        """Move the lane; one that is as far as the rest and has no failures is no longer needed."""
        self._changed = True
        if lane.entry >= self._endpoint.entry and not lane.attempts:
            del self._lanes[workspace]
        else:
            self._lanes[workspace] = lane

    def _commit(self) -> None:
        self._committed_at = self._parts.monotonic()
        if not (self._is_kept and (self._changed or self._tried)):
            return
        self._parts.endpoints.note(self._endpoint.id, self._tried)
        kept = self._parts.endpoints.save(self._endpoint._replace(lanes=dict(self._lanes)))
        self._tried, self._changed = [], False
        self._is_kept = kept is not None
        self._endpoint = kept or self._endpoint


def _why_parked(answer: Answer, lane: Lane) -> str:
    if answer.status == GONE:
        return "it wants no more (410 Gone)"
    return f"{lane.attempts + 1} attempts failed, the last one because {answer.said}"
