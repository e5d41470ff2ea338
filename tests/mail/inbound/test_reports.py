"""M5: a bounce is one of whom the report names, and of nobody else."""

import pytest

from adapters.mail.inbound.reading import read
from engine.work.inbound import Kind, Sent, SentList
from tests.mail.inbound.letters import (
    ANN,
    BEN,
    DAEMON,
    EVE,
    FROM_BEN,
    OURS,
    RETURNED,
    SENT,
    STRANGER,
    TO_BEN,
    block,
    in_parts,
    letter,
    report,
)

NOTICES = {
    "qmail": "Hi. This is the qmail-send program at mx.test.\nI'm afraid I wasn't able to"
    f" deliver your message to the following addresses.\n\n<{BEN}>:\nSorry, no mailbox here.",
    "Exim": "A message that you sent could not be delivered to one or more of its recipients."
    f" This is a permanent error. The following address(es) failed:\n\n  {BEN}\n    Unrouteable",
    "Yahoo": f"Sorry, we were unable to deliver your message to the following address.\n<{BEN}>:\n"
    "550: 5.1.1 User Unknown\n\n--- Below this line is a copy of the message.\n",
    "GMX": f"The following address failed:\n\n{BEN}:\nSMTP error: 550 mailbox unavailable",
    "German": f"Ihre Nachricht konnte nicht zugestellt werden: {BEN}",
    "163.com": f"抱歉，您的邮件被退回来了……\n收件人 {BEN}\n550 No such user here",
}
QUOTED = "Content-Transfer-Encoding: quoted-printable"
PERMANENT = ("failed", "Failed (permanently)", "failure", "error")
ELSEWHERE = "Final-Recipient: rfc822; other@forwarded.test\nAction: failed\nStatus: 5.1.1"


@pytest.mark.rule("M5")
@pytest.mark.parametrize("status", ["5.1.1", "4.4.7", "550", "5.0.0 (permanent failure)", ""])
@pytest.mark.parametrize("action", PERMANENT)
def test_failed_is_final_whatever_the_status(action: str, status: str) -> None:
    found = read(report(block(BEN, action, status)), SENT)

    assert (found.kind, found.about) == (Kind.BOUNCE, [TO_BEN])


@pytest.mark.rule("M5")
@pytest.mark.parametrize(
    ("action", "kind"),
    [("delayed", Kind.DELAYED), ("Delayed (still trying)", Kind.DELAYED)]
    + [(each, Kind.AUTO_REPLY) for each in ("relayed", "delivered", "expanded")],
)
def test_what_is_delayed_or_passed_on_is_no_bounce(action: str, kind: Kind) -> None:
    assert read(report(block(BEN, action, "4.4.7")), SENT).kind is kind


@pytest.mark.rule("M5")
def test_recipients_of_one_report_are_never_merged() -> None:
    nothing = "From: somebody@else.test\nMessage-ID: <x@y>\n\nHello"
    both = report(block(BEN, "delayed", "4.4.7"), block(EVE), returned=nothing)
    one = report(block(BEN, "relayed", "2.0.0"), block(STRANGER), returned=nothing)

    assert (read(both, SENT).kind, read(both, SENT).recipients) == (Kind.BOUNCE, ["r2"])
    assert read(one, SENT).kind is Kind.AUTO_REPLY


@pytest.mark.rule("M5")
def test_one_of_several_mailboxes_behind_an_address_may_fail() -> None:
    found = read(report(block(BEN, "expanded", "2.0.0"), ELSEWHERE), SENT)

    assert (found.kind, found.recipients) == (Kind.AUTO_REPLY, ["r1"])


@pytest.mark.rule("M5")
def test_a_report_about_people_we_never_wrote_to_ends_nobody() -> None:
    nothing = "From: somebody@else.test\nMessage-ID: <x@y>\n\nHello"
    forged = report(block(STRANGER), returned=nothing)

    assert read(forged, SENT).kind is Kind.UNRELATED
    assert read(report(block(BEN)), SentList(ANN, [])).kind is Kind.UNRELATED


@pytest.mark.rule("M5")
def test_a_report_that_contradicts_itself_ends_nobody() -> None:
    found = read(report(block(EVE)), SENT)

    assert found.kind is Kind.UNRELATED


@pytest.mark.rule("M5")
@pytest.mark.parametrize(
    "returned",
    [
        ("message/rfc822", RETURNED),
        ("text/rfc822-headers", f"Message-ID: {OURS}"),
        (f"text/rfc822-headers\n{QUOTED}", "Message-ID: <5f0c77=\n-intro@acme.test>"),
        ("message/rfc822", f"Message-ID: <x@y>\nX-Microsoft-Original-Message-ID: {OURS}"),
        ("message/rfc822", "Message-ID: <x@y>\nX-Sendledger-Id: 5f0c77-intro"),
        ("text/plain", f"X-Original-Message-ID: {OURS}"),
        ("text/plain", f"--- Original message ---\nSubject: Hello\nMessage-ID: {OURS}"),
    ],
)
def test_where_mail_was_forwarded_the_returned_message_says_whose_it_was(
    returned: tuple[str, str],
) -> None:
    parts = [("message/delivery-status", f"Reporting-MTA: dns; mx\n\n{ELSEWHERE}"), returned]
    found = read(in_parts(DAEMON, parts, "multipart/report"), SENT)

    assert (found.kind, found.about) == (Kind.BOUNCE, [TO_BEN])


