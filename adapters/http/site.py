"""What every request may use: the running program, and the callers behind requests."""

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property, partial

from adapters.composition.access import (
    filters_of,
    looks_of,
    requests_of,
    staff_of,
    tokens_of,
    tool_calls_of,
)
from adapters.composition.programs import (
    Opened,
    Program,
    StoredCheckSchedule,
    StoredCursors,
    appends,
)
from adapters.http.console.attempts import Attempts
from adapters.http.console.oidc import OidcProvider
from adapters.http.following import Following
from adapters.http.gate import Credentials
from adapters.http.reading import moments
from adapters.http.reading.moments import View
from adapters.settings.model import EngineSettings
from engine.audit.by_stream import Asked
from engine.cache import EarlierLooks
from engine.ports.check_schedule import CheckSchedule
from engine.ports.clock import Clock
from engine.stream.feed import Feed
from engine.work.api_tokens import ApiTokens
from engine.work.kept_requests import KeptRequests
from engine.work.looks import Looks
from engine.work.mailing.inboxes import InboxCursors
from engine.work.saved_filters import SavedFilters
from engine.work.staff import SignIns, Staff
from engine.work.tool_calls import ToolCalls
from engine.work.webhooks.managing import Webhooks


@dataclass(frozen=True)
class Site:
    """One per process that serves HTTP; its methods may be called from any thread."""

    program: Program
    reader: Opened
    """The same store, opened read-only."""
    credentials: Credentials
    webhooks: Webhooks
    provider: OidcProvider | None = None
    """Where staff may sign in, besides this program."""
    secure: bool = False
    """Whether browsers use TLS."""
    clock: Clock | None = None
    """Used for sessions, tokens and links; None for the store's clock."""
    attempts: Attempts = field(default_factory=Attempts)

    @cached_property
    def following(self) -> Following:
        """For routes that follow the feed, in the server's event loop."""
        opened = self.program.opened
        return Following(Feed(opened.store, opened.fence), partial(appends, opened))

    @property
    def settings(self) -> EngineSettings:
        return self.program.settings

    @cached_property
    def earlier_looks(self) -> EarlierLooks:
        return EarlierLooks(self.settings.cache_size, self.settings.cache_people)

    @cached_property
    def looks(self) -> Looks:
        return looks_of(self.program.opened)

    @cached_property
    def tool_calls(self) -> ToolCalls:
        return tool_calls_of(self.program.opened)

    @cached_property
    def filters(self) -> SavedFilters:
        return filters_of(self.program.opened)

    @cached_property
    def tokens(self) -> ApiTokens:
        return tokens_of(self.program.opened)

    @cached_property
    def staff(self) -> Staff:
        return staff_of(self.program.opened)

    @cached_property
    def requests(self) -> KeptRequests:
        return requests_of(self.program.opened)

    @cached_property
    def sign_ins(self) -> SignIns:
        return SignIns(self.staff)

    def signed_at(self) -> datetime:
        """The time by the clock of sessions, tokens and links, in UTC."""
        return self.clock() if self.clock else self.now()

    def now(self) -> datetime:
        """The time by the store's clock, in UTC."""
        return self.program.opened.store.now()

    @cached_property
    def schedule(self) -> CheckSchedule:
        return StoredCheckSchedule(self.reader.beside)

    @cached_property
    def cursors(self) -> InboxCursors:
        return StoredCursors(self.reader.beside)

    def knows(self, workspace: str) -> bool:
        """Whether anything was ever recorded in it, or the settings name it."""
        return workspace == self.settings.workspace or workspace in self.reader.store.workspaces()

    def view(
        self, workspace: str, at: datetime | None = None, asked: Asked | None = None
    ) -> AbstractContextManager[View]:
        """The workspace now, or as recorded up to ``at``.

        ``asked``: one recipient only, which is quick in the past, too. Raises ``StoreError``.
        """
        if at is None:
            return moments.now(self.reader, workspace, self.settings.policy, self.earlier_looks)
        return moments.then(self.reader, workspace, at, asked)
