"""A workspace whose accounts have mailboxes at the simulated provider."""

from collections.abc import Mapping
from itertools import count

from adapters.stores.memory import MemoryStore
from engine.ports.clock import ManualClock
from engine.work.check_connection import ConnectionChecks
from engine.work.mailing.inboxes import Cursor, WorkspaceInboxes
from engine.work.mailing.listening import Listening
from engine.work.ports import Inbox, Probe
from engine.work.unsubscribe import Subscriber
from events.base import Event
from events.vocabulary import AccountId
from tests.law.story import ANN, BOB, NOON, connect, create, start
from tests.mail.simulated import SimulatedProvider
from tests.workplace import ACME, Workplace

USER = "user:dana"


class Desk:
    """ANN's and BOB's accounts in one running campaign; ANN's mailbox can be provoked."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.workplace = Workplace(MemoryStore(self.clock), self.clock)
        self.workplace.given(connect(ANN), connect(BOB), create(ANN, BOB), start())
        self.engine = self.workplace.engine
        self.provider = SimulatedProvider(self.clock, ANN)
        self.cursors = Cursors()
        self.subscribers: dict[str, Subscriber] = {}
        numbers = count(1)
        self.new_id = lambda: f"desk-{next(numbers)}"

    def checks(self, probe: Probe | None = None) -> ConnectionChecks:
        return ConnectionChecks(self.engine, probe or self.provider.probe, ACME, self.new_id)

    def listening(self, inbox: Inbox | None = None) -> Listening:
        """As a process has it that has just begun."""
        inboxes = WorkspaceInboxes(self.cursors, ACME)
        return Listening(
            self.engine, ACME, inbox or self.provider.inbox, inboxes, self.subscribers.get
        )

    def facts(self, *kinds: type[Event]) -> list[Event]:
        """Of these kinds, or of all, since the campaign was started."""
        log = [each.event for each in self.workplace.log]
        begun = next(n for n, each in enumerate(log) if type(each).__name__ == "CampaignStarted")
        return [each for each in log[begun + 1 :] if not kinds or isinstance(each, kinds)]

    def names(self) -> list[str]:
        return [type(each).__name__ for each in self.facts()]


class Cursors:
    """In memory."""

    def __init__(self) -> None:
        self._known: dict[AccountId, Cursor] = {}

    def all(self, _: str) -> Mapping[AccountId, Cursor]:
        return self._known

    def move(self, _: str, account_id: AccountId, cursor: Cursor) -> None:
        self._known = {**self._known, account_id: cursor}

    def forget(self, _: str, account_id: AccountId) -> None:
        self._known = {name: each for name, each in self._known.items() if name != account_id}
