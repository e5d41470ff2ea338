"""What every mail provider does for the engine: ``Probe``, ``Transport`` and ``Inbox``.

Heirs: ``test_simulated_server``, the provider in this process, and ``wire/test_sandbox``, the
sandbox; of ``ProbeContract`` also ``servers/test_probe_dovecot``, and of ``InboxContract``
``servers/test_wire_dovecot``. An heir brings a fixture
``provider``, with one mailbox open and working; a real server is provoked as a ``Provider`` says.
"""

from datetime import date
from email.message import EmailMessage
from typing import Protocol

import pytest

from engine.work.inbound import Kind
from engine.work.ports import (
    AccountTrouble,
    Arrivals,
    Inbox,
    Incoming,
    Mailbox,
    Message,
    Outcome,
    Probe,
    Refused,
    Search,
    Transport,
)
from events.vocabulary import FailureClass, RefusalFault, Stage

ADA, BEA = "ada@example.org", "bea@example.org"
OF_A_MESSAGE = [each for each in RefusalFault if each is not RefusalFault.ACCOUNT]
UNTIL = date(2026, 5, 5)
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


class Listened(Protocol):
    """A mail server whose inbox is read."""

    @property
    def inbox(self) -> Inbox: ...

    @property
    def mailbox(self) -> Mailbox: ...

    def refuse_login(self, because: FailureClass | None) -> None: ...

    def answer(self, about: str, kind: Kind, until: date | None = None) -> None:
        """A message of that kind arrives, about the one of ours with that id."""
        ...


class Provider(Probed, Listened, Protocol):
    """A mail server with all that is asked of one; it files what it accepts into Sent."""

    @property
    def transport(self) -> Transport: ...

    @property
    def mailbox(self) -> Mailbox: ...

    def refuse_login(self, because: FailureClass | None) -> None: ...

    def refuse(self, address: str, fault: RefusalFault) -> None:
        """Messages to that address, for that fault."""
        ...

    def break_after_data(self, address: str) -> None:
        """The next message to that address is taken, and the connection lost before it says so."""
        ...


def always() -> bool:
    return True


def message_to(address: str, name: str = "r1.intro") -> Message:
    message_id = f"<{name}@acme.example>"
    message = EmailMessage()
    message["From"], message["To"] = "ann@acme.example", address
    message["Message-ID"], message["Subject"] = message_id, "Spring"
    message["X-Sendledger-Id"] = name
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
        assert provider.transport.submit(provider.mailbox, message, always) is Outcome.ACCEPTED
        assert provider.transport.file_copy(provider.mailbox, message)
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found is Search.FOUND

    def test_what_was_never_sent_is_absent_where_the_provider_files_what_it_accepts(
        self, provider: Provider
    ) -> None:
        provider.transport.submit(provider.mailbox, message_to(ADA), always)
        found = provider.transport.was_sent(provider.mailbox, "<r2.intro@acme.example>")
        assert found is Search.ABSENT

    def test_an_id_that_begins_like_another_is_not_taken_for_it(self, provider: Provider) -> None:
        provider.transport.submit(provider.mailbox, message_to(ADA, "r1.intro-2"), always)
        found = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
        assert found is Search.ABSENT

    def test_a_search_compares_what_stands_left_of_the_at_sign(self, provider: Provider) -> None:
        provider.transport.submit(provider.mailbox, message_to(ADA), always)
        found = provider.transport.was_sent(provider.mailbox, "<r1.intro@rewritten.example>")
        assert found is Search.FOUND

    @pytest.mark.parametrize("fault", OF_A_MESSAGE)
    def test_a_refused_message_is_refused_for_that_fault_and_not_sent(
        self, provider: Provider, fault: RefusalFault
    ) -> None:
        provider.refuse(ADA, fault)
        message = message_to(ADA)
        refused = provider.transport.submit(provider.mailbox, message, always)
        assert isinstance(refused, Refused)
        assert refused.fault is fault
        assert refused.address_unknown is (fault is RefusalFault.RECIPIENT)
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found in (Search.ABSENT, Search.INCONCLUSIVE)

    def test_who_is_refused_refuses_nobody_else(self, provider: Provider) -> None:
        provider.refuse(ADA, RefusalFault.RECIPIENT)
        other = message_to(BEA, "r2.intro")
        assert provider.transport.submit(provider.mailbox, other, always) is Outcome.ACCEPTED

    def test_a_connection_lost_after_the_message_leaves_its_outcome_unknown(
        self, provider: Provider
    ) -> None:
        provider.break_after_data(ADA)
        message = message_to(ADA)
        assert provider.transport.submit(provider.mailbox, message, always) is Outcome.UNKNOWN
        found = provider.transport.was_sent(provider.mailbox, message.message_id)
        assert found is Search.FOUND

    @pytest.mark.parametrize("found", CLASSES)
    def test_a_refused_login_is_the_account_s_trouble_and_no_message_s(
        self, provider: Provider, found: FailureClass
    ) -> None:
        provider.refuse_login(found)
        assert provider.transport.submit(
            provider.mailbox, message_to(ADA), always
        ) == AccountTrouble(found)
        search = provider.transport.was_sent(provider.mailbox, "<r1.intro@acme.example>")
        assert search is Search.INCONCLUSIVE


