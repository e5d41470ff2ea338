"""People at browsers, and programs with tokens: what they ask of the HTTP application, one request
after another, each with a mind of its own about answers that do not come."""

from collections.abc import Callable, Generator, Mapping
from random import Random
from typing import Any, NamedTuple

from engine.work.staff import csrf_of
from tests.simulation.vocabulary import ACCOUNTS, PEOPLE, WORKSPACES
from tests.simulation.web import Answer, Call
from tests.simulation.workers import World

TRIES = 5
SPEED = (1, 7, 40, 300)
Steps = Generator[Call, Answer | None, None]


class Asks(NamedTuple):
    """A command: where, what with, and what has to come first."""

    path: str
    body: Callable[["Visit"], Any] = lambda _: None
    first: str = ""
    """``preview``, or ``read`` for its entity tag."""
    method: str = "POST"


CAMPAIGN = "/campaigns/{campaign}"
RECIPIENT = f"{CAMPAIGN}/recipients/{{recipient}}"
ASKED: Mapping[str, Asks] = {
    "start": Asks(f"{CAMPAIGN}/start", first="preview"),
    "pause": Asks(f"{CAMPAIGN}/pause"),
    "resume": Asks(f"{CAMPAIGN}/resume", first="preview"),
    "add": Asks(f"{CAMPAIGN}/senders", lambda each: {"account_id": each.account}),
    "remove": Asks(f"{CAMPAIGN}/senders/{{account}}/remove", first="preview"),
    "assign": Asks(f"{RECIPIENT}/assign", lambda each: {"account_id": each.account}),
    "reply": Asks(f"{RECIPIENT}/replied"),
    "unsubscribe": Asks(f"{RECIPIENT}/unsubscribed"),
    "suppress": Asks("/suppressions", lambda each: {"who": each.recipient}),
    "release": Asks(
        "/suppressions/release", lambda each: {"who": each.recipient, "reason": "asked"}, "preview"
    ),
    "settings": Asks(
        "/accounts/{account}/settings", lambda each: {"sending_speed": each.speed}, "read", "PATCH"
    ),
}
READ = (
    "/campaigns",
    "/accounts",
    CAMPAIGN,
    "/accounts/{account}",
    f"{CAMPAIGN}/recipients",
    "/now",
)


class Visit:
    """``told``: what the plan has it do. It outlives the processes that answer it."""

    def __init__(self, world: World, number: int, workspace: str, told: dict[str, Any]) -> None:
        self.world, self.number, self.workspace, self.told = world, number, workspace, told
        random = self.random = Random(f"{world.machine.seed} visit {number}")
        self.account: str = random.choice(ACCOUNTS)
        self.recipient: str = random.choice(PEOPLE[:12])
        self.campaign: str = f"c{random.randrange(3)}"
        self.speed: int = random.choice(SPEED)
        self.epoch = world.disk.epoch
        self.shown: Any = None
        """The preview that it was shown, or what it read."""
        self.read_at = 0
        """How far the log went then."""
        self._steps = self._all()
        self.call: Call | None = next(self._steps)

    @property
    def name(self) -> str:
        return caller_name(self.told["role"], self.workspace)

    @property
    def key(self) -> str:
        return f"visit-{self.number}"

    def go_on(self, answer: Answer | None) -> None:
        """With the answer, or without one."""
        try:
            self.call = self._steps.send(answer)
        except StopIteration:
            self.call = None

    def _all(self) -> Steps:
        if self.told["asks"] == "read":
            path = self._path(self.random.choice(READ))
            return (yield from self._until_answered(Call("GET", path, self._who())))
        yield from self._command(ASKED[self.told["asks"]])

    def _command(self, asks: Asks) -> Steps:
        path, body, headers = self._path(asks.path), asks.body(self), dict(self._who())
        if asks.first and self.told["manner"] != "unasked":
            answer = yield self._first(asks, headers)
            if answer is not None and answer.status == 200:
                self.shown, self.read_at = answer.body, self.world.disk.store.last_position()
                headers |= _confirmed(answer)
        call = Call(asks.method, path, {**headers, "Idempotency-Key": self.key}, body)
        yield from self._until_answered(call._replace(after=self.told["waits"]))
        if self.told["manner"] == "again":
            yield call._replace(after=self.told["waits"])
        if self.told["manner"] == "another body":
            yield call._replace(body={"account_id": "nobody@acme.test"})

    def _first(self, asks: Asks, headers: Mapping[str, str]) -> Call:
        if self.told["manner"] == "token of another":
            asks = asks._replace(path=asks.path.replace("{campaign}", "{other}"))
        if asks.first == "read":
            return Call("GET", self._path(asks.path), headers)
        return Call("POST", self._path(f"{asks.path}/preview"), headers, asks.body(self))

    def _until_answered(self, call: Call) -> Steps:
        for _ in range(TRIES):
            answer = yield call
            if answer is not None and answer.status != 503:
                return
            call = call._replace(after=3.0)

    def _path(self, path: str) -> str:
        named = path.format(
            campaign=self.campaign,
            other="c1" if self.campaign == "c0" else "c0",
            account=self.account,
            recipient=self.recipient,
        )
        foreign = self.told["manner"] == "foreign"
        other = next(each for each in WORKSPACES if (each == self.workspace) is not foreign)
        return f"{named}?workspace={other}"

    def _who(self) -> Mapping[str, str]:
        if self.told["role"] != "session":
            return {"Authorization": f"Bearer {secret_of(self.name)}"}
        cookie = {"Cookie": f"sendledger={secret_of(self.name)}"}
        forged = self.told["manner"] == "forged"
        return cookie if forged else cookie | {"X-CSRF-Token": csrf_of(secret_of(self.name))}


def _confirmed(answer: Answer) -> dict[str, str]:
    if "etag" in answer.headers:
        return {"If-Match": answer.headers["etag"]}
    return {"Sendledger-Preview": answer.body["token"]}


def caller_name(role: str, workspace: str) -> str:
    return f"{role}.{workspace}"


def secret_of(name: str) -> str:
    return f"slk_{name}"
