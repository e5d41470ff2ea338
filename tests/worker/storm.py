"""A campaign that is sent over connections that break, by processes that are killed."""

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from adapters.mail.sandbox.sandbox import Sandbox
from engine.work.access import Access
from events.sequence import Step
from events.vocabulary import RecipientStatus, SearchResult
from tests.worker.cutting import Cutting
from tests.worker.office import STEPS, UNLIMITED, Office
from tests.worker.processes import Process, eventually
from tests.worker.worker_here import WorkerHere

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
LATER = (12 * MINUTE, *[16 * MINUTE] * 2, HOUR, 4 * HOUR, 16 * HOUR, *[24 * HOUR] * 8)
"""What time jumps by, once nobody sends any more: searches and other tries come due."""
DAY = 24 * HOUR
LAST = Step(name="last", after=DAY, text="And here is the last.")
"""Sent when the storm is over: who gets it has not come to an end before any search has."""
SENDS = "sending and listening"


class Size(NamedTuple):
    """Of a storm. Half of the ``accounts`` are at a provider that files what they send."""

    people: int
    kills: int
    accounts: int
    share: float = 0.5
    """Of connections that break."""


class Storm(Office):
    def __init__(
        self, sandbox: Sandbox, store: str, folder: Path, size: Size, at_once: int, seed: int
    ) -> None:
        names = [f"sender-{n}@sandbox.test" for n in range(size.accounts)]
        files = {each: n % 2 == 0 for n, each in enumerate(names)}
        super().__init__(sandbox, store, folder, files, ("work", "--only", "mail"))
        self.size, self.at_once, self.chance = size, at_once, random.Random(seed)
        served = sandbox.served()
        ports = served["imaps"], served["smtps"]
        self.imap, self.smtp = (Cutting(port, seed + n, 0.0) for n, port in enumerate(ports))
        self.seen = Counter[str]()
        """What happened, for whoever reads the figures."""

    def __enter__(self) -> Self:
        self._open = ExitStack()
        for each in (self.imap, self.smtp):
            self._open.enter_context(each)
        self.begin(self.size.people, (*STEPS, LAST), settings=UNLIMITED)
        return self

    def __exit__(self, *_: object) -> None:
        self._open.close()

    def access(self, account: str) -> Access:
        access = super().access(account)
        return access._replace(
            imap=access.imap._replace(port=self.imap.port),
            smtp=access.smtp._replace(port=self.smtp.port),
        )

    def rage(self) -> None:
        """As many kills as the size says, spread over all that is sent."""
        with self.breaking(), ExitStack() as ending:
            crew = list[Process]()
            ending.callback(_kill_all, crew)
            each_life = 2 * self.size.people // (self.size.kills + 1)
            for number in range(self.size.kills):
                while len(crew) < self.at_once:
                    crew.append(self.start())
                goal = (number + 1) * each_life + self.chance.randrange(-each_life // 2, each_life)
                self._wait(crew, goal)
                self._kill_one(crew)
            self.sent = self.many()

    def _wait(self, crew: Sequence[Process], goal: int) -> None:
        """Until so many were sent, or a random moment after somebody began to."""
        if self.chance.random() < 0.15:
            eventually(lambda: any(each.told(SENDS) for each in crew))
            return
        moments = iter(range(self.chance.randrange(100, 700)))
        eventually(lambda: self.many() >= goal or next(moments, None) is None)

    def _kill_one(self, crew: list[Process]) -> None:
        """Mostly the one that sends: never two of them do."""
        sends = [each for each in crew if each.told(SENDS)]
        assert len(sends) <= 1, "two send at once"
        victim = sends[0] if sends and self.chance.random() < 0.8 else self.chance.choice(crew)
        crew.remove(victim)
        victim.kill()
        assert not victim.told("Traceback")
        self.seen["killed while sending"] += victim in sends
        self.seen["killed"] += 1

    @contextmanager
    def breaking(self) -> Iterator[None]:
        self.imap.share = self.smtp.share = self.size.share
        yield
        self.imap.share = self.smtp.share = 0.0

    def settle(self) -> None:
        """Time goes on, in this process: what is unknown is searched for, what was refused for now
        is tried again, and everybody comes to an end."""
        with WorkerHere(self, datetime.now(UTC)) as worker:
            worker.rest()
            for each in LATER:
                worker.clock.advance(each)
                worker.rest()

    def judge(self) -> Counter[str]:
        """Each got at most one copy of each step, and nothing is lost without being shown."""
        campaign, copies, seen = self.campaign(), self.copies(), self.seen
        for number, recipient_id in enumerate(self.ids):
            recipient = campaign.recipients[recipient_id]
            unknown = {each.step: each.answer for each in recipient.unknown}
            for step in (each.name for each in (*STEPS, LAST)):
                got = copies[f"r{number}@x.test", step]
                assert got <= 1, "a second copy"
                if unknown.get(step, SearchResult.FOUND) is not SearchResult.FOUND:
                    assert unknown[step] is SearchResult.INCONCLUSIVE, recipient
                    seen["shown as unknown, came" if got else "shown as unknown, never came"] += 1
                elif step in recipient.progress.done:
                    assert got == 1, "nothing came, and nobody knows"
                    seen["unknown, then found" if step in unknown else "known as sent"] += 1
                else:
                    assert recipient.status is RecipientStatus.FAILED, recipient
                    assert got == 0, "it came, and nobody knows"
                    seen["given up after five tries"] += 1
            assert recipient.status.terminal, recipient
        seen["sent in the storm"] = self.sent
        seen["connections"] = self.imap.connections + self.smtp.connections
        seen["broken"] = self.imap.broken + self.smtp.broken
        return seen


def _kill_all(crew: Sequence[Process]) -> None:
    for each in crew:
        each.kill()
