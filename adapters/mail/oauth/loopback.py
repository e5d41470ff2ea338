"""Waits on this machine for a browser that a provider sends back: one answer, in limited time.

For a person who sits at this machine. A request without the right state is ignored, whoever sends
it (RFC 8252).
"""

from collections.abc import Mapping
from hmac import compare_digest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Full, Queue
from threading import Thread
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from engine.work.access import Access
from engine.work.consents import Asked, Consents
from events.errors import ExplainedError
from events.vocabulary import AccountId

SECONDS_TO_CONSENT = 300.0
_PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Sendledger</title>
<p>Sendledger has your answer. You can close this window and go back to the command line.</p>
"""


class NoConsent(ExplainedError):
    sentence = "Nobody consented within {seconds:.0f} seconds. Start again."


class LoopbackConsent:
    """``with LoopbackConsent(consents) as consent``: ``start``, open the URL, ``wait``.

    Raises ``OSError`` for a port that cannot be used.
    """

    def __init__(self, consents: Consents, port: int = 0) -> None:
        self._consents = consents
        self._answers = Queue[Mapping[str, str]](1)
        self._server = _Server(("127.0.0.1", port), _Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._asked: Asked | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        if self._thread.is_alive():
            self._server.shutdown()
            self._thread.join()
        self._server.server_close()

    def start(self, login_hint: str, *, again: bool = False) -> str:
        """The URL that the mailbox's owner has to open."""
        redirect_uri = f"http://127.0.0.1:{self._server.server_port}/"
        self._asked = self._consents.ask(redirect_uri, login_hint, again=again)
        self._server.expect(self._asked.state, self._answers)
        self._thread.start()
        return self._asked.url

    def wait(
        self,
        account_id: AccountId,
        subject: str | None = None,
        seconds: float = SECONDS_TO_CONSENT,
    ) -> Access:
        """The access consented to. Raises ``NoConsent``, ``ConsentRefused`` and ``TokenError``."""
        assert self._asked is not None
        try:
            answer = self._answers.get(timeout=seconds)
        except Empty:
            raise NoConsent(seconds=seconds) from None
        return self._consents.granted(self._asked, answer, account_id, subject)


class _Server(ThreadingHTTPServer):
    """Serves each client in a thread of its own, so a slow client delays nobody else."""

    daemon_threads = True
    block_on_close = False

    def expect(self, state: str, answers: "Queue[Mapping[str, str]]") -> None:
        self._state = state
        self._answers = answers

    def takes(self, target: str) -> bool:
        """Whether this is the first answer with the right state; later ones are not taken."""
        address = urlsplit(target)
        pairs = parse_qsl(address.query, max_num_fields=20)
        answer = dict(pairs)
        state = answer.get("state", "").encode()
        told = ("code" in answer) != ("error" in answer) and len(answer) == len(pairs)
        if address.path != "/" or not told or not compare_digest(state, self._state.encode()):
            return False
        try:
            self._answers.put_nowait(answer)
        except Full:
            return False
        return True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Do nothing: a connection that breaks off needs no report."""


class _Handler(BaseHTTPRequestHandler):
    timeout = 5
    server: _Server

    def do_GET(self) -> None:
        try:
            taken = self.server.takes(self.path)
        except ValueError:
            taken = False
        body = (_PAGE if taken else "There is nothing here.").encode()
        self.send_response(200 if taken else 404)
        self.send_header("Content-Type", f"text/{'html' if taken else 'plain'}; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Content-Security-Policy", "default-src 'none'")
        self.send_header("Referrer-Policy", "no-referrer")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        """Log nothing: the address of a request contains the code."""

    def version_string(self) -> str:
        return "Sendledger"
