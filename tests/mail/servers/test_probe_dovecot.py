"""Test Connection against a real Dovecot, with the refusals that it gives by itself."""

from collections.abc import Iterator
from contextlib import ExitStack

import pytest
from imapclient import IMAPClient

from adapters.mail.dialling import verifying_context
from engine.work.access import Access, Security, Server
from engine.work.ports import Probe
from engine.work.secret import Secret
from events.vocabulary import FailureClass
from tests.mail import probing
from tests.mail.mail_contract import ProbeContract
from tests.mail.probing import by_token
from tests.mail.servers.conftest import Site
from tests.mail.servers.dovecot import User

DORA = User("dora@sandbox.test", "dora-secret")
MOST_CONNECTIONS = 3
"""From one address, as the configuration has it."""


class DovecotProvider:
    """Dora's mailbox."""

    def __init__(self, site: Site) -> None:
        self._dovecot, self._provider = site.dovecot, site.provider
        self._held = ExitStack()
        self._provider.add_account(DORA.address, "elsewhere")
        self._dovecot.change(DORA)
        ours = probing.Site(self._provider, site.dovecot.ca_file)
        self.probe: Probe = ours.probe
        access = Access(
            "imap",
            DORA.address,
            Server("localhost", site.dovecot.imaps, Security.IMPLICIT),
            Server("localhost", site.dovecot.submission, Security.STARTTLS),
            Secret(DORA.password),
        )
        self._with_password = self.mailbox = ours.add(access)
        self._with_token = ours.add(by_token(access, self._provider))
        wrong = access._replace(password=Secret("not-hers"))
        ours.add_another(wrong)
        self.tokens = ours.tokens

    def refuse_login(self, because: FailureClass | None) -> None:
        self.close()
        self.mailbox, self.tokens.fresh = self._with_password, False
        match because:
            case FailureClass.AUTH_BAD_CREDENTIALS:
                self._dovecot.change(User(DORA.address, "changed"))
            case FailureClass.AUTH_ADMIN_POLICY:
                suspended = User(DORA.address, DORA.password, suspended="Account_suspended")
                self._dovecot.change(suspended)
            case FailureClass.AUTH_REVOKED:
                self._provider.revoke(DORA.address)
                self.mailbox, self.tokens.fresh = self._with_token, True
            case FailureClass.THROTTLED:
                self._occupy()
            case None:
                self._dovecot.change(DORA)

    def _occupy(self) -> None:
        context = verifying_context(self._dovecot.ca_file)
        for _ in range(MOST_CONNECTIONS):
            client = IMAPClient("localhost", self._dovecot.imaps, ssl_context=context, timeout=5)
            self._held.callback(client.shutdown)
            client.login(DORA.address, DORA.password)

    def close(self) -> None:
        self._held.close()


@pytest.fixture
def provider(site: Site) -> Iterator[DovecotProvider]:
    provider = DovecotProvider(site)
    yield provider
    provider.close()


class TestDovecot(ProbeContract):
    pass


@pytest.mark.rule("C1")
def test_dovecot_s_sent_folder_and_delimiter_are_found(provider: DovecotProvider) -> None:
    folders = provider.probe.check(provider.mailbox).folders
    assert folders is not None
    assert (folders.sent, folders.delimiter) == ("Sent", ".")
    assert "SPECIAL-USE" in folders.capabilities


@pytest.mark.rule("C3")
def test_a_provider_of_tokens_that_fails_is_a_fault_that_passes(
    provider: DovecotProvider, site: Site
) -> None:
    provider.refuse_login(FailureClass.AUTH_REVOKED)
    site.provider.refuse("unreachable", service="oauth")
    try:
        found = provider.probe.check(provider.mailbox).report.failure_class
    finally:
        site.provider.relent()
    assert found is FailureClass.TRANSIENT_SERVER
