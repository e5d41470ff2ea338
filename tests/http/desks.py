"""Who begins consents over HTTP, in a program that serves the owners' pages too."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from uuid import uuid4

from adapters.composition.mailboxes import accesses_of, links_served
from adapters.composition.programs import Program, running
from adapters.composition.serving_http import http_served
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.loading import load_settings
from adapters.stores.opening import migrate
from engine.work.permissions import Role
from engine.work.ports import Mailbox
from events.email_account import AccountConnected
from tests.http.commands.callers import Answer, Caller, token
from tests.http.owners import settings_for
from tests.law.story import ANN
from tests.workplace import ACME, log_of

WANTED = {"account_id": ANN, "slot_id": "s1", "provider": "google"}


class Desk(NamedTuple):
    """Who begins consents, and the program that serves the owner's pages too."""

    program: Program
    ops: Caller
    port: int

    def begun(self, key: str | None = None, **others: Any) -> Answer:
        found = self.ops.do("/consents", {**WANTED, **others}, key)
        assert found.status == 200, found.text
        return found

    def state(self, begun: Answer) -> Any:
        return self.ops.get(f"/consents/{begun.body['consent_id']}").body

    @property
    def connections(self) -> int:
        log = log_of(self.program.opened.store)
        return sum(isinstance(each.event, AccountConnected) for each in log)

    @property
    def secrets(self) -> int:
        vault = accesses_of(self.program.opened, self.program.settings, ACME)
        with self.program.engine.look(ACME) as now:
            found = vault.of(Mailbox(ANN, now.account(ANN).credentials))
        return int(found.grant is not None)


@contextmanager
def desk_of(sandbox: Sandbox, folder: Path, url: str, **others: Any) -> Iterator[Desk]:
    settings = load_settings(
        **settings_for(sandbox, folder, http="127.0.0.1:0", **{**others, "store": url})
    )
    migrate(settings)
    with ExitStack() as stack:
        program = stack.enter_context(running(settings))
        stack.enter_context(links_served(program))
        port = stack.enter_context(http_served(program))
        assert port is not None
        ops = Caller(port, token(program, f"ops-{uuid4().hex}", Role.OPERATOR, ACME))
        stack.callback(ops.close)
        yield Desk(program, ops, port)
