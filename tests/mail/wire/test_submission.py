"""What becomes of a message, by what the server says and where (M2, M7, M8)."""

from datetime import timedelta
from pathlib import Path

import pytest

from adapters.mail.sandbox.authority import Authority
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.wire.limits import Keeping
from adapters.stores.clocks import system_clock
from engine.work.ports import (
    NOT_SUBMITTED,
    AccountTrouble,
    Mailbox,
    Message,
    Outcome,
    Refused,
    Submitted,
)
from events.vocabulary import FailureClass, RefusalFault
from tests.mail.mail_contract import ADA, always, message_to
from tests.mail.test_probe import ANN
from tests.mail.wire.mailboxes import SandboxMail
from tests.mail.wire.smtp_script import GONE, SILENT, served

TEMPORARY = Refused(RefusalFault.TEMPORARY)
OTHER = Refused(RefusalFault.OTHER)
NOBODY = Refused(RefusalFault.RECIPIENT, address_unknown=True)
OFFERED = b"250-localhost\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-8BITMIME\r\n250 AUTH PLAIN\r\n"
BY_ANSWER: dict[str, tuple[dict[bytes, list[bytes]], Submitted]] = {
    "nobody there": ({b"RCPT": [b"550 5.1.1 <ada@example.org>: User unknown\r\n"]}, NOBODY),
    "nobody there, in words": ({b"RCPT": [b"550 No such user here\r\n"]}, NOBODY),
    "mailbox full": (
        {b"RCPT": [b"552 5.2.2 Mailbox full\r\n"]},
        Refused(RefusalFault.RECIPIENT),
    ),
    "content": ({b".": [b"554 5.7.1 Message rejected as spam\r\n"]}, OTHER),
    "greylisted": ({b"RCPT": [b"450 4.2.0 Greylisted\r\n"]}, TEMPORARY),
    "put off after the dot": ({b".": [b"451 4.3.0 Try again later\r\n"]}, TEMPORARY),
    "our limit": (
        {b".": [b"550 5.4.5 Daily user sending limit exceeded.\r\n"]},
        Refused(RefusalFault.LIMIT),
    ),
    "our limit at MAIL": (
        {b"MAIL": [b"451 4.7.0 Too many messages from this account\r\n"]},
        Refused(RefusalFault.LIMIT),
    ),
    "another sender": ({b"MAIL": [b"553 5.7.1 Sender address not owned by user\r\n"]}, OTHER),
    "nobody logged in": (
        {b"MAIL": [b"530 5.7.0 Authentication required\r\n"]},
        AccountTrouble(FailureClass.UNKNOWN),
    ),
    "gone at RCPT": ({b"RCPT": [GONE]}, TEMPORARY),
    "gone at DATA": ({b"DATA": [GONE]}, TEMPORARY),
    "gone after the dot": ({b".": [GONE]}, Outcome.UNKNOWN),
    "silent at DATA": ({b"DATA": [SILENT]}, TEMPORARY),
    "silent after the dot": ({b".": [SILENT]}, Outcome.UNKNOWN),
    "half an answer after the dot": ({b".": [b"250 2.0.0 O"]}, Outcome.UNKNOWN),
    "nonsense after the dot": ({b".": [b"hello\r\n"]}, Outcome.UNKNOWN),
    "neither yes nor no after the dot": ({b".": [b"354 go on\r\n"]}, Outcome.UNKNOWN),
    "taken before it was said": ({b"DATA": [b"250 2.0.0 OK\r\n"]}, TEMPORARY),
    "silent at MAIL": ({b"MAIL": [SILENT]}, AccountTrouble(FailureClass.TRANSIENT_SERVER)),
    "gone at MAIL": ({b"MAIL": [GONE]}, AccountTrouble(FailureClass.TRANSIENT_SERVER)),
}


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder: Path = tmp_path_factory.mktemp("authority")
    return Authority(folder)


