"""Carries out an operation: once per key, confirmed and unchanged meanwhile; or says why not."""

from functools import partial
from typing import NamedTuple

from adapters.http.commands import previews
from adapters.http.commands.keys import KeyUsed, UnderWay
from adapters.http.commands.operation import Asked, Operation, Told, tag_of
from adapters.http.problems import Problem
from adapters.http.site import Site
from aggregates.rejections import RULES
from engine.command_context import Look
from engine.ports.errors import StoreError
from engine.reply import Refusal, Reply, Request
from engine.work.kept_requests import Kept, KeptRequests

MOST_TOLD = 100
"""Events in an answer, at most; the log has the others."""
TRIES = 10
CHANGED = "changed_meanwhile"
STATUS = {previews.NOT_SHOWN: 428, CHANGED: 412}
REPLAYED = {"Idempotency-Replayed": "true"}


class Answer(NamedTuple):
    body: Told
    status: int = 200
    replayed: bool = False


class Refused(Problem):
    """The law refuses."""

    def __init__(self, refusal: Refusal, more: Told | None = None) -> None:
        code, message, facts = refusal
        rule = RULES.get(code)
        super().__init__(
            STATUS.get(code, 409), code, message, rule=rule, facts={**facts, **(more or {})}
        )


class Commands:
    """Carries out operations; one per process that serves HTTP. Safe to share between threads."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.kept = site.requests
        self.under_way = UnderWay(site.program.opened.coordination)

    def preview(self, operation: Operation, asked: Asked) -> Answer:
        """What the operation would do. Raises ``Problem``."""
        return Answer(previews.previewed(operation, asked, self.kept))

    def perform(self, operation: Operation, asked: Asked) -> Answer:
        """Carry the operation out. Raises ``Problem``. After any other error it may or may not have
        been done: repeat the request."""
        if operation.steps is None:
            return self._in_one_step(operation, asked)
        with self.under_way.alone(asked.workspace, asked.key.id):
            return self._in_steps(operation, asked)

    def _in_one_step(self, operation: Operation, asked: Asked) -> Answer:
        reply = self._decided(operation, asked)
        replayed = reply.repeated
        reply = asked.engine.retold(asked.workspace, reply)
        headers = REPLAYED if replayed else {}
        if reply.refusal is not None:
            refused = Refused(reply.refusal, self._instead(operation, asked, reply.refusal))
            refused.headers = headers
            raise refused
        if operation.afterwards is not None:
            operation.afterwards(asked, reply)
        return Answer(done(reply), replayed=replayed)

    def _decided(self, operation: Operation, asked: Asked) -> Reply:
        for _ in range(TRIES):
            reply = self._tried(operation, asked)
            if asked.tag is not None or reply.refusal is None or reply.refusal.code != CHANGED:
                return reply
        return reply

    def _tried(self, operation: Operation, asked: Asked) -> Reply:
        assert operation.command is not None
        previews.require_ours(operation, asked, self.kept)
        tag = None
        if operation.edited is None:
            command = operation.command(asked, None)
        else:
            with asked.engine.look(asked.workspace) as now:
                command = operation.command(asked, now)
                tag = asked.tag or tag_of(operation.edited(asked.names, now))
        is_free = operation.preview is None and operation.edited is None
        condition = None if is_free else partial(self._unmet, operation, asked, tag)
        request = Request(command, asked.key.command_id, asked.actor, condition)
        try:
            return asked.engine.execute_page(asked.workspace, [request])[0]
        except StoreError:
            self._require_unused(asked)
            raise

    def _unmet(
        self, operation: Operation, asked: Asked, tag: str | None, now: Look
    ) -> Refusal | None:
        if operation.edited is not None and tag != "*":
            found = tag_of(operation.edited(asked.names, now))
            if found != tag:
                return Refusal(CHANGED, "It was changed meanwhile. Read it again.", {"tag": found})
        return previews.confirmed(operation, asked, now, self.kept)

    def _require_unused(self, asked: Asked) -> None:
        """Raises ``KeyUsed`` if the key stands for another request."""
        before = self.kept.asked_before(asked.workspace, asked.key.id)
        if before not in (None, asked.key.request):
            raise KeyUsed

    def _instead(self, operation: Operation, asked: Asked, refusal: Refusal) -> Told | None:
        if refusal.code not in previews.MESSAGES:
            return None
        return previews.previewed(operation, asked, self.kept)

    def _in_steps(self, operation: Operation, asked: Asked) -> Answer:
        kept = self.begun(operation, asked)
        if kept.answer is not None:
            return self.replayed(kept)
        assert operation.steps is not None
        try:
            answer = Answer(operation.steps(asked, Noting(self.kept, kept)))
        except Refused as refused:
            self.kept.finish(kept, refused.status, refused.body())
            raise
        self.kept.finish(kept, answer.status, answer.body)
        return answer

    def begun(self, operation: Operation, asked: Asked) -> Kept:
        """What is kept under the key; kept now if nothing was. Raises ``Problem``."""
        self._require_unused(asked)
        kept = self.kept.find(asked.workspace, asked.key.id)
        if kept is not None:
            if kept.request != asked.key.request:
                raise KeyUsed
            return kept
        with asked.engine.look(asked.workspace) as now:
            refusal = previews.confirmed(operation, asked, now, self.kept)
        if refusal is not None:
            raise Refused(refusal, self._instead(operation, asked, refusal))
        name, caller = operation.name, asked.caller.name
        kept = Kept(*asked.key, asked.workspace, caller, name, asked.site.now())
        self.kept.begin(kept)
        return kept

    def replayed(self, kept: Kept) -> Answer:
        """The answer that was kept. Raises ``Problem`` if it was a refusal."""
        assert kept.answer is not None
        assert kept.status is not None
        if kept.status < 400:
            return Answer(kept.answer, kept.status, replayed=True)
        told = kept.answer
        raise Problem(
            kept.status,
            told["code"],
            told["detail"],
            rule=told.get("rule"),
            facts=told.get("facts"),
            headers=REPLAYED,
        )


class Noting:
    """Keeps progress in the store. Implements ``Progress``."""

    def __init__(self, requests: KeptRequests, kept: Kept) -> None:
        self._requests = requests
        self._kept = kept

    @property
    def noted(self) -> Told | None:
        return self._kept.progress

    def note(self, told: Told) -> None:
        self._requests.note(self._kept, told)


def done(reply: Reply) -> Told:
    """What a decided command has recorded."""
    position = reply.recorded[-1].position if reply.recorded else reply.position
    return {
        "command_id": reply.command_id,
        "position": position,
        "events": [
            {"position": each.position, "type": type(each.event).__name__, "stream": each.stream_id}
            for each in reply.recorded[:MOST_TOLD]
        ],
        "recorded": len(reply.recorded),
    }


def insist(reply: Reply | None, more: Told | None = None) -> Told:
    """What was recorded. Raises ``Refused``."""
    if reply is None:
        return {}
    if reply.refusal is not None:
        raise Refused(reply.refusal, more)
    return done(reply)
