"""New credentials take the place of the old ones once they are verified, and never before."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from adapters.stores.memory import MemoryViews
from adapters.stores.small_tables.sealed_rows import StoredSealedRows
from adapters.vault.keys import Key
from adapters.vault.vault import SealedVault
from aggregates.email_account.commands import ConnectAccount, DisconnectAccount
from engine.projecting import ProjectionRunner
from engine.simulated import simulated_report
from engine.work.access import Access, Accesses, Grant, Security, Server
from engine.work.check_connection import UNCHECKED, ConnectionChecks
from engine.work.findings import Findings, Watch, unwatched
from engine.work.mailboxes import FORGOTTEN, Mailboxes
from engine.work.ports import Mailbox
from engine.work.secret import NoSuchSecret, Secret, SecretAltered, SecretRef
from engine.work.unused_credentials import UnusedCredentials
from events.email_account import AccountConnected, OneClickReconnected
from events.vocabulary import ConnectionStatus, FailureClass
from projections.shipped import SHIPPED
from tests.law.story import fail
from tests.tables_in_memory import TablesInMemory
from tests.work.desk import USER, Desk
from tests.workplace import ACME

EVE = "eve@acme.test"
IMAP = Server("imap.acme.test", 993, Security.IMPLICIT)
SMTP = Server("smtp.acme.test", 587, Security.STARTTLS)


def by_password(password: str, smtp: Server = SMTP) -> Access:
    return Access("imap", EVE, IMAP, smtp, Secret(password))


class OnePassword:
    """A provider that lets in by this password, which it finds in the vault as a probe does."""

    def __init__(self, accesses: Accesses, password: str) -> None:
        self.accesses = accesses
        self.lets_in = password
        self.meanwhile: Callable[[], object] = lambda: None

    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        self.meanwhile()
        right = self.accesses.of(mailbox).password == Secret(self.lets_in)
        found = None if right else FailureClass.AUTH_BAD_CREDENTIALS
        return Findings(simulated_report(found))


class Office:
    def __init__(self) -> None:
        self.desk = Desk()
        self.vault = SealedVault(
            StoredSealedRows(TablesInMemory(self.desk.clock)),
            lambda: (Key("k1", bytes(range(32))),),
        )
        self.accesses = Accesses(self.vault, ACME, self.desk.new_id)
        self.provider = OnePassword(self.accesses, "right")
        checks = ConnectionChecks(self.desk.engine, self.provider, ACME, self.desk.new_id)
        self.mailboxes = Mailboxes(self.desk.engine, checks, self.accesses, ACME, self.desk.clock)

    def connect(self, access: Access) -> str | None:
        wanted = ConnectAccount(account_id=EVE, slot_id="s9", provider="?", report=UNCHECKED)
        refusal = self.mailboxes.connect(wanted, access, actor=USER).refusal
        return refusal and refusal.code

    def reconnect(self, access: Access | None = None, refusal: str | None = None) -> str | None:
        refused = self.mailboxes.reconnect(EVE, access, actor=USER, refusal=refusal).refusal
        return refused and refused.code

    def kept(self) -> list[str]:
        """The passwords in the vault."""
        refs = [each.ref for each in self.vault.list(ACME)]
        found = [self.accesses.of(Mailbox(each.account_id, each.name)).password for each in refs]
        return sorted(each.reveal() for each in found if each)

    @property
    def credentials(self) -> str | None:
        with self.desk.engine.look(ACME) as now:
            return now.account(EVE).credentials


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.mark.rule("C1", "F1")
def test_a_connected_account_names_its_credentials_and_its_servers(office: Office) -> None:
    assert office.connect(by_password("right")) is None

    (connected,) = office.desk.facts(AccountConnected)
    assert isinstance(connected, AccountConnected)
    assert connected.provider == "imap"
    assert connected.configuration == by_password("another").configuration
    assert office.accesses.of(Mailbox(EVE, connected.credentials)) == by_password("right")


@pytest.mark.rule("C1")
def test_what_connects_nothing_leaves_no_credentials(office: Office) -> None:
    assert office.connect(by_password("wrong")) == "still_failing"
    assert office.kept() == []


@pytest.mark.rule("R2")
def test_a_new_password_takes_the_place_of_the_old_one_once_it_is_verified(office: Office) -> None:
    office.connect(by_password("right"))
    office.provider.lets_in = "new"

    assert office.reconnect(by_password("typed wrong")) == "still_failing"
    assert office.kept() == ["right"]
    assert office.reconnect(by_password("new")) is None
    assert office.kept() == ["new"]
    (reconnected,) = office.desk.facts(OneClickReconnected)
    assert isinstance(reconnected, OneClickReconnected)
    assert reconnected.credentials == office.credentials


@pytest.mark.rule("R2")
def test_reconnecting_with_what_there_is_changes_no_credentials(office: Office) -> None:
    office.connect(by_password("right"))
    before = office.credentials
    office.desk.workplace.given(fail(EVE))

    assert office.reconnect() is None
    assert office.credentials == before
    assert office.kept() == ["right"]


@pytest.mark.rule("R2")
def test_other_servers_are_refused_before_they_learn_the_password(office: Office) -> None:
    office.connect(by_password("right"))
    asked: list[str] = []
    office.provider.meanwhile = lambda: asked.append("asked")

    moved = SMTP._replace(port=465, security=Security.IMPLICIT)
    assert office.reconnect(by_password("right", moved)) == "configuration_changed"
    assert asked == []
    assert office.kept() == ["right"]


@pytest.mark.rule("R2")
def test_a_reason_found_at_the_consent_refuses_without_a_check(office: Office) -> None:
    office.connect(by_password("right"))
    office.provider.meanwhile = lambda: pytest.fail("nothing is to be checked")

    refused = office.reconnect(by_password("right"), "insufficient_scope")

    assert refused == "insufficient_scope"


@pytest.mark.rule("R2")
def test_a_process_that_dies_while_it_verifies_leaves_the_account_as_it_was(office: Office) -> None:
    office.connect(by_password("right"))
    office.provider.lets_in = "new"
    office.accesses.add(EVE, by_password("of a process that died"))

    with office.desk.engine.look(ACME) as now:
        assert office.accesses.of(Mailbox(EVE, now.account(EVE).credentials)).password == Secret(
            "right"
        )
    office.desk.clock.advance(FORGOTTEN + timedelta(seconds=1))
    assert office.reconnect(by_password("new")) is None
    assert office.kept() == ["new"]


def test_a_probe_that_raises_leaves_no_new_credentials(office: Office) -> None:
    office.connect(by_password("right"))

    def lose() -> None:
        raise ConnectionAbortedError

    office.provider.meanwhile = lose
    with pytest.raises(ConnectionAbortedError):
        office.reconnect(by_password("new"))
    assert office.kept() == ["right"]


@pytest.mark.rule("R2")
def test_of_two_that_reconnect_at_once_the_later_one_s_credentials_stay(office: Office) -> None:
    office.connect(by_password("right"))

    def another_one_does_it_too() -> None:
        office.provider.meanwhile = lambda: None
        assert office.reconnect(by_password("right")) is None

    office.provider.meanwhile = another_one_does_it_too
    assert office.reconnect(by_password("right")) is None

    assert office.accesses.of(Mailbox(EVE, office.credentials)) == by_password("right")


@pytest.mark.rule("T1")
def test_a_disconnect_deletes_the_credentials(office: Office) -> None:
    office.connect(by_password("right"))
    before = office.credentials
    office.mailboxes.forget(EVE, before)
    assert office.kept() == ["right"], "an account that is connected keeps them"

    office.desk.workplace.given(DisconnectAccount(account_id=EVE))
    office.mailboxes.forget(EVE, before)

    assert office.kept() == []
    with office.desk.engine.look(ACME) as now:
        assert now.account(EVE).status is ConnectionStatus.DISCONNECTED


def test_an_access_by_token_comes_out_of_the_vault_as_it_went_in(office: Office) -> None:
    ends = datetime(2026, 3, 2, 12, 0, 0, 250_000, tzinfo=UTC)
    grant = Grant(Secret("r"), Secret("a"), ends, ("mail", "openid"), "subject-1")
    access = Access("google", EVE, IMAP, SMTP, grant=grant)

    assert office.accesses.of(office.accesses.add(EVE, access)) == access


def test_what_the_vault_has_and_is_no_access_is_said_to_be_altered(office: Office) -> None:
    office.vault.put(SecretRef(ACME, EVE, "access-x"), Secret('{"user": "eve"}'))
    with pytest.raises(SecretAltered):
        office.accesses.of(Mailbox(EVE, "access-x"))
    with pytest.raises(NoSuchSecret):
        office.accesses.of(Mailbox(EVE))


@pytest.mark.rule("R2")
def test_the_configuration_is_of_servers_and_of_nothing_else() -> None:
    same = by_password("x")._replace(user="other", imap=IMAP._replace(host="IMAP.acme.test"))
    assert same.configuration == by_password("y").configuration
    assert by_password("x", SMTP._replace(port=25)).configuration != same.configuration


@pytest.mark.rule("R2", "T1")
def test_what_no_account_uses_is_deleted_a_day_later_and_nothing_else(office: Office) -> None:
    desk = office.desk
    views = MemoryViews()
    unused = UnusedCredentials(desk.engine, office.vault, views, desk.clock)
    office.connect(by_password("right"))
    office.accesses.add(EVE, by_password("of a reconnect that died"))
    office.accesses.add("never@acme.test", by_password("of a connect that died"))
    office.vault.put(SecretRef("_", "links", "signing key"), Secret("of links"))

    desk.clock.advance(FORGOTTEN)
    assert unused.delete() == 0
    desk.clock.advance(timedelta(seconds=1))
    new = office.accesses.add(EVE, by_password("of a reconnect that goes on"))
    assert unused.delete() == 2
    assert office.kept() == ["of a reconnect that goes on", "right"]
    assert len(office.vault.list()) == 3

    office.accesses.drop(EVE, new.credentials or "")
    ProjectionRunner(desk.engine.store, views, SHIPPED).catch_up()
    desk.workplace.given(DisconnectAccount(account_id=EVE))
    assert unused.delete() == 0, "the view has not seen the disconnect yet"
    ProjectionRunner(desk.engine.store, views, SHIPPED).catch_up()
    assert unused.delete() == 1
    assert office.kept() == []