@pytest.mark.rule("M2", "M8")
@pytest.mark.parametrize("pipelined", [False, True], ids=["one by one", "pipelined"])
@pytest.mark.parametrize("case", BY_ANSWER)
def test_an_answer_is_judged_by_its_stage(authority: Authority, case: str, pipelined: bool) -> None:
    answers, expected = BY_ANSWER[case]
    offered = {b"EHLO": [OFFERED]} if pipelined else {}
    with served(authority, {**offered, **answers}) as server:
        assert server.transport.submit(server.mailbox, message_to(ADA), always) == expected


@pytest.mark.rule("M8")
def test_the_time_that_a_server_names_is_told(authority: Authority) -> None:
    said = b"452 4.7.1 Too many messages, try again in 20 minutes\r\n"
    with served(authority, {b"RCPT": [said]}) as server:
        begun = system_clock()
        refused = server.transport.submit(server.mailbox, message_to(ADA), always)
    assert isinstance(refused, Refused)
    assert refused.fault is RefusalFault.LIMIT
    assert refused.until is not None
    assert timedelta(minutes=20) <= refused.until - begun < timedelta(minutes=21)


def test_only_what_is_offered_is_used(authority: Authority) -> None:
    eight_bit = message_to(ADA)._replace(content="Subject: a\r\n\r\nGrüße\r\n".encode())
    with served(authority, {}) as plain:
        plain.transport.submit(plain.mailbox, eight_bit, always)
        assert b"MAIL FROM:<ann@sandbox.test>\r\n" in plain.heard
    with served(authority, {b"EHLO": [OFFERED]}) as offering:
        offering.transport.submit(offering.mailbox, eight_bit, always)
        assert b"MAIL FROM:<ann@sandbox.test> SIZE=23 BODY=8BITMIME\r\nRCPT" in offering.heard
        offering.transport.submit(offering.mailbox, message_to(ADA), always)
        assert offering.times(b"BODY=8BITMIME") == 1


@pytest.mark.parametrize("address", ["ada@example.org>\r\nRCPT TO:<eve@x.test", "a b@x.test", ""])
def test_an_address_that_is_none_is_never_said(authority: Authority, address: str) -> None:
    with served(authority, {}) as server:
        message = message_to(ADA)._replace(address=address)
        assert server.transport.submit(server.mailbox, message, always) == OTHER
        assert b"MAIL" not in server.heard


def test_messages_of_an_account_share_a_session(authority: Authority) -> None:
    answers = {b"RCPT": [b"250 OK\r\n", b"550 5.1.1 Nobody\r\n", b"250 OK\r\n"]}
    with served(authority, answers) as server:
        became = [
            server.transport.submit(server.mailbox, message_to(ADA), always) for _ in range(3)
        ]
    assert became == [Outcome.ACCEPTED, NOBODY, Outcome.ACCEPTED]
    assert server.times(b"ehlo") == server.times(b"RSET") == server.times(b"QUIT") == 1


def test_a_session_ends_after_so_many_messages(authority: Authority) -> None:
    with served(authority, {}, Keeping(idle=60, uses=2)) as server:
        for _ in range(5):
            server.transport.submit(server.mailbox, message_to(ADA), always)
    assert server.times(b"ehlo") == server.times(b"QUIT") == 3


def test_an_idle_session_is_closed_politely(authority: Authority) -> None:
    with served(authority, {}, Keeping(idle=0, uses=100)) as server:
        server.transport.submit(server.mailbox, message_to(ADA), always)
        assert server.times(b"QUIT") == 0
        server.wire.tidy_up()
        assert server.times(b"QUIT") == 1


@pytest.mark.rule("M2")
@pytest.mark.parametrize("left", [GONE, b"421 4.4.2 Idle for too long\r\n"])
def test_a_session_that_the_server_has_left_is_opened_anew_once(
    authority: Authority, left: bytes
) -> None:
    with served(authority, {b"MAIL": [b"250 OK\r\n", left, b"250 OK\r\n"]}) as server:
        became = [
            server.transport.submit(server.mailbox, message_to(ADA), always) for _ in range(2)
        ]
        assert became == [Outcome.ACCEPTED] * 2
        assert server.times(b"ehlo") == 2
    with served(authority, {b"MAIL": [b"250 OK\r\n", left]}) as server:
        server.transport.submit(server.mailbox, message_to(ADA), always)
        again = server.transport.submit(server.mailbox, message_to(ADA), always)
        assert again == AccountTrouble(FailureClass.TRANSIENT_SERVER)
        assert server.times(b"ehlo") == 2


