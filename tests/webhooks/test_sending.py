"""One request: to the address that was checked, encrypted, limited in time and in octets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from ipaddress import ip_network
from pathlib import Path

import pytest

from adapters.mail.checked_http import Limits
from adapters.mail.dialling import verifying_context
from adapters.mail.network import NetworkPolicy
from adapters.webhooks.sending import LIMITS, HttpSender
from engine.work.webhooks.ports import Answer
from tests.certificates import make_certificate
from tests.webhooks.receiver import Handler, Received, Receiver

HERE = [ip_network("127.0.0.0/8")]
QUICK = LIMITS._replace(connect=0.5, whole=0.5)
HEADERS = {"sendledger-position": "7", "webhook-id": "a.1:7"}


def here(_: str, __: float) -> list[str]:
    return ["127.0.0.1"]


@contextmanager
def sending(
    policy: NetworkPolicy | None = None, ca_file: Path | None = None, limits: Limits = QUICK
) -> Iterator[HttpSender]:
    with closing(
        HttpSender(policy or NetworkPolicy(HERE), verifying_context(ca_file), limits)
    ) as s:
        yield s


def post(sender: HttpSender, url: str) -> Answer:
    return sender(url, HEADERS, b"{}")


@contextmanager
def raw(answer: bytes, *, then_close: bool = True) -> Iterator[str]:
    """A server that says those octets to whoever connects, whatever he says."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                connection.recv(65_536)
                connection.sendall(answer)
                kept.append(connection)
                if then_close:  # a close with octets unread would take the answer back
                    connection.shutdown(socket.SHUT_WR)

        kept: list[socket.socket] = []
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{server.getsockname()[1]}/"
        server.shutdown(socket.SHUT_RDWR)
        for each in kept:
            each.close()


def test_a_connection_is_kept_and_one_that_ended_meanwhile_is_made_anew() -> None:
    ports = list[int]()

    def notes(handler: Handler, _: Received) -> int:
        ports.append(handler.client_address[1])
        handler.close_connection = len(ports) == 3
        return 204

    with sending() as sender, Receiver(notes) as receiver:
        for _ in range(5):
            assert post(sender, receiver.url).is_success
    assert ports[0] == ports[1] == ports[2] != ports[3] == ports[4]


def test_tls_is_verified_against_the_host_of_the_url(tmp_path: Path) -> None:
    good, refused = make_certificate(tmp_path), "TLS failed (CERTIFICATE_VERIFY_FAILED)"
    with (
        Receiver(context=good.server_context()) as receiver,
        sending(ca_file=good.file) as trusting,
        sending() as distrusting,
        sending(NetworkPolicy(HERE, here), good.file) as by_name,
    ):
        assert post(trusting, receiver.url) == Answer(204)
        assert post(distrusting, receiver.url).said == refused
        assert post(by_name, receiver.url.replace("127.0.0.1", "hooks.example")).said == refused
    assert len(receiver.taken) == 1


OK = b"HTTP/1.1 200 OK\r\n"
NO_HTTP = "it answered no whole HTTP"
ANSWERS = [
    (b"HTTP/1.1 302 Found\r\nLocation: /x\r\n\r\n", "it redirects (302), which is not followed"),
    (b"HTTP/1.1 404 No\r\nContent-Length: 0\r\n\r\n", "it answered 404"),
    (b"", f"{NO_HTTP} (RemoteDisconnected)"),
    (b"HTTP/1.1 2", f"{NO_HTTP} (BadStatusLine)"),
    (b"SSH-2.0-OpenSSH\r\n", f"{NO_HTTP} (BadStatusLine)"),
    (OK + b"X: y\r\n" * 200 + b"\r\n", f"{NO_HTTP} (HTTPException)"),
    (OK + b"X: " + b"y" * 70_000 + b"\r\n\r\n", f"{NO_HTTP} (LineTooLong)"),
]


@pytest.mark.parametrize(("answer", "expected"), ANSWERS)
def test_what_is_no_success_is_told_in_our_own_words(answer: bytes, expected: str) -> None:
    with sending() as sender, raw(answer) as url:
        assert post(sender, url).said == expected


def test_the_status_counts_though_the_body_is_cut() -> None:
    with sending() as sender, raw(OK + b"Content-Length: 50\r\n\r\nhalf") as url:
        assert [post(sender, url).status for _ in range(2)] == [200, 200]


def test_a_body_without_end_is_read_for_64_kb_and_its_connection_dropped() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    endless = head + (b"8000\r\n" + b"x" * 0x8000 + b"\r\n") * 4
    with sending() as sender, raw(endless, then_close=False) as url:
        assert post(sender, url) == Answer(200)
        assert post(sender, url) == Answer(200)


def test_a_receiver_that_is_silent_or_drips_is_left_when_its_time_is_over() -> None:
    drips = threading.Event()

    def drip(handler: Handler, _: Received) -> int:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not drips.wait(0.05):
            handler.wfile.write(b"x")
        return 0

    with sending() as sender:
        with raw(b"HTTP/1.1 200", then_close=False) as url:
            assert post(sender, url) == Answer(0, "it did not answer in time")
        with Receiver(drip) as receiver:
            assert post(sender, receiver.url) == Answer(0, "it did not answer in time")
            drips.set()


def test_private_addresses_are_refused_unless_their_network_is_allowed() -> None:
    with Receiver() as receiver, sending(NetworkPolicy()) as strict, sending() as allowing:
        assert post(strict, receiver.url).said == "its host's address is not permitted here"
        assert post(allowing, receiver.url).is_success
        for url in ("http://169.254.169.254/latest", "http://[::1]:1/", "http://0x7f.1/"):
            assert not post(strict, url).is_success
    assert len(receiver.taken) == 1


def test_the_address_that_was_checked_is_the_one_connected_to() -> None:
    asked = list[str]()

    def changes(host: str, _: float) -> list[str]:
        """A name that leads to a permitted address when it is checked, and elsewhere afterwards."""
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    only_one = NetworkPolicy([ip_network("127.0.0.1/32")], changes)
    with Receiver() as receiver, sending(only_one) as sender:
        url = receiver.url.replace("127.0.0.1", "rebinding.example")
        assert post(sender, url).is_success
        assert asked == ["rebinding.example"]
        sender.close()
        with sending(only_one) as later:
            assert post(later, url).said == "its host's address is not permitted here"
    assert receiver.taken[0].headers["host"] == f"rebinding.example:{receiver.port}"


def test_plain_http_is_not_sent_to_public_addresses() -> None:
    with sending(NetworkPolicy((), lambda *_: ["93.184.215.14"])) as sender:
        said = post(sender, "http://hooks.example/").said
    assert said == "plain HTTP is not sent to public addresses"


def test_how_long_a_receiver_asks_to_be_left_alone_is_read() -> None:
    asks = iter(["120", "Fri, 01 Jan 2100 00:00:00 GMT", "soon", "-5"])

    def busy(handler: Handler, _: Received) -> int:
        handler.answer(503, {"Retry-After": next(asks)})
        return 0

    with sending() as sender, Receiver(busy) as receiver:
        seconds, date, words, negative = (post(sender, receiver.url).retry_after for _ in range(4))
    assert seconds is not None
    assert seconds.total_seconds() == 120
    assert date is not None
    assert date.days > 20_000
    assert words is None
    assert negative is None
