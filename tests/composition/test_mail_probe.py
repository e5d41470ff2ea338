"""The probe and its neighbours as the settings put them together."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.composition.mail_servers import (
    mail_dialler,
    mail_probe,
    proposed_servers,
    sender_domain_warnings,
)
from adapters.composition.programs import Opened, running
from adapters.composition.vaults import new_vault_key, vault_over
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.settings.errors import SettingsError
from adapters.settings.model import EngineSettings
from engine.work.access import Accesses
from engine.work.ports import Mailbox
from engine.work.secret import Secret
from engine.work.tokens import Token
from events.vocabulary import FailureClass
from tests.mail.probing import access_to
from tests.mail.servers.name_server import NameServer

ANN = "ann@sandbox.test"


class NoTokens:
    """For mailboxes that are opened by passwords."""

    def valid(self, mailbox: Mailbox) -> Token:
        raise AssertionError(mailbox)

    def renewed(self, mailbox: Mailbox, instead_of: Secret) -> Token:
        raise AssertionError(mailbox, instead_of)


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as sandbox:
        yield sandbox


@pytest.fixture
def settings(tmp_path: Path, sandbox: Sandbox) -> EngineSettings:
    key = tmp_path / "vault.key"
    new_vault_key(key)
    return EngineSettings(
        store=tmp_path / "ledger.db",
        vault_key_file=key,
        allowed_networks=["127.0.0.0/8", "::1/128"],
        mail_ca_file=Path(sandbox.served()["ca_file"]),
    )


def found(opened: Opened, settings: EngineSettings, mailbox: Mailbox) -> FailureClass | None:
    probe = mail_probe(opened, settings, "main", NoTokens())
    return probe.check(mailbox).report.failure_class


def test_a_mailbox_is_checked_as_the_settings_allow(
    sandbox: Sandbox, settings: EngineSettings
) -> None:
    with running(settings, create=True) as program:
        opened = program.opened
        access = access_to(sandbox, ANN, "ann-secret")
        vault = vault_over(opened, settings)
        mailbox = Accesses(vault, "main", lambda: "1").add(ANN, access)
        assert found(opened, settings, mailbox) is None

        inside = settings.model_copy(update={"allowed_networks": []})
        assert found(opened, inside, mailbox) is FailureClass.UNREACHABLE

        untrusted = settings.model_copy(update={"mail_ca_file": None})
        assert found(opened, untrusted, mailbox) is FailureClass.TLS_UNTRUSTED

        with NameServer({}) as server:
            elsewhere = settings.model_copy(update={"dns_servers": [server.address]})
            assert found(opened, elsewhere, mailbox) is FailureClass.UNREACHABLE
            assert ("localhost", "A") in server.asked


def test_certificates_that_are_none_are_told_with_the_setting(
    settings: EngineSettings, tmp_path: Path
) -> None:
    (tmp_path / "empty.pem").write_text("")
    for name in ("empty.pem", "nowhere.pem"):
        with pytest.raises(SettingsError, match=r"^Setting mail_ca_file: "):
            mail_dialler(settings.model_copy(update={"mail_ca_file": tmp_path / name}))


def test_servers_and_warnings_come_from_the_name_servers_of_the_settings(
    settings: EngineSettings,
) -> None:
    zone = {
        ("_imaps._tcp.acme.test", "SRV"): ["0 0 993 mail.acme.test."],
        ("own._domainkey.acme.test", "TXT"): ['"p=MIGf"'],
    }
    with NameServer(zone) as server:
        asking = {"dns_servers": [server.address], "dkim_selectors": ["own"]}
        asked = settings.model_copy(update=asking)
        assert str(proposed_servers(asked, "Ann@acme.test").imap) == "mail.acme.test:993"
        said = sender_domain_warnings(asked, "Ann@acme.test")()
    assert [sentence.split(":")[0] for sentence in said] == [
        "acme.test has no SPF record",
        "acme.test has no DMARC record",
    ]
