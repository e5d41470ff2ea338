"""A real Kafka that a test starts for itself: one node, from Maven's jars, on loopback.

It keeps its folder and its ports when it is stopped or killed, so that ``start`` opens the same log
again. It ends with the test, and when the process that started it is killed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from uuid import uuid4

from examples.stream.kafka_broker import BrokerNotStarted, is_ready, java, properties
from tests.mail.servers.ports import free_ports

VARIABLE = "SENDLEDGER_TEST_KAFKA"
"""Names a broker, ``HOST:PORT``, that tests use instead of starting one."""
PATIENCE = 60.0
"""Seconds it may take to start or to stop."""

RUN = """
"$@" >>"$0/log" 2>&1 & server=$!
echo $server >"$0/pid.new"; mv "$0/pid.new" "$0/pid"
(read -r _; kill -9 $server 2>/dev/null) <&3 & watch=$!
wait $server; status=$?; kill $watch 2>/dev/null; exit $status
"""
"""Runs the broker until it ends, or until the pipe to its maker says something or breaks."""


class NamedBroker:
    """A broker that is not ours: it cannot be stopped."""

    def __init__(self, address: str) -> None:
        self.address = address

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass


class Broker(NamedBroker):
    """Runs while its ``with`` lasts. ``properties`` go before the usual ones.

    ``secured`` is the protocol of a second listener, at ``secured_address``, that clients use. They
    are told to find it at ``advertised``, which may be changed before the first start.
    ``within``: words before every command, for where it is to run.
    """

    def __init__(
        self,
        properties: Mapping[str, str] | None = None,
        secured: str = "PLAINTEXT",
        *,
        within: Sequence[str] = (),
    ) -> None:
        self._port, self._secured_port, self._controller = free_ports(3)
        super().__init__(f"127.0.0.1:{self._port}")
        self.secured_address = f"127.0.0.1:{self._secured_port}"
        self.controller_address = f"127.0.0.1:{self._controller}"
        self.advertised = self.secured_address
        self.cluster_id = urlsafe_b64encode(b"\1" + uuid4().bytes[1:]).decode().rstrip("=")
        self.properties = dict(properties or {})
        self._secured = secured
        self._within = within
        self._shell: subprocess.Popen[bytes] | None = None
        self.folder: Path

    def __enter__(self) -> Self:
        self.make()
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def make(self) -> None:
        """Its folder, for the first start."""
        self.folder = Path(tempfile.mkdtemp(prefix="kafka-", dir="/tmp"))
        self._write()
        self._run("kafka.tools.StorageTool", "format", "-t", self.cluster_id, "-c", self._file)

    def start(self) -> None:
        self.launch()
        self.await_ready()

    def launch(self) -> None:
        (self.folder / "pid").unlink(missing_ok=True)
        self._shell = subprocess.Popen(
            [
                "sh",
                "-c",
                f"exec 3<&0 </dev/null\n{RUN}",
                str(self.folder),
                *self._java("kafka.Kafka", self._file),
            ],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=self.folder,
            start_new_session=True,
        )

    def await_ready(self) -> None:
        """Raises ``BrokerNotStarted``."""
        assert self._shell is not None
        ends = time.monotonic() + PATIENCE
        while not is_ready(self._port):
            if self._shell.poll() is not None or time.monotonic() > ends:
                said = self.log
                self.kill()
                raise BrokerNotStarted(said[-4000:])
            time.sleep(0.05)

    def stop(self) -> None:
        """As an operator does: SIGTERM, and waiting for its end."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

    @property
    def ended(self) -> bool:
        """By itself, or because it was made to."""
        return self._shell is None or self._shell.poll() is not None

    @property
    def log(self) -> str:
        file = self.folder / "log"
        return file.read_text(errors="replace") if file.exists() else ""

    @property
    def _pid(self) -> int:
        return int((self.folder / "pid").read_text())

    def _end(self, number: int) -> None:
        if self._shell is None:
            return
        if self._shell.poll() is None and (self.folder / "pid").exists():
            self.signal(number)
        shell, self._shell = self._shell, None
        assert shell.stdin is not None
        with shell.stdin:
            shell.wait(PATIENCE)

    @property
    def _file(self) -> str:
        return str(self.folder / "server.properties")

    def _write(self) -> None:
        ports = {
            "INTERNAL": self._port,
            "SECURED": self._secured_port,
            "CONTROLLER": self._controller,
        }
        usual = properties(ports, self.folder / "data", {"SECURED": self._secured})
        at = {
            "INTERNAL": self.address,
            "SECURED": self.advertised,
            "CONTROLLER": self.controller_address,
        }
        advertised = ",".join(f"{name}://{address}" for name, address in at.items())
        lines = {**usual, "advertised.listeners": advertised, **self.properties}.items()
        Path(self._file).write_text("".join(f"{name}={value}\n" for name, value in lines))

    def _run(self, *command: str) -> None:
        done = subprocess.run(self._java(*command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerNotStarted(done.stdout + done.stderr)

    def _java(self, *command: str) -> list[str]:
        return [*self._within, *java(*command)]