@pytest.mark.rule("M5")
def test_the_address_we_wrote_to_goes_before_that_behind_it() -> None:
    fields = f"Original-Recipient: rfc822;{BEN}\nFinal-Recipient: rfc822;{EVE}\nAction: failed"

    assert read(report(fields, returned="Message-ID: <x@y>"), SENT).recipients == ["r1"]


@pytest.mark.rule("M5")
@pytest.mark.parametrize("text", NOTICES.values(), ids=NOTICES)
def test_notices_in_words_alone_are_read(text: str) -> None:
    found = read(letter({**DAEMON, "Subject": "Mail"}, text), SENT)

    assert (found.kind, found.recipients) == (Kind.BOUNCE, ["r1"])


@pytest.mark.rule("M5")
@pytest.mark.parametrize(
    ("subject", "text"),
    [
        ("Warning: message 1abc delayed 24 hours", f"not yet delivered to\n  {BEN}"),
        ("Delivery Status Notification (Delay)", f"Delivery to {BEN} has been delayed"),
        ("Mail", f"THIS IS A WARNING MESSAGE ONLY. <{BEN}>\n421 failed\nMessage will be retried"),
    ],
)
def test_a_notice_of_a_server_that_still_tries_is_no_bounce(subject: str, text: str) -> None:
    assert read(letter({**DAEMON, "Subject": subject}, text), SENT).kind is Kind.DELAYED


@pytest.mark.rule("M5")
@pytest.mark.parametrize("text", NOTICES.values(), ids=NOTICES)
@pytest.mark.parametrize("headers", [FROM_BEN, {**FROM_BEN, "Return-Path": "<>"}], ids=len)
def test_the_same_words_of_a_person_are_no_bounce(headers: dict[str, str], text: str) -> None:
    assert read(letter(headers, f"I got this:\n{text}"), SENT).kind in {Kind.REPLY, Kind.AUTO_REPLY}


@pytest.mark.rule("M5")
def test_a_report_that_a_person_passes_on_is_no_bounce() -> None:
    parts = [("text/plain", "See below"), ("message/rfc822", report(block(BEN)).decode())]

    assert read(in_parts(FROM_BEN, parts), SENT).kind is Kind.REPLY


@pytest.mark.rule("M5")
def test_whom_a_notice_names_by_the_way_is_not_ended() -> None:
    help_ = f"<{STRANGER}>: no such user\n\nFor further assistance write to {BEN}."
    other = {**DAEMON, "X-Failed-Recipients": STRANGER}
    machine = {"From": "shop@crm.test", "Return-Path": "<>", "Subject": "Payment failed"}

    assert read(letter(DAEMON, help_), SENT).kind is Kind.UNRELATED
    assert read(letter(other, f"Delivery failed. Ask {BEN}."), SENT).kind is Kind.UNRELATED
    assert read(letter(machine, f"The payment of {BEN} failed for good."), SENT).about == ()


def test_an_address_may_be_called_as_helpers_are() -> None:
    sent = SentList(ANN, [Sent("m", "spring", "r9", "contact@firma.test")])
    notice = letter({**DAEMON, "Subject": "Mail"}, "contact@firma.test: unzustellbar")

    assert read(notice, sent).kind is Kind.BOUNCE


@pytest.mark.rule("M7")
@pytest.mark.parametrize(
    ("fields", "unknown"),
    [
        (block(BEN, status="5.1.1"), True),
        (block(BEN, status="5.1.10"), True),
        (f"{block(BEN, status='5.0.0')}\nDiagnostic-Code: smtp; 550 No such user here", True),
        (f"{block(BEN, status='5.0.0')}\nDiagnostic-Code: smtp; 550 Ip frequency limited", False),
        (block(BEN, status="5.7.1"), False),
        (block(BEN, status="5.2.2"), False),
    ],
)
def test_only_an_unknown_address_is_the_address_s_fault(fields: str, unknown: bool) -> None:
    assert read(report(fields), SENT).unknown is unknown


def test_a_notice_that_names_our_id_in_its_headers_is_not_our_own_mail() -> None:
    notice = {**DAEMON, "X-CM-Original-Message-ID": OURS, "Subject": "系统退信"}

    assert read(letter(notice, f"收件人 {BEN}: 550 No such user here"), SENT).kind is Kind.BOUNCE


@pytest.mark.parametrize("ends", ["\r\n", "\r", "\n"])
def test_lines_may_end_in_any_way(ends: str) -> None:
    octets = report(block(BEN)).replace(b"\n", ends.encode())

    assert read(octets, SENT).kind is Kind.BOUNCE


def test_a_server_s_name_in_the_list_of_recipients_is_a_recipient() -> None:
    sent = SentList(ANN, [Sent("m", "spring", "r9", "postmaster@x.test")])
    reply = letter({"From": "postmaster@x.test", "In-Reply-To": "<m@acme.test>"}, "Yes please")

    assert read(reply, sent).kind is Kind.REPLY
