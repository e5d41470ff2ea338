"""What every mail provider does for the engine: ``Probe``, ``Transport`` and ``Inbox``.

Heirs: ``test_simulated_server``, the provider in this process; of ``ProbeContract`` also
``test_probe``, the sandbox, and ``servers/test_probe_dovecot``. An heir brings a fixture
``provider``, with one mailbox open and working; a real server is provoked as a ``Provider`` says.
"""

from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Protocol

import pytest

from engine.work.ports import (
    AccountTrouble,
    Arrivals,
    Inbox,
    Mailbox,
    Message,
    Outcome,
    Probe,
    Refused,
    Search,
    Transport,
)
from events.vocabulary import FailureClass, RecipientStatus, RefusalFault, Signal, Stage

ADA, BEA = "ada@example.org", "bea@example.org"
UNTIL = datetime(2026, 5, 5, tzinfo=UTC)
CLASSES = [
    FailureClass.AUTH_BAD_CREDENTIALS,
    FailureClass.AUTH_REVOKED,
    FailureClass.AUTH_ADMIN_POLICY,
    FailureClass.THROTTLED,
]


class Probed(Protocol):
    """A mail server that is checked, and what a test has it do."""

    @property
    def mailbox(self) -> Mailbox:
        """Opened by what the class of the last refusal is about: a password, or a token.

        Its credentials ``access-another`` are wrong.
        """
        ...

    @property
    def probe(self) -> Probe: ...

    def refuse_login(self, because: FailureClass | None) -> None:
        """From now on; None lets in again."""
        ...


class Provider(Probed, Protocol):
    """A mail server with all that is asked of one."""

    transport: Transport
    inbox: Inbox

    def refuse(self, address: str, fault: RefusalFault) -> None:
        """Messages to that address, for that fault."""
        ...

    def break_after_data(self, address: str) -> None:
        """The next message to that address is taken, and the connection lost before it says so."""
        ...

    def answer(self, about: str, signal: Signal | None, until: datetime | None = None) -> None:
        """A message arrives that answers the one with that id; without a signal automatically."""
        ...


def message_to(address: str, name: str = "r1.intro") -> Message:
    message_id = f"<{name}@acme.example>"
    message = EmailMessage()
    message["From"], message["To"] = "ann@acme.example", address
    message["Message-ID"], message["Subject"] = message_id, "Spring"
    message.set_content("Would a word about spring be welcome?\n")
    return Message(message_id, address, message.as_bytes())


class ProbeContract:
    """C1, C3."""

    def test_a_working_mailbox_passes_every_stage(self, provider: Probed) -> None:
        report = provider.probe.check(provider.mailbox).report
        assert report.successful
        assert report.passed == tuple(Stage)

    @pytest.mark.parametrize("found", CLASSES)
    def test_a_refused_login_is_found_with_its_class(
        self, provider: Probed, found: FailureClass
    ) -> None:
        provider.refuse_login(found)
        report = provider.probe.check(provider.mailbox).report
        assert report.found is found
        assert report.failed_at is Stage.LOGIN
        assert report.passed[:3] == (Stage.NAME, Stage.TCP, Stage.TLS)
        assert not {Stage.LOGIN, Stage.IMAP} & {*report.passed}

    def test_a_wrong_secret_is_found(self, provider: Probed) -> None:
        report = provider.probe.check(
            provider.mailbox._replace(credentials="access-another")
        ).report
        assert report.found is FailureClass.AUTH_BAD_CREDENTIALS

    def test_a_mailbox_that_lets_in_again_passes(self, provider: Probed) -> None:
        provider.refuse_login(FailureClass.AUTH_REVOKED)
        provider.refuse_login(None)
        assert provider.probe.check(provider.mailbox).report.successful


