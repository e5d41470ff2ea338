"""How a Kafka of one node is had from Maven's jars, for trials and tests on one machine.

Needs java (17 or newer) and mvn. The jars are fetched once a machine.
"""

import fcntl
import os
import shutil
import socket
import struct
import subprocess
from collections.abc import Mapping
from pathlib import Path

VERSION = "4.3.1"
POM = f"""<project><modelVersion>4.0.0</modelVersion>
<groupId>local</groupId><artifactId>broker</artifactId><version>1</version><packaging>pom</packaging>
<dependencies><dependency>
 <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>{VERSION}</version>
</dependency><dependency>
 <groupId>org.slf4j</groupId><artifactId>slf4j-simple</artifactId><version>1.7.36</version>
</dependency></dependencies></project>"""

PROPERTIES: Mapping[str, str] = {
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


class BrokerNotStarted(Exception):
    """It did not get ready; the text is what it said."""


def properties(
    ports: Mapping[str, int], data: Path, protocols: Mapping[str, str] | None = None
) -> Mapping[str, str]:
    """Of a node that listens on loopback: a port by listener, of which INTERNAL and CONTROLLER
    must be. What has no protocol is PLAINTEXT."""
    listeners = ",".join(f"{name}://127.0.0.1:{port}" for name, port in ports.items())
    spoken = {**dict.fromkeys(ports, "PLAINTEXT"), **(protocols or {})}
    return {
        **PROPERTIES,
        "listeners": listeners,
        "advertised.listeners": listeners,
        "listener.security.protocol.map": ",".join(f"{name}:{how}" for name, how in spoken.items()),
        "controller.quorum.voters": f"1@127.0.0.1:{ports['CONTROLLER']}",
        "log.dirs": str(data),
    }


def java(*command: str) -> list[str]:
    """Raises ``BrokerNotStarted``."""
    _need("java")
    return ["java", *JAVA, "-cp", classpath(), *command]


def classpath() -> str:
    """Of the broker's jars, fetched once a machine. Raises ``BrokerNotStarted``."""
    home = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache"))
    folder = home / "sendledger" / f"kafka-{VERSION}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = folder / "classpath"
        if not (found.exists() and all(map(os.path.exists, found.read_text().split(":")))):
            _fetch(folder, found)
        return found.read_text().strip()


def _need(program: str) -> None:
    if shutil.which(program) is None:
        raise BrokerNotStarted(
            f"There is no {program} here, with which Kafka is had. Ask for the packages "
            "default-jdk-headless (17 or newer) and maven."
        )


def _fetch(folder: Path, into: Path) -> None:
    _need("mvn")
    (folder / "pom.xml").write_text(POM)
    goal = ["dependency:build-classpath", "-DincludeScope=runtime", f"-Dmdep.outputFile={into}.new"]
    command = ["mvn", "-B", "-q", "-f", str(folder / "pom.xml"), *goal]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise BrokerNotStarted(f"Maven could not fetch Kafka's jars:\n{done.stdout}{done.stderr}")
    Path(f"{into}.new").rename(into)


def is_ready(port: int) -> bool:
    """Whether a Metadata request is answered with at least one live broker."""
    try:
        with socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.settimeout(2)
            request = struct.pack(">hhihi?", 3, 5, 1, -1, 0, False)
            connection.sendall(struct.pack(">i", len(request)) + request)
            with connection.makefile("rb") as answer:
                (length,) = struct.unpack(">i", answer.read(4))
                (brokers,) = struct.unpack(">i", answer.read(length)[8:12])
            return bool(brokers >= 1)
    except (OSError, struct.error):
        return False
