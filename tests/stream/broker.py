"""A real Kafka that a test starts for itself, from Maven's jars, on loopback: one node or several.

It keeps its folder and its ports when it is stopped or killed, so that ``start`` opens the same log
again. It ends with the test, and when the process that started it is killed.
"""

import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self
from uuid import uuid4

from tests.mail.servers.ports import free_ports

VARIABLE = "SENDLEDGER_TEST_KAFKA"
"""Names a broker, ``HOST:PORT``, that tests use instead of starting one."""
VERSION = "4.3.1"
PATIENCE = 60.0
"""Seconds it may take to start or to stop."""

POM = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency>
 <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
</dependency><dependency>
 <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
</dependency></dependencies></project>"""

PROPERTIES = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "INTERNAL",
    "auto.create.topics.enable": "false",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "2",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "2",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "log.cleaner.dedupe.buffer.size": "16777216",
    "log.segment.bytes": "67108864",
    "log.index.size.max.bytes": "1048576",
    "broker.session.timeout.ms": "3000",
    "broker.heartbeat.interval.ms": "500",
}
JAVA = (
    *("-Xmx256m", "-Xms64m", "-Xss512k", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"),
    *("-XX:MaxMetaspaceSize=160m", "-XX:ReservedCodeCacheSize=48m", "-XX:-UsePerfData"),
    *("-Xshare:auto", "-Djava.awt.headless=true", "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn"),
)
RUN = """
"$@" >>"$0/log" 2>&1 & server=$!
echo $server >"$0/pid.new"; mv "$0/pid.new" "$0/pid"
(read -r _; kill -9 $server 2>/dev/null) <&3 & watch=$!
wait $server; status=$?; kill $watch 2>/dev/null; exit $status
"""
"""Runs the broker until it ends, or until the pipe to its maker says something or breaks."""


class BrokerNotStarted(Exception):
    """It did not get ready; the text is what it said."""


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
        self._port, self._secured_port, controller = free_ports(3)
        super().__init__(f"127.0.0.1:{self._port}")
        self.secured_address = f"127.0.0.1:{self._secured_port}"
        self.controller_address = f"127.0.0.1:{controller}"
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
                *self._java("kafka.Kafka"),
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

    @property
    def ended(self) -> bool:
        """By itself, or because it was made to."""
        return self._shell is None or self._shell.poll() is not None

    def signal(self, number: int) -> None:
        os.kill(self._pid, number)

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
        addresses = {
            "INTERNAL": self.address,
            "SECURED": self.secured_address,
            "CONTROLLER": self.controller_address,
        }
        properties = {
            **PROPERTIES,
            "listeners": _listed(addresses),
            "advertised.listeners": _listed({**addresses, "SECURED": self.advertised}),
            "listener.security.protocol.map": (
                f"INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT,SECURED:{self._secured}"
            ),
            "controller.quorum.voters": f"1@{self.controller_address}",
            "log.dirs": str(self.folder / "data"),
            **self.properties,
        }
        text = "".join(f"{name}={value}\n" for name, value in properties.items())
        Path(self._file).write_text(text)

    def _java(self, *command: str) -> list[str]:
        words = ["java", *JAVA, "-cp", classpath(), *command]
        return [*self._within, *words, *([] if command[1:] else [self._file])]

    def _run(self, *command: str) -> None:
        done = subprocess.run(self._java(*command), capture_output=True, text=True, check=False)
        if done.returncode:
            raise BrokerNotStarted(done.stdout + done.stderr)


def _listed(addresses: Mapping[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in addresses.items())


def classpath() -> str:
    """Of the broker's jars, fetched once a machine. Raises ``BrokerNotStarted``."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = home / "sendledger-tests" / f"kafka-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = folder / "classpath"
        if not (found.exists() and all(map(os.path.exists, found.read_text().split(":")))):
            _fetch(folder, found)
        return found.read_text().strip()


def _fetch(folder: Path, into: Path) -> None:
    if not (shutil.which("java") and shutil.which("mvn")):
        raise BrokerNotStarted(
            "There is no java or no mvn. Run .ci/install-servers, ask for the packages "
            f"default-jre-headless and maven, or name a broker: {VARIABLE}=HOST:PORT."
        )
    (folder / "pom.xml").write_text(POM)
    goal = ["dependency:build-classpath", "-DincludeScope=runtime", f"-Dmdep.outputFile={into}.new"]
    subprocess.run(["mvn", "-B", "-q", "-f", str(folder / "pom.xml"), *goal], check=True)
    Path(f"{into}.new").rename(into)


def is_ready(port: int) -> bool:
    """Whether a Metadata request is answered with at least one live broker."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(2)
            request = struct.pack(">hhihi?", 3, 5, 1, -1, 0, False)
            connection.sendall(struct.pack(">i", len(request)) + request)
            answer = connection.makefile("rb")
            (length,) = struct.unpack(">i", answer.read(4))
            (brokers,) = struct.unpack(">i", answer.read(length)[8:12])
            return bool(brokers >= 1)
    except (OSError, struct.error):
        return False
