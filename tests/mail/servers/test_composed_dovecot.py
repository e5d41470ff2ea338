"""A composed message goes through a real mail server and comes out as it was, to another parser."""

from email.header import decode_header, make_header

import pytest
from imapclient import IMAPClient
from imapclient.response_types import Envelope

from adapters.mail.composing.message import OUR_ID, compose
from adapters.mail.dialling import verifying_context
from engine.work.letters import Letter, Thread
from tests.mail.composing.letters import ANN, BEN, BY_CLICK, LEFT, posting
from tests.mail.servers.conftest import ANN as INBOX
from tests.mail.servers.conftest import Site

TEXT = "Grüße,\r\n.\r\n..\r\nFrom here on \r\n\r\n" + "x" * 2_000 + "\r\n"
HTML = "<p>жук</p>\r\n" * 50
LETTER = Letter("Frühling für " + "alle " * 30, TEXT, HTML)


def delivered(site: Site, content: bytes) -> dict[bytes, object]:
    site.dovecot.deliver(INBOX.address, content, sender=ANN.address)
    context = verifying_context(site.dovecot.ca_file)
    with IMAPClient("localhost", site.dovecot.imaps, ssl_context=context) as client:
        client.login(INBOX.address, INBOX.password)
        client.select_folder("INBOX", readonly=True)
        found = client.search(["HEADER", OUR_ID, LEFT])
        assert found == client.search(["HEADER", "Message-ID", LEFT])
        fetched = client.fetch(found[-1:], ["ENVELOPE", "BODY.PEEK[1]", "BODY.PEEK[]"])
        told: dict[bytes, object] = fetched[found[-1]]
        return told


@pytest.mark.rule("M2", "M5")
def test_a_message_is_found_by_its_left_part_and_read_as_it_was_put_together(site: Site) -> None:
    thread = Thread("Frühling", ["<first@acme.example>", "<second@acme.example>"])
    person = BEN._replace(name='Bén, "der" Hur <ben@y.test>', address="ben@bücher.example")
    message = compose(LETTER, posting(person, unsubscribing=BY_CLICK, thread=thread))

    told = delivered(site, message.content)

    envelope, octets = told[b"ENVELOPE"], told[b"BODY[]"]
    assert isinstance(envelope, Envelope)
    assert isinstance(octets, bytes)
    assert octets.endswith(message.content)
    assert envelope.message_id == message.message_id.encode()
    assert envelope.in_reply_to == b"<second@acme.example>"
    assert str(make_header(decode_header(envelope.subject.decode()))) == LETTER.subject.strip()
    assert [(each.mailbox, each.host) for each in envelope.to] == [
        (b"ben", b"xn--bcher-kva.example")
    ]
    assert [(each.name, each.mailbox) for each in envelope.from_] == [(b"Ann Arbor", b"ann")]
