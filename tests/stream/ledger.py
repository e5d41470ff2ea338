"""A store of any product in which several workspaces do much, for the stream's tests."""

from itertools import count
from typing import Self

from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened, open_store
from adapters.stores.small_tables.relay_mark import StoredMark
from engine.engine import Engine
from engine.ports.log import Entry
from engine.stream.cloud_events import Teller
from engine.stream.log_sink import RelayMark
from tests.law.story import ANN, connect, create, import_recipients, start

WORKSPACES = tuple(f"w{number}" for number in range(7))


class Ledger:
    """Open while its ``with`` lasts. Recipients are numbered, so that nobody is added twice."""

    def __init__(self, url: str, prefix: str = "r") -> None:
        self.settings = EngineSettings(store=url, lock_timeout=5)
        self._numbers = count(1)
        self._prefix = prefix
        self._begun: set[str] = set()

    def __enter__(self) -> Self:
        self.opened: Opened = open_store(self.settings, create=True)
        self.engine = Engine(self.opened.store)
        return self

    def __exit__(self, *_: object) -> None:
        self.opened.close()

    @property
    def mark(self) -> RelayMark:
        return StoredMark(self.opened.beside)

    @property
    def source(self) -> str:
        return Teller(self.opened.store.identity).source

    def grow(self, recipients: int, workspace: str = "w0") -> None:
        """So many events in one command, and a command without any."""
        if workspace not in self._begun:
            self._tell(workspace, connect(ANN), create(ANN, to=[f"{self._prefix}0"]), start())
            self._begun.add(workspace)
        ids = [f"{self._prefix}{next(self._numbers)}" for _ in range(recipients)]
        self._tell(workspace, import_recipients(*ids))
        self._tell(workspace, connect(ANN))

    def grow_everywhere(self, recipients: int) -> None:
        for workspace in WORKSPACES:
            self.grow(recipients, workspace)

    def entries(self) -> list[Entry]:
        return list(self.opened.store.entries(-1, 10_000_000))

    def _tell(self, workspace: str, *commands: object) -> None:
        for each in commands:
            number = next(self._numbers)
            self.engine.execute(
                workspace,
                each,  # type: ignore[arg-type]
                command_id=f"{self._prefix}-command-{number}",
                actor="user:test",
            )
