"""Mail goes round: out by SMTP, in by IMAP, and back as replies and bounces."""

from datetime import UTC, datetime
from email import message_from_string
from email.utils import formatdate
from smtplib import SMTPDataError, SMTPRecipientsRefused, SMTPSenderRefused

import pytest
from imapclient import IMAPClient

from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.world import NotAccepted, Served
from tests.mail.sandbox.clients import imap, log_in, plain_imap, smtp, trusting

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"
LETTER = (
    b"From: Ann <ann@sandbox.test>\r\nTo: Bob <bob@sandbox.test>\r\n"
    b"Message-ID: <one@acme.test>\r\nSubject: Hello\r\n\r\nHow are you?\r\n"
)


def send(served: Served, *recipients: str) -> None:
    with smtp(served) as client:
        log_in(client, ANN, "ann-secret")
        client.sendmail(ANN, recipients, LETTER)


def subjects(client: IMAPClient, folder: str = "INBOX") -> list[str]:
    client.select_folder(folder, readonly=True)
    found = client.fetch(client.search(), ["ENVELOPE"])
    return [each[b"ENVELOPE"].subject.decode() for each in found.values()]


def test_what_is_sent_to_a_mailbox_arrives_in_its_inbox(served: Served) -> None:
    send(served, BOB, "ben@elsewhere.test")
    with imap(served) as client:
        client.login(BOB, "bob-secret")
        assert subjects(client) == ["Hello"]


def test_what_was_accepted_is_told_whoever_it_is_for(sandbox: Sandbox, served: Served) -> None:
    send(served, BOB, "ben@elsewhere.test")
    (accepted,) = sandbox.accepted()
    assert accepted["message_id"] == "<one@acme.test>"
    assert accepted["recipients"] == [BOB, "ben@elsewhere.test"]
    assert accepted["content"].encode() == LETTER


def test_a_mailbox_that_there_is_not_is_refused(served: Served) -> None:
    with pytest.raises(SMTPRecipientsRefused, match=r"550.*no such mailbox"):
        send(served, "nobody@sandbox.test")


@pytest.mark.parametrize("stage", ["rcpt", "data"])
def test_a_fault_may_meet_one_recipient(sandbox: Sandbox, served: Served, stage: str) -> None:
    sandbox.fail("smtp", stage, Act.SAY, text="550 5.7.1 Not you", account="ben@elsewhere.test")
    send(served, BOB)
    with pytest.raises((SMTPRecipientsRefused, SMTPDataError), match="Not you"):
        send(served, "ben@elsewhere.test")
    assert [each["recipients"] for each in sandbox.accepted()] == [[BOB]]
    assert sandbox.accepted(after=1) == []


def test_nobody_sends_as_somebody_else_or_without_a_login(served: Served) -> None:
    with smtp(served) as client:
        assert client.mail(ANN)[0] == 530
        log_in(client, ANN, "ann-secret")
        with pytest.raises(SMTPSenderRefused, match="550"):
            client.sendmail(BOB, [ANN], LETTER)


def test_starttls_is_needed_before_a_login(served: Served) -> None:
    with plain_imap(served) as client:
        assert client.has_capability("LOGINDISABLED")
        client.starttls(trusting(served))
        assert not client.has_capability("LOGINDISABLED")
        client.login(ANN, "ann-secret")
        assert client.has_capability("SPECIAL-USE")


def test_the_sent_folder_is_found_and_searched(served: Served) -> None:
    with imap(served) as client:
        client.login(ANN, "ann-secret")
        folder = client.find_special_folder(rb"\Sent")
        client.append(folder, LETTER)
        client.select_folder(folder, readonly=True)
        assert client.search(["HEADER", "Message-ID", "one@acme"])
        assert not client.search(["HEADER", "Message-ID", "two@acme"])


@pytest.mark.parametrize("files_sent", [True, False])
def test_some_servers_file_what_was_sent(files_sent: bool) -> None:
    with Sandbox([]) as sandbox:
        sandbox.add_account(ANN, "ann-secret", files_sent=files_sent)
        send(sandbox.served(), "ben@elsewhere.test")
        assert len(sandbox.messages(ANN, "Sent")) == files_sent


