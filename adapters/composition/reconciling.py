"""Where reconciling a fenced store is put together."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from uuid import uuid4

from adapters.composition.mail_servers import mail_dialler, mail_probe
from adapters.composition.mailboxes import accesses_of, tokens_over
from adapters.composition.programs import Program
from adapters.mail.wire.mail_wire import MailWire
from adapters.stores.small_tables.inbox_cursors import StoredCursors
from engine.work.check_connection import ConnectionChecks
from engine.work.mailing.reconcile import Means, World


@contextmanager
def reconciling(program: Program) -> Iterator[Means]:
    """On real mail servers. Workers read the inboxes afterwards. Raises ``SettingsError``."""
    settings, opened, engine = program
    dialler = mail_dialler(settings)
    with ExitStack() as stack:

        @cache
        def world_of(workspace: str) -> World:
            tokens = tokens_over(opened, settings, workspace)
            probe = mail_probe(opened, settings, workspace, tokens, dialler)
            accesses = accesses_of(opened, settings, workspace)
            wire = MailWire(accesses, tokens, dialler, opened.store.now, lambda *_: None)
            stack.callback(wire.close)
            checks = ConnectionChecks(engine, probe, workspace, _new_id, opened.evidence)
            return World(checks, wire.transport)

        yield Means(engine, opened.fence, StoredCursors(opened.beside), world_of)


def _new_id() -> str:
    return uuid4().hex
