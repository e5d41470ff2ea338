"""Whatever goes wrong between a client and its server goes wrong on command."""

import ssl
import time
from itertools import takewhile
from smtplib import SMTPAuthenticationError, SMTPServerDisconnected

import pytest
from imapclient.exceptions import IMAPClientAbortError, IMAPClientError, LoginError

from adapters.mail.sandbox.authority import Certificate
from adapters.mail.sandbox.faults import Act
from adapters.mail.sandbox.refusals import REFUSALS
from adapters.mail.sandbox.sandbox import Sandbox
from adapters.mail.sandbox.wire import FLOOD
from adapters.mail.sandbox.world import Served
from events.vocabulary import FailureClass
from tests.mail.sandbox.clients import (
    everything,
    imap,
    log_in,
    plain_imap,
    raw,
    smtp,
    trusting,
    xoauth2,
)

ANN, BOB = "ann@sandbox.test", "bob@sandbox.test"
TOLD_OTHERWISE = {"unreachable", "tls_untrusted", "identity_mismatch"}
AT_LOGIN = [
    (each.service, name, each.text)
    for name, answers in REFUSALS.items()
    for each in answers
    if each.stage == "login"
]


def send(served: Served) -> None:
    with smtp(served) as client:
        log_in(client, ANN, "ann-secret")
        client.sendmail(ANN, [BOB], b"Subject: One\r\n\r\nOne")


def test_every_class_of_the_law_can_be_provoked() -> None:
    assert REFUSALS.keys() | TOLD_OTHERWISE == {each.value for each in FailureClass}


@pytest.mark.parametrize(("service", "name", "text"), AT_LOGIN)
def test_a_login_is_refused_word_for_word(
    service: str, name: str, text: str, sandbox: Sandbox, served: Served
) -> None:
    sandbox.refuse(name, ANN)
    said = text.removeprefix("NO ").encode()
    if service == "imap":
        with imap(served) as client, pytest.raises(LoginError) as refused:
            client.login(ANN, "ann-secret")
        assert said.decode() in str(refused.value)
    else:
        with smtp(served) as client, pytest.raises(SMTPAuthenticationError) as code:
            log_in(client, ANN, "ann-secret")
        assert code.value.args == (int(said[:3]), said[4:])


def test_others_are_let_in_meanwhile(sandbox: Sandbox, served: Served) -> None:
    sandbox.refuse("auth_bad_credentials", ANN)
    with imap(served) as client, smtp(served) as other:
        client.login(BOB, "bob-secret")
        assert log_in(other, BOB, "bob-secret")[0] == 235


def test_after_relenting_all_is_well(sandbox: Sandbox, served: Served) -> None:
    for each in ("auth_bad_credentials", "throttled", "tls_untrusted", "unreachable"):
        sandbox.refuse(each)
    sandbox.relent()
    with imap(served) as client, smtp(served) as other:
        client.login(ANN, "ann-secret")
        log_in(other, ANN, "ann-secret")


def test_throttling_greets_with_bye(sandbox: Sandbox, served: Served) -> None:
    sandbox.refuse("throttled")
    with raw(served["imap"]) as connection:
        assert everything(connection) == b"* BYE Too many connections\r\n"


def test_a_closed_port_refuses_connections_and_breaks_those_there_are(
    sandbox: Sandbox, served: Served
) -> None:
    with imap(served) as client:
        sandbox.refuse("unreachable", service="imap")
        with pytest.raises(LoginError, match="EOF"):
            client.login(ANN, "ann-secret")
    with pytest.raises(ConnectionRefusedError):
        raw(served["imaps"])
    raw(served["smtps"]).close()
    sandbox.open_port("imap")
    raw(served["imaps"]).close()


@pytest.mark.parametrize(
    ("kind", "complaint"),
    [
        (Certificate.UNTRUSTED, "self-signed certificate"),
        (Certificate.EXPIRED, "certificate has expired"),
        (Certificate.OTHER_NAME, "Hostname mismatch"),
    ],
)
def test_a_certificate_changes_from_one_connection_to_the_next(
    kind: Certificate, complaint: str, sandbox: Sandbox, served: Served
) -> None:
    with smtp(served):
        pass
    sandbox.show_certificate(kind, "smtp")
    with pytest.raises(ssl.SSLCertVerificationError, match=complaint), smtp(served):
        pass
    with imap(served):
        pass