@pytest.mark.rule("R2")
def test_new_credentials_open_a_session_of_their_own(provider: SandboxMail) -> None:
    assert provider.transport.submit(provider.mailbox, message_to(ADA), always) is Outcome.ACCEPTED
    wrong = provider.mailbox._replace(credentials="access-another")
    refused = provider.transport.submit(wrong, message_to(ADA), always)
    assert refused == AccountTrouble(FailureClass.AUTH_BAD_CREDENTIALS)


def test_credentials_that_are_gone_are_the_account_s_trouble(provider: SandboxMail) -> None:
    gone = Mailbox(ANN, "access-never-kept")
    refused = provider.transport.submit(gone, message_to(ADA), always)
    assert refused == AccountTrouble(FailureClass.UNKNOWN)
    assert provider.inbox.since(gone, "") == AccountTrouble(FailureClass.UNKNOWN)


@pytest.mark.rule("C3")
def test_a_token_that_ran_out_is_renewed_once(sandbox: Sandbox, provider: SandboxMail) -> None:
    sandbox.expire_tokens(ANN)
    became = provider.transport.submit(provider.with_token, message_to(ADA), always)
    assert became is Outcome.ACCEPTED
    assert len(provider.site.tokens.refused) == 1


@pytest.mark.parametrize(
    "body",
    [".\n..\n. \n.x\r\n\n.\r\n", "no end", "", "a\rb\n.\rMAIL FROM:<eve@x>\r\n", "\r\n.\r\n" * 3],
)
def test_content_arrives_line_by_line_as_it_was(
    sandbox: Sandbox, provider: SandboxMail, body: str
) -> None:
    message = Message("<r1@x>", ADA, f".A: b\nMessage-ID: <r1@x>\n\n{body}".encode())
    assert provider.transport.submit(provider.mailbox, message, always) is Outcome.ACCEPTED
    (taken,) = sandbox.accepted()
    assert taken["content"].splitlines() == message.content.decode().splitlines()
    assert taken["recipients"] == [ADA]


def test_a_dropped_session_is_no_longer_used(sandbox: Sandbox, provider: SandboxMail) -> None:
    sandbox.fail("smtp", "data", Act.LOSE, times=1)
    assert provider.transport.submit(provider.mailbox, message_to(ADA), always) is Outcome.UNKNOWN
    assert provider.transport.submit(provider.mailbox, message_to(ADA), always) is Outcome.ACCEPTED


@pytest.mark.rule("M2")
def test_who_lost_its_lease_meanwhile_begins_no_second_session(
    sandbox: Sandbox, provider: SandboxMail
) -> None:
    """As a machine that slept: its session is gone, and so is its turn."""
    assert provider.transport.submit(provider.mailbox, message_to(ADA), always) is Outcome.ACCEPTED
    sandbox.close_port("smtp")
    sandbox.open_port("smtp")
    answers = iter([True, False])
    again = provider.transport.submit(provider.mailbox, message_to(ADA), lambda: next(answers))
    assert again == NOT_SUBMITTED
    assert len(sandbox.accepted()) == 1


@pytest.mark.rule("M2")
def test_what_may_no_longer_leave_is_not_ended(sandbox: Sandbox, provider: SandboxMail) -> None:
    """The process stood still while it handed over the content: the server never has the dot."""
    answers = iter([True, False])
    became = provider.transport.submit(provider.mailbox, message_to(ADA), lambda: next(answers))
    assert became == NOT_SUBMITTED
    assert provider.transport.submit(provider.mailbox, message_to(ADA), always) is Outcome.ACCEPTED
    assert len(sandbox.accepted()) == 1
