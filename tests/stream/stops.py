"""Recipients that are stopped, many of them in several workspaces, for services that read of it."""

from itertools import count
from pathlib import Path
from typing import Self

from adapters.stores.sqlite import SQLiteStore
from engine.engine import Engine
from engine.ports.clock import ManualClock
from events.campaign import RecipientStopped
from tests.law.story import ANN, HOUR, NOON, connect, create, disconnect, hear_from, start
from tests.stream.ledger import WORKSPACES
from tests.workplace import log_of


class Stops:
    """A store, open while its ``with`` lasts, in which time passes as told. For one thread."""

    def __init__(self, path: Path, first: int = 1) -> None:
        """``first``: the number of its first campaign, by which two of them keep apart."""
        self.path = path
        self._rounds = count(first)

    def __enter__(self) -> Self:
        self._clock = ManualClock(NOON)
        self.store = SQLiteStore(self.path, self._clock)
        self._engine = Engine(self.store)
        return self

    def __exit__(self, *_: object) -> None:
        self.store.close()

    def happen(self, recipients: int) -> None:
        """In every workspace a new campaign's recipients hear from an account that is gone an hour
        later."""
        name = f"campaign-{next(self._rounds)}"
        ids = [f"{name}-{number}" for number in range(recipients)]
        for workspace in WORKSPACES:
            commands = (
                *(connect(ANN), create(ANN, to=ids, campaign=name), start(name)),
                *(*hear_from(ANN, *ids, campaign=name), disconnect(ANN)),
            )
            for number, each in enumerate(commands):
                answer = self._engine.execute(
                    workspace, each, command_id=f"{name}-{number}", actor="user:test"
                )
                assert answer.refusal is None
        self._clock.time += 2 * HOUR
        self._engine.tick_all()

    def all(self) -> list[tuple[str, str]]:
        """Workspace and recipient of each, sorted."""
        return sorted(
            (each.workspace, each.event.recipient_id)
            for each in log_of(self.store)
            if isinstance(each.event, RecipientStopped)
        )