class InboxContract:
    """M5."""

    def test_an_empty_inbox_has_a_cursor(self, provider: Listened) -> None:
        first = read(provider, "")
        assert first.messages == []
        assert read(provider, first.cursor).messages == []

    def test_what_was_read_to_its_end_was_read_up_to_a_moment(self, provider: Listened) -> None:
        first = read(provider, "")
        assert first.read_until is not None
        provider.answer("<r1@x>", Kind.REPLY)
        again = read(provider, first.cursor)
        assert again.read_until is not None
        assert again.read_until >= first.read_until

    def test_what_arrives_comes_once_in_order_after_the_cursor(self, provider: Listened) -> None:
        before = read(provider, "").cursor
        provider.answer("<r1@x>", Kind.REPLY)
        provider.answer("<r2@x>", Kind.BOUNCE)
        first = read(provider, before)
        assert abouts(first) == ["r1", "r2"]
        assert [each.meaning.kind for each in first.messages] == [Kind.REPLY, Kind.BOUNCE]
        provider.answer("<r3@x>", Kind.UNSUBSCRIBE)
        assert abouts(read(provider, first.cursor)) == ["r3"]

    def test_the_same_cursor_answers_the_same_messages_by_the_same_keys(
        self, provider: Listened
    ) -> None:
        provider.answer("<r1@x>", Kind.REPLY)
        once = read(provider, "")
        provider.answer("<r2@x>", Kind.REPLY)
        again = read(provider, "")
        assert again.messages[:1] == once.messages
        assert len({each.key for each in again.messages}) == 2

    def test_an_automatic_answer_may_name_a_date(self, provider: Listened) -> None:
        provider.answer("<r1@x>", Kind.AUTO_REPLY, UNTIL)
        (arrived,) = read(provider, "").messages
        assert (arrived.meaning.kind, arrived.meaning.until) == (Kind.AUTO_REPLY, UNTIL)

    def test_an_inbox_that_lets_nobody_in_is_the_account_s_trouble(
        self, provider: Listened
    ) -> None:
        provider.refuse_login(FailureClass.AUTH_ADMIN_POLICY)
        trouble = provider.inbox.since(provider.mailbox, "")
        assert trouble == AccountTrouble(FailureClass.AUTH_ADMIN_POLICY)


class MailContract(ProbeContract, TransportContract, InboxContract):
    """All three."""


def read(provider: Listened, cursor: str) -> Arrivals:
    """All that there is after the cursor."""
    messages: list[Incoming] = []
    while True:
        arrivals = provider.inbox.since(provider.mailbox, cursor)
        assert isinstance(arrivals, Arrivals)
        messages += arrivals.messages
        cursor = arrivals.cursor
        if arrivals.read_until is not None:
            return Arrivals(cursor, messages, arrivals.read_until)


def abouts(arrivals: Arrivals) -> list[str]:
    """The messages of ours that these are about."""
    return [each.message for found in arrivals.messages for each in found.meaning.about]
