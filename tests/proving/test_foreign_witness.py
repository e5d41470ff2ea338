"""A foreign witness, Go's litewitness, cosigns our checkpoints and refuses another history."""

import os
import shutil
import socket
import sqlite3
import subprocess
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from engine.proof.merkle import EMPTY
from engine.proof.notes import ED25519_COSIGNATURE, VerifierKey
from tests.law.story import import_recipients
from tests.proving.signed_log import signed_log
from tests.proving.test_witnesses import log_keys
from tests.worker.processes import eventually

LITEWITNESS = "filippo.io/torchwood/cmd/litewitness@v0.9.0"
NAME = "witness.test/lite"
pytestmark = pytest.mark.soak
"""Compiling it takes minutes where nothing of it was compiled before."""


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for each in ("go", "ssh-agent", "ssh-add"):
        if shutil.which(each) is None:
            pytest.skip(f"there is no {each} here to run a foreign witness with")
    found = tmp_path_factory.mktemp("programs")
    command = ["go", "install", LITEWITNESS]
    made = subprocess.run(command, env={**os.environ, "GOBIN": str(found)}, check=False)
    if made.returncode != 0:
        pytest.skip("the foreign witness cannot be had here")
    return found


class Lite:
    """``litewitness``, with its key in an agent of its own."""

    def __init__(self, programs: Path, folder: Path, up: ExitStack) -> None:
        self._programs, self._folder, self._up = programs, folder, up
        folder.mkdir()
        key = Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw()
        self.key = VerifierKey(NAME, public, ED25519_COSIGNATURE)
        file = folder / "key"
        file.touch(0o600)
        form = Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()
        file.write_bytes(key.private_bytes(*form))
        self._fingerprint = sha256(public).hexdigest()
        with closing(socket.create_server(("127.0.0.1", 0))) as free:
            self.port = free.getsockname()[1]

    def trust(self, log: VerifierKey) -> None:
        """As its ``witnessctl`` does it, which needs more than can be had everywhere."""
        with closing(sqlite3.connect(self._db)) as found, found:
            empty = b64encode(EMPTY).decode()
            found.execute("INSERT INTO log VALUES (?, 0, ?)", (log.name, empty))
            found.execute("INSERT INTO key VALUES (?, ?)", (log.name, str(log)))

    def start(self) -> None:
        agent = self._folder / "a"
        self._run(["ssh-agent", "-D", "-a", str(agent)])
        eventually(agent.exists)
        environment = {**os.environ, "SSH_AUTH_SOCK": str(agent)}
        subprocess.run(["ssh-add", "-q", str(self._folder / "key")], env=environment, check=True)
        words = {"db": self._db, "name": NAME, "ssh-agent": str(agent), "key": self._fingerprint}
        words |= {"listen": f"127.0.0.1:{self.port}"}
        flags = [f"-{name}={value}" for name, value in words.items()]
        self._run([str(self._programs / "litewitness"), *flags])
        eventually(self._listens)

    @property
    def _db(self) -> str:
        return str(self._folder / "lite.db")

    def _listens(self) -> bool:
        with closing(socket.socket()) as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _run(self, command: Sequence[str]) -> None:
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self._up.callback(process.wait)
        self._up.callback(process.terminate)


@pytest.fixture
def lite(programs: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lite]:
    with ExitStack() as up:
        yield Lite(programs, tmp_path_factory.mktemp("l") / "w", up)


def test_litewitness_cosigns_what_grew_and_refuses_a_fork(lite: Lite, tmp_path: Path) -> None:
    log = signed_log(str(tmp_path / "s.db"), tmp_path)
    own = log_keys(log)[0]
    lite.start()
    lite.trust(own)
    policy = tmp_path / "policy"
    policy.write_text(
        f"log {own}\nwitness lite {lite.key} http://127.0.0.1:{lite.port}\nquorum lite\n"
    )
    asking = {"SENDLEDGER_PROOF_POLICY": str(policy)}
    other = log._replace(url=str(tmp_path / "o.db"), folder=tmp_path / "other")
    shutil.copy(log.url, other.url)
    for more in ("one", "two"):
        log.given(import_recipients(*(f"{more}-{each}" for each in range(300))))
        told = log.export(log.folder, env=asking)
        assert "Published all the same" not in told.stdout, told.output
    assert log.verify(log.folder, "--policy", policy)[0] == 0

    other.given(import_recipients(*(f"other-{each}" for each in range(900))))
    told = other.export(other.folder, env=asking)
    assert "(HTTP 4" in told.stdout, told.output
    assert other.verify(other.folder, "--policy", policy)[0] == 1
