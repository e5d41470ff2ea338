"""What every request may use: the running program, and who stands behind a request."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from adapters.composition import Opened, Program, check_schedule, inbox_cursors, mail_dialler
from adapters.http.console.attempts import Attempts
from adapters.http.console.oidc import OidcProvider
from adapters.http.gate import Credentials
from adapters.http.reading import moments
from adapters.http.reading.moments import View
from adapters.settings import EngineSettings
from engine.audit.one_recipient import Asked
from engine.ports.check_schedule import CheckSchedule
from engine.work.api_tokens import ApiTokens
from engine.work.kept_requests import KeptRequests
from engine.work.looks import Looks
from engine.work.mailing.inboxes import InboxCursors
from engine.work.staff import SignIns, Staff

if TYPE_CHECKING:
    from adapters.mail.dialling import Dialler


@dataclass(frozen=True)
class Site:
    """One for each process that serves HTTP; its methods may be called from any thread."""

    program: Program
    reader: Opened
    """The same store, opened so that nothing of it can change."""
    credentials: Credentials
    looks: Looks
    tokens: ApiTokens
    staff: Staff
    sign_ins: SignIns
    requests: KeptRequests
    provider: OidcProvider | None = None
    """Where staff may sign in, besides here."""
    secure: bool = False
    """Browsers come by TLS."""
    attempts: Attempts = field(default_factory=Attempts)

    @property
    def settings(self) -> EngineSettings:
        return self.program.settings

    def now(self) -> datetime:
        """By the store's clock, UTC."""
        return self.program.opened.store.now()

    @cached_property
    def schedule(self) -> CheckSchedule:
        return check_schedule(self.reader)

    @cached_property
    def dialler(self) -> "Dialler":
        """One for all mailboxes. Raises ``SettingsError``."""
        return mail_dialler(self.settings)

    @cached_property
    def cursors(self) -> InboxCursors:
        return inbox_cursors(self.reader)

    def knows(self, workspace: str) -> bool:
        """Whether anything was ever recorded in it, or it is the one of the settings."""
        return workspace == self.settings.workspace or workspace in self.reader.store.workspaces()

    def view(
        self, workspace: str, at: datetime | None = None, asked: Asked | None = None
    ) -> AbstractContextManager[View]:
        """Now, or as recorded up to ``at``; ``asked``: one recipient alone, quick in the past too.

        Raises ``StoreError``.
        """
        if at is None:
            return moments.now(self.reader, workspace, self.settings.policy)
        return moments.then(self.reader, workspace, at, asked)