def test_some_servers_give_another_message_id() -> None:
    with Sandbox([]) as sandbox:
        sandbox.add_account(ANN, "ann-secret", files_sent=True, renames=True)
        send(sandbox.served(), "ben@elsewhere.test")
        (filed,) = map(message_from_string, sandbox.messages(ANN, "Sent"))
        assert filed["Message-ID"] != "<one@acme.test>"
        assert filed["X-Microsoft-Original-Message-ID"] == "<one@acme.test>"
        assert filed.get_payload() == "How are you?\r\n"


def test_a_reply_comes_back(sandbox: Sandbox, served: Served) -> None:
    send(served, BOB)
    sandbox.reply("<one@acme.test>", "Fine, thank you.")
    (reply,) = map(message_from_string, sandbox.messages(ANN))
    assert (reply["In-Reply-To"], reply["From"]) == ("<one@acme.test>", BOB)
    assert "Fine, thank you." in str(reply.get_payload())
    assert reply["Auto-Submitted"] is None


def test_an_automatic_reply_says_that_it_is_one(sandbox: Sandbox, served: Served) -> None:
    send(served, BOB)
    sandbox.reply("<one@acme.test>", "I am away.", automatic=True)
    (reply,) = map(message_from_string, sandbox.messages(ANN))
    assert reply["Auto-Submitted"] == "auto-replied"


def test_a_bounce_names_recipient_and_message(sandbox: Sandbox, served: Served) -> None:
    send(served, BOB, "ben@elsewhere.test")
    sandbox.bounce("<one@acme.test>", "ben@elsewhere.test")
    (bounce,) = map(message_from_string, sandbox.messages(ANN))
    assert bounce.get_content_type() == "multipart/report"
    assert bounce.get_param("report-type") == "delivery-status"
    by_type = {part.get_content_type(): str(part) for part in bounce.walk()}
    status = by_type["message/delivery-status"]
    assert "Final-Recipient: rfc822; ben@elsewhere.test" in status
    assert "Action: failed" in status
    assert "Message-ID: <one@acme.test>" in by_type["text/rfc822-headers"]


def test_nothing_comes_back_of_what_was_never_sent(sandbox: Sandbox) -> None:
    with pytest.raises(NotAccepted, match=r"No message <two@acme\.test> was accepted"):
        sandbox.reply("<two@acme.test>")


def test_a_message_put_into_an_inbox_stays_octet_for_octet(sandbox: Sandbox) -> None:
    sandbox.deliver(ANN, "Subject: Hé\n\n8-bit ü\n")
    assert sandbox.messages(ANN) == ["Subject: Hé\r\n\r\n8-bit ü\r\n"]


def test_a_refused_message_arrives_nowhere(sandbox: Sandbox, served: Served) -> None:
    sandbox.refuse("throttled", service="smtp")
    sandbox.relent()
    sandbox.fail("smtp", "data", Act.SAY, text="550 5.4.5 Daily limit", times=1)
    with pytest.raises(SMTPDataError, match="Daily limit"):
        send(served, BOB)
    assert sandbox.accepted() == []
    send(served, BOB)
    assert len(sandbox.accepted()) == 1


def test_what_comes_back_is_dated_by_the_sandboxs_clock() -> None:
    noon = datetime(2026, 3, 2, 12, tzinfo=UTC)
    with Sandbox(now=noon.timestamp) as sandbox:
        served = sandbox.served()
        send(served, "ben@elsewhere.test")
        sandbox.reply("<one@acme.test>")
        sandbox.bounce("<one@acme.test>")
        with imap(served) as client:
            client.login(ANN, "ann-secret")
            client.select_folder("INBOX", readonly=True)
            arrived = client.fetch(client.search(), ["INTERNALDATE"])
        messages = sandbox.messages(ANN)
    told = [str(message_from_string(each)["Date"]) for each in messages]
    assert told == [formatdate(noon.timestamp())] * 2
    assert [each[b"INTERNALDATE"].timestamp() for each in arrived.values()] == [
        noon.timestamp()
    ] * 2