def test_starttls_is_stripped(sandbox: Sandbox, served: Served) -> None:
    sandbox.fail("imap", "starttls", Act.HIDE, times=1)
    with plain_imap(served) as client:
        assert not client.has_capability("STARTTLS")
        assert client.has_capability("LOGINDISABLED")
        with pytest.raises(IMAPClientError):
            client.starttls(trusting(served))
    with plain_imap(served) as client:
        assert client.has_capability("STARTTLS")


def test_a_refused_token_is_challenged_first(served: Served) -> None:
    challenges: list[bytes] = []

    def answer(challenge: bytes) -> bytes:
        challenges.append(challenge)
        return b"" if challenge else xoauth2(ANN, "forged").encode()

    with imap(served) as client, pytest.raises(LoginError, match="Invalid credentials"):
        client.sasl_login("XOAUTH2", answer)
    assert b'"status":"400"' in challenges[1]


@pytest.mark.parametrize("stage", ["select", "search", "fetch", "append", "list"])
def test_a_connection_drops_at_any_stage_of_imap(
    stage: str, sandbox: Sandbox, served: Served
) -> None:
    sandbox.deliver(ANN, "Subject: One\n\nOne")
    sandbox.fail("imap", stage, Act.DROP, account=ANN)
    with imap(served) as client:
        client.login(ANN, "ann-secret")
        steps = {
            "list": client.list_folders,
            "append": lambda: client.append("Sent", b"Subject: Two\r\n\r\nTwo"),
            "select": lambda: client.select_folder("INBOX"),
            "search": client.search,
            "fetch": lambda: client.fetch([101], ["FLAGS"]),
        }
        for name, step in takewhile(lambda each: each[0] != stage, steps.items()):
            assert step(), name
        with pytest.raises(IMAPClientAbortError):
            steps[stage]()


@pytest.mark.parametrize("stage", ["greeting", "ehlo", "login", "mail", "rcpt", "data"])
def test_a_connection_drops_at_any_stage_of_smtp(
    stage: str, sandbox: Sandbox, served: Served
) -> None:
    sandbox.fail("smtp", stage, Act.DROP)
    with pytest.raises(SMTPServerDisconnected):
        send(served)
    assert sandbox.accepted() == []


@pytest.mark.parametrize(("act", "arrived"), [(Act.DROP, 0), (Act.LOSE, 1)])
def test_what_broke_after_the_message_may_have_arrived(
    act: Act, arrived: int, sandbox: Sandbox, served: Served
) -> None:
    sandbox.fail("smtp", "data", act)
    with pytest.raises(SMTPServerDisconnected):
        send(served)
    assert len(sandbox.accepted()) == arrived


@pytest.mark.parametrize("port", ["imap", "imaps", "smtp", "smtps"])
def test_a_server_falls_silent(port: str, sandbox: Sandbox, served: Served) -> None:
    sandbox.fail("imap", "connect", Act.SILENCE)
    sandbox.fail("smtp", "connect", Act.SILENCE)
    with raw(served[port]) as connection:  # type: ignore[literal-required]
        connection.settimeout(0.2)
        connection.sendall(b"hello\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(1)


def test_silence_after_a_login_holds_up_nobody_else(sandbox: Sandbox, served: Served) -> None:
    sandbox.fail("smtp", "login", Act.SILENCE, account=ANN)
    with smtp(served) as client, smtp(served) as other:
        assert client.sock is not None
        client.sock.settimeout(0.2)
        with pytest.raises((TimeoutError, SMTPServerDisconnected)):
            log_in(client, ANN, "ann-secret")
        assert log_in(other, BOB, "bob-secret")[0] == 235


@pytest.mark.parametrize("service", ["imap", "smtp"])
def test_octets_drip(service: str, sandbox: Sandbox, served: Served) -> None:
    sandbox.fail(service, "greeting", Act.DRIP, pace=0.02)  # type: ignore[arg-type]
    began = time.monotonic()
    with raw(served[service]) as connection:  # type: ignore[literal-required]
        first = connection.recv(100)
        rest = b"".join(connection.recv(1) for _ in range(10))
    assert (first + rest)[:4] in {b"* OK", b"220 "}
    assert time.monotonic() - began > 0.1


@pytest.mark.parametrize("service", ["imap", "smtp"])
def test_a_greeting_floods(service: str, sandbox: Sandbox, served: Served) -> None:
    sandbox.fail(service, "greeting", Act.FLOOD)  # type: ignore[arg-type]
    with raw(served[service]) as connection:  # type: ignore[literal-required]
        taken = 0
        while taken <= FLOOD:
            piece = connection.recv(1 << 20)
            assert piece
            taken += len(piece)
