"""Sent folders and inboxes of a real Dovecot, over the wire (M2, M4, M5)."""

from collections.abc import Iterator
from contextlib import closing
from datetime import date
from typing import Final

import pytest
from imapclient import IMAPClient

from adapters.mail.dialling import verifying_context
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.inbox import PIECE
from engine.work.access import Access, Security, Server
from engine.work.inbound import Kind
from engine.work.ports import Arrivals, Outcome, Search
from engine.work.secret import Secret
from events.vocabulary import FailureClass
from tests.mail import probing
from tests.mail.mail_contract import ADA, InboxContract, abouts, always, message_to, read
from tests.mail.relays import LocalRelay, running
from tests.mail.servers.dovecot import Dovecot, User
from tests.mail.wire.answers import answer
from tests.mail.wire.mailboxes import wire_to

NAMES = [f"user{number}@sandbox.test" for number in range(40)]
REPLIED: Final = Kind.REPLY


@pytest.fixture(scope="module")
def relay() -> LocalRelay:
    return LocalRelay()


@pytest.fixture(scope="module")
def dovecot(relay: LocalRelay) -> Iterator[Dovecot]:
    users = [User(name, "secret") for name in NAMES]
    with running(relay) as port, Dovecot(users, relay=port) as dovecot:
        yield dovecot


@pytest.fixture(scope="module")
def names() -> Iterator[str]:
    """Each once: a mailbox nobody has used."""
    return iter(NAMES)


class DovecotMail:
    """A mailbox of its own."""

    def __init__(self, dovecot: Dovecot, name: str, sandbox: Sandbox) -> None:
        self.dovecot, self.name = dovecot, name
        site = probing.Site(sandbox, dovecot.ca_file)
        access = Access(
            "imap",
            name,
            Server("localhost", dovecot.imaps, Security.IMPLICIT),
            Server("localhost", dovecot.submission, Security.STARTTLS),
            Secret("secret"),
        )
        self.mailbox = site.add(access)
        self.wire = wire_to(site)
        self.transport, self.inbox = self.wire.transport, self.wire.inbox

    def refuse_login(self, because: FailureClass | None) -> None:
        assert because is FailureClass.AUTH_ADMIN_POLICY
        self.dovecot.change(User(self.name, "secret", suspended="Account_suspended"))

    def answer(self, about: str, kind: Kind, until: date | None = None) -> None:
        self.dovecot.deliver(self.name, answer(about, kind, until))

    def client(self) -> IMAPClient:
        context = verifying_context(self.dovecot.ca_file)
        client = IMAPClient("localhost", self.dovecot.imaps, ssl_context=context, timeout=5)
        client.login(self.name, "secret")
        return client


@pytest.fixture
def provider(dovecot: Dovecot, names: Iterator[str]) -> Iterator[DovecotMail]:
    with Sandbox([]) as sandbox:
        provider = DovecotMail(dovecot, next(names), sandbox)
        with closing(provider.wire):
            yield provider


class TestDovecot(InboxContract):
    pass


@pytest.mark.rule("M2")
def test_a_copy_is_filed_once_seen_and_found(provider: DovecotMail, relay: LocalRelay) -> None:
    message = message_to(ADA)
    assert provider.transport.submit(provider.mailbox, message, always) is Outcome.ACCEPTED
    assert message.content.replace(b"\n", b"\r\n") in relay.taken[-1].content
    for _ in range(3):
        assert provider.transport.file_copy(provider.mailbox, message)
    with provider.client() as client:
        client.select_folder("Sent", readonly=True)
        ((_, filed),) = client.fetch(client.search(), ["FLAGS", "BODY.PEEK[]"]).items()
    assert rb"\Seen" in filed[b"FLAGS"]
    assert filed[b"BODY[]"].endswith(message.content.replace(b"\n", b"\r\n"))
    found = provider.transport.was_sent(provider.mailbox, message.message_id)
    assert found is Search.FOUND