class TransportContract:
    """M2."""

    def test_an_accepted_message_is_found_in_the_sent_folder(self, provider: Provider) -> None:
        message = message_to(ADA)
        assert provider.transport.submit(provider.mailbox, message) is Outcome.ACCEPTED
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found is Search.FOUND

    def test_a_search_compares_what_stands_left_of_the_at_sign(self, provider: Provider) -> None:
        provider.transport.submit(provider.mailbox, message_to(ADA))
        found = provider.transport.was_sent(provider.mailbox, "<r1.intro@rewritten.example>")
        assert found is Search.FOUND

    @pytest.mark.parametrize("fault", list(RefusalFault))
    def test_a_refused_message_is_refused_for_that_fault_and_not_sent(
        self, provider: Provider, fault: RefusalFault
    ) -> None:
        provider.refuse(ADA, fault)
        message = message_to(ADA)
        assert provider.transport.submit(provider.mailbox, message) == Refused(fault)
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found in (Search.ABSENT, Search.INCONCLUSIVE)

    def test_who_is_refused_refuses_nobody_else(self, provider: Provider) -> None:
        provider.refuse(ADA, RefusalFault.RECIPIENT)
        other = message_to(BEA, "r2.intro")
        assert provider.transport.submit(provider.mailbox, other) is Outcome.ACCEPTED

    def test_a_connection_lost_after_the_message_leaves_its_outcome_unknown(
        self, provider: Provider
    ) -> None:
        provider.break_after_data(ADA)
        message = message_to(ADA)
        assert provider.transport.submit(provider.mailbox, message) is Outcome.UNKNOWN
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found is Search.FOUND

    @pytest.mark.parametrize("found", CLASSES)
    def test_a_refused_login_is_the_account_s_trouble_and_no_message_s(
        self, provider: Provider, found: FailureClass
    ) -> None:
        provider.refuse_login(found)
        assert provider.transport.submit(provider.mailbox, message_to(ADA)) == AccountTrouble(found)
        search = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
        assert search is Search.INCONCLUSIVE


class InboxContract:
    """M5."""

    def test_an_empty_inbox_has_a_cursor(self, provider: Provider) -> None:
        first = read(provider, "")
        assert first.messages == []
        assert read(provider, first.cursor).messages == []

    def test_what_arrives_comes_once_in_order_after_the_cursor(self, provider: Provider) -> None:
        before = read(provider, "").cursor
        provider.answer("<r1@x>", RecipientStatus.REPLIED)
        provider.answer("<r2@x>", RecipientStatus.BOUNCED)
        first = read(provider, before)
        assert [(each.about, each.signal) for each in first.messages] == [
            ("<r1@x>", RecipientStatus.REPLIED),
            ("<r2@x>", RecipientStatus.BOUNCED),
        ]
        provider.answer("<r3@x>", RecipientStatus.UNSUBSCRIBED)
        assert [each.about for each in read(provider, first.cursor).messages] == ["<r3@x>"]

    def test_the_same_cursor_answers_the_same_messages_by_the_same_keys(
        self, provider: Provider
    ) -> None:
        provider.answer("<r1@x>", RecipientStatus.REPLIED)
        once = read(provider, "")
        provider.answer("<r2@x>", RecipientStatus.REPLIED)
        again = read(provider, "")
        assert again.messages[:1] == once.messages
        assert len({each.key for each in again.messages}) == 2

    def test_an_automatic_answer_is_no_signal_and_may_name_a_date(self, provider: Provider) -> None:
        provider.answer("<r1@x>", None, UNTIL)
        (arrived,) = read(provider, "").messages
        assert (arrived.signal, arrived.until) == (None, UNTIL)

    def test_an_inbox_that_lets_nobody_in_is_the_account_s_trouble(
        self, provider: Provider
    ) -> None:
        provider.refuse_login(FailureClass.AUTH_REVOKED)
        trouble = provider.inbox.since(provider.mailbox, "")
        assert trouble == AccountTrouble(FailureClass.AUTH_REVOKED)


class MailContract(ProbeContract, TransportContract, InboxContract):
    """All three."""


def read(provider: Provider, cursor: str) -> Arrivals:
    arrivals = provider.inbox.since(provider.mailbox, cursor)
    assert isinstance(arrivals, Arrivals)
    return arrivals
