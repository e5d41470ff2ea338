"""Where background checks are put together."""

from collections.abc import Callable
from functools import cache
from uuid import uuid4

from adapters.composition.mail_servers import mail_dialler, mail_probe
from adapters.composition.mailboxes import accesses_of, tokens_over
from adapters.composition.programs import Program
from adapters.composition.vaults import vault_over
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from engine.work.background_checks import BackgroundChecks
from engine.work.check_connection import ConnectionChecks
from engine.work.check_places import Places
from engine.work.check_times import CheckTimes
from engine.work.ports import Mailbox
from engine.work.unused_credentials import UnusedCredentials


def background_checks(program: Program) -> BackgroundChecks:
    """Of all workspaces of the program's store, on real mail servers. Raises ``SettingsError``."""
    settings, opened, engine = program
    dialler = mail_dialler(settings)

    @cache
    def checks_of(workspace: str) -> ConnectionChecks:
        tokens = tokens_over(opened, settings, workspace)
        probe = mail_probe(opened, settings, workspace, tokens, dialler)
        return ConnectionChecks(engine, probe, workspace, _new_id, opened.evidence)

    @cache
    def servers_of(workspace: str) -> Callable[[Mailbox], str]:
        accesses = accesses_of(opened, settings, workspace)

        def hosts(mailbox: Mailbox) -> str:
            access = accesses.of(mailbox)
            return " ".join(sorted({access.imap.host, access.smtp.host}))

        return hosts

    return BackgroundChecks(
        StoredCheckSchedule(opened.beside),
        opened.views,
        checks_of,
        servers_of,
        now=opened.store.now,
        new_id=_new_id,
        times=CheckTimes(
            settings.check_interval, settings.misses_before_failure, settings.misses_span
        ),
        places=Places(settings.checks_at_once, settings.checks_per_server),
    )


def unused_credentials(program: Program) -> UnusedCredentials:
    """Of all workspaces of the program's store."""
    settings, opened, engine = program
    vault = vault_over(opened, settings)
    return UnusedCredentials(engine, vault, opened.views, opened.store.now)


def _new_id() -> str:
    return uuid4().hex