@pytest.mark.rule("M2")
def test_where_we_file_copies_absence_proves_nothing(provider: DovecotMail) -> None:
    sent = provider.transport.was_sent
    assert sent(provider.mailbox, "<r2.intro@x>") is Search.INCONCLUSIVE
    provider.transport.file_copy(provider.mailbox, message_to(ADA))
    assert sent(provider.mailbox, "<r2.intro@x>") is Search.INCONCLUSIVE


@pytest.mark.rule("M2")
def test_the_folder_of_the_settings_is_the_one_that_counts(provider: DovecotMail) -> None:
    mailbox = provider.mailbox._replace(sent_folder="Drafts")
    assert provider.transport.file_copy(mailbox, message_to(ADA))
    sent = provider.transport.was_sent
    assert sent(mailbox, "<r1.intro@x>") is Search.FOUND
    assert sent(provider.mailbox, "<r1.intro@x>") is Search.INCONCLUSIVE
    nowhere = mailbox._replace(sent_folder="No such folder")
    assert not provider.transport.file_copy(nowhere, message_to(ADA))
    assert sent(nowhere, "<r1.intro@x>") is Search.INCONCLUSIVE


@pytest.mark.rule("M5")
def test_a_folder_that_is_numbered_anew_is_read_anew_by_the_same_keys(
    provider: DovecotMail,
) -> None:
    contents = [answer(f"<r{number}@x>", REPLIED) for number in range(5)]
    provider.dovecot.plant(provider.name, enumerate(contents, 1), validity=1)
    first = read(provider, "")
    provider.wire.close()

    provider.dovecot.plant(provider.name, enumerate(contents, 2), validity=2)
    again = read(provider, first.cursor)
    assert again.messages == first.messages
    assert len(first.messages) == len({each.key for each in first.messages}) == 5
    assert read(provider, again.cursor).messages == []


@pytest.mark.rule("M4")
def test_a_long_inbox_is_read_piece_by_piece(provider: DovecotMail) -> None:
    many = PIECE * 2 + 7
    octets = answer("<r1@x>", REPLIED)
    provider.dovecot.plant(
        provider.name,
        ((uid, octets.replace(b"r1", b"<r%d@x>" % uid)) for uid in range(1, many + 1)),
        validity=1,
    )
    first = provider.inbox.since(provider.mailbox, "")
    assert isinstance(first, Arrivals)
    assert (len(first.messages), first.read_until) == (PIECE, None)
    assert abouts(read(provider, "")) == [f"r{uid}" for uid in range(1, many + 1)]


def test_uids_may_have_any_gaps(provider: DovecotMail) -> None:
    uids = [7, PIECE * 40, PIECE * 40 + 1, 90_000_000, 2_000_000_000]
    messages = [(uid, answer(f"<r{uid}@x>", REPLIED)) for uid in uids]
    provider.dovecot.plant(provider.name, messages, validity=1)
    everything = read(provider, "")
    assert abouts(everything) == [f"r{uid}" for uid in uids]
    provider.answer("<r1@x>", REPLIED)
    assert abouts(read(provider, everything.cursor)) == ["r1"]


def test_what_was_deleted_since_is_passed_over(provider: DovecotMail) -> None:
    for number in range(4):
        provider.answer(f"<r{number}@x>", REPLIED)
    first = read(provider, "")
    with provider.client() as client:
        client.select_folder("INBOX")
        client.delete_messages(client.search()[2:])
        client.expunge()
    assert read(provider, first.cursor).messages == []
    provider.answer("<r9@x>", REPLIED)
    assert abouts(read(provider, first.cursor)) == ["r9"]


def test_reading_marks_nothing_as_read(provider: DovecotMail) -> None:
    provider.dovecot.deliver(provider.name, answer("<r1@x>", REPLIED, in_body=True))
    assert abouts(read(provider, "")) == ["r1"]
    with provider.client() as client:
        client.select_folder("INBOX", readonly=True)
        assert len(client.search("UNSEEN")) == 1
