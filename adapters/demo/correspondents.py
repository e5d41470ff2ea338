"""How servers and people respond to the demo's emails, by seed and address: the same every time."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial
from hashlib import blake2b
from heapq import heappop, heappush
from typing import NamedTuple, TypeVar

from adapters.demo.cast import SEED, ZONE
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from engine.ports.clock import Clock

AWAY = timedelta(days=3)
T = TypeVar("T")


class Refusal(NamedTuple):
    """What a server does to messages for one recipient; ``times``: how often, None for always."""

    stage: str
    act: Act
    text: str = ""
    times: int | None = None


REFUSALS = [
    (2, Refusal("rcpt", Act.SAY, "550 5.1.1 There is no such mailbox")),
    (3, Refusal("data", Act.SAY, "550 5.7.1 Refused by policy")),
    (7, Refusal("rcpt", Act.SAY, "451 4.7.1 Greylisted, please try again", times=1)),
    (11, Refusal("data", Act.LOSE, times=1)),
]
REPLY, BOUNCE, UNSUBSCRIBE, OUT_OF_OFFICE = range(4)
ANSWERS = [(14, REPLY), (16, BOUNCE), (19, UNSUBSCRIBE), (23, OUT_OF_OFFICE)]
SOON = timedelta(minutes=20)
DELAYS = [(25, timedelta(hours=1)), (50, timedelta(hours=3)), (75, timedelta(days=2))]
"""Cumulative percentages. Only first emails are answered."""


class Coming(NamedTuple):
    """An answer that somebody is going to write."""

    at: datetime
    number: int
    send: Callable[[], None]


class Correspondents:
    """The recipients. They answer after a while, by mail."""

    def __init__(self, sandbox: Sandbox, clock: Clock, addresses: Iterable[str]) -> None:
        self._sandbox, self._clock = sandbox, clock
        self._seen = 0
        self._coming: list[Coming] = []
        for each in addresses:
            refusal = _drawn(REFUSALS, "fate", each)
            if refusal is not None:
                stage, act, text, times = refusal
                sandbox.fail("smtp", stage, act, text=text, account=each, times=times)

    @property
    def next_at(self) -> datetime | None:
        return self._coming[0].at if self._coming else None

    def answer(self) -> None:
        """Write the answers whose time has come."""
        while self._coming and self._coming[0].at <= self._clock():
            heappop(self._coming).send()

    def look(self) -> None:
        """Take in what has been sent since the last look."""
        for each in self._sandbox.accepted(self._seen):
            self._seen += 1
            address = each["recipients"][0]
            kind = _drawn(ANSWERS, "answer", address)
            if kind is not None and "In-Reply-To:" not in each["content"]:
                at = self._clock() + (_drawn(DELAYS, "delay", address) or SOON)
                answer = partial(self._send, kind, each["message_id"])
                heappush(self._coming, Coming(at, self._seen, answer))

    def _send(self, kind: int, message_id: str) -> None:
        if kind == BOUNCE:
            self._sandbox.bounce(message_id)
        elif kind == OUT_OF_OFFICE:
            until = (self._clock() + AWAY).astimezone(ZONE)
            text = f"I am out of the office until {until:%d %B %Y}."
            self._sandbox.reply(message_id, text, automatic=True)
        else:
            text = "Yes, please." if kind == REPLY else "Please unsubscribe me."
            self._sandbox.reply(message_id, text)


def _drawn(table: Sequence[tuple[int, T]], *about: str) -> T | None:
    told = "\x1f".join((SEED, *about)).encode()
    number = int.from_bytes(blake2b(told, digest_size=8).digest()) % 100
    return next((what for percent, what in table if number < percent), None)
