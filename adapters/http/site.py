"""What every request may use: the running program, and who stands behind a request."""

from dataclasses import dataclass

from adapters.composition import Program
from adapters.http.gate import Credentials
from adapters.settings import EngineSettings


@dataclass(frozen=True)
class Site:
    """One for each process that serves HTTP; its methods may be called from any thread."""

    program: Program
    credentials: Credentials

    @property
    def settings(self) -> EngineSettings:
        return self.program.settings

    def knows(self, workspace: str) -> bool:
        """Whether anything was ever recorded in it, or it is the one of the settings."""
        store = self.program.opened.store
        return workspace == self.settings.workspace or workspace in store.workspaces()
