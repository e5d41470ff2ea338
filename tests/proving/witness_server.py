"""A witness of C2SP's tlog-witness on loopback: it has a state, and can be made to fail."""

import threading
import time
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from adapters.proof.signing import verifies
from engine.proof.merkle import EMPTY, NotProved, require_consistent
from engine.proof.notes import (
    ED25519_COSIGNATURE,
    ML_DSA_44,
    Checkpoint,
    Note,
    VerifierKey,
    unverified,
)


class Mood(Enum):
    SOUND = "sound"
    SILENT = "silent"
    """It takes the request and never answers."""
    LYING = "lying"
    """It signs another checkpoint."""
    BABBLING = "babbling"
    """Its answer does not end."""


class Witness:
    """``trusted``: the logs' keys that it was told of. ``known``: the tree it cosigned last."""

    def __init__(self, name: str, key: Ed25519PrivateKey | MLDSA44PrivateKey) -> None:
        self.name, self._key = f"witness.test/{name}", key
        self.trusted: list[VerifierKey] = []
        self.known = Checkpoint("", 0, EMPTY)
        self.mood = Mood.SOUND
        self.statuses: list[int] = []
        self.url = ""
        self.over = threading.Event()
        self._lock = threading.Lock()

    @property
    def key(self) -> VerifierKey:
        is_old = isinstance(self._key, Ed25519PrivateKey)
        algorithm = ED25519_COSIGNATURE if is_old else ML_DSA_44
        return VerifierKey(self.name, self._key.public_key().public_bytes_raw(), algorithm)

    @property
    def line(self) -> str:
        return f"witness {self.name} {self.key} {self.url}\n"

    def answer(self, body: str) -> tuple[int, str]:
        with self._lock:
            status, told = self._judged(body)
            self.statuses.append(status)
            return status, told

    def _judged(self, body: str) -> tuple[int, str]:
        head, _, note = body.partition("\n\n")
        first, *lines = head.split("\n")
        old, path = int(first.removeprefix("old ")), [b64decode(each) for each in lines]
        tree, own = unverified(note), self.trusted
        if tree.origin not in {each.name for each in own}:
            return 404, ""
        if not any(Note.of(note).is_signed_by(each, verifies) for each in own):
            return 403, ""
        if old > tree.size:
            return 400, ""
        is_same = old < tree.size or tree.root == self.known.root
        if old != self.known.size or not is_same:
            return 409, f"{self.known.size}\n"
        try:
            require_consistent(old, self.known.root, tree.size, tree.root, path)
        except NotProved:
            return 422, ""
        self.known = tree
        return 200, self.cosignature(Note.of(note).text)

    def cosignature(self, text: str) -> str:
        seconds = int(time.time())
        if self.mood is Mood.LYING:
            text = text.replace("\n", "0\n", 1)
        signature = self._key.sign(self.key.message(text, seconds))
        told = b64encode(self.key.id + seconds.to_bytes(8) + signature).decode()
        stranger = b64encode(bytes(76)).decode()
        return f"— stranger.test/w {stranger}\n— {self.name} {told}\n"


@contextmanager
def listening(witness: Witness) -> Iterator[None]:
    """At a free port, or again at the one it had."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            assert self.path == "/log/add-checkpoint"
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            if witness.mood is Mood.SILENT:
                witness.over.wait()
                self.close_connection = True
                return
            status, told = witness.answer(body)
            self.send_response(status)
            if witness.mood is Mood.BABBLING:
                self.send_header("Connection", "close")
                self.end_headers()
                self._babble()
                return
            self.send_header("Content-Length", str(len(told.encode())))
            self.end_headers()
            self.wfile.write(told.encode())

        def _babble(self) -> None:
            try:
                while not witness.over.is_set():
                    self.wfile.write(b"x" * 4096)
            except OSError:
                self.close_connection = True

        def log_message(self, *_: object) -> None:
            pass

    port = int(witness.url.split(":")[2].split("/")[0]) if witness.url else 0
    witness.over.clear()
    with ThreadingHTTPServer(("127.0.0.1", port), Handler) as server:
        witness.url = f"http://127.0.0.1:{server.server_port}/log"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield
        finally:
            witness.over.set()
            server.shutdown()
            thread.join()
