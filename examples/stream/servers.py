"""A Kafka and a PostgreSQL of our own, on loopback, where the machine has their programs."""

import os
import pwd
import shutil
import socket
import subprocess
from base64 import urlsafe_b64encode
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
from children import Children, Failed
from kafka_broker import BrokerNotStarted, is_ready, java, properties


def start_kafka(children: Children, folder: Path) -> str:
    """Answers ``HOST:PORT``. Raises ``Failed``."""
    folder.mkdir()
    internal, controller = _free_ports(2)
    file = folder / "server.properties"
    lines = properties({"INTERNAL": internal, "CONTROLLER": controller}, folder / "data")
    file.write_text("".join(f"{name}={value}\n" for name, value in lines.items()))
    cluster = urlsafe_b64encode(b"\1" + uuid4().bytes[1:]).decode().rstrip("=")
    try:
        _run(java("kafka.tools.StorageTool", "format", "-t", cluster, "-c", str(file)), {})
        command = java("kafka.Kafka", str(file))
    except BrokerNotStarted as error:
        raise Failed(f"{error}\nOr name a broker of yours: --kafka HOST:PORT") from error
    children.start("kafka", command, folder, os.environ, end_by="KILL")
    children.wait_until("Kafka gets ready", lambda: is_ready(internal))
    return f"127.0.0.1:{internal}"


def start_postgres(children: Children, folder: Path) -> str | None:
    """Answers its URL; None where there is no PostgreSQL. Raises ``Failed``."""
    binaries = _binaries()
    if binaries is None:
        return None
    folder.mkdir()
    user, (port,) = _account(folder), _free_ports(1)
    data, url = folder / "data", f"postgresql://sendledger@127.0.0.1:{port}/postgres"
    options = ["-U", "sendledger", "--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
    _run([str(binaries / "initdb"), "-D", str(data), *options], {"cwd": folder, **user})
    command = [str(binaries / "postgres"), "-D", str(data), "-h", "127.0.0.1", "-p", str(port)]
    quick = ["-c", "unix_socket_directories=", "-c", "fsync=off"]
    children.start("postgres", [*command, *quick], folder, os.environ, end_by="INT", user=user)
    children.wait_until("PostgreSQL gets ready", lambda: _answers(url))
    return url


def _binaries() -> Path | None:
    """The folder of PostgreSQL's programs: the newest of Debian's, else that of ``PATH``."""
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    on_path = [Path(found).parent for found in [shutil.which("initdb")] if found]
    folders = [*sorted(debian, key=lambda each: float(each.parent.name), reverse=True), *on_path]
    return next((each for each in folders if (each / "initdb").is_file()), None)


def _account(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root, who lends the folder to ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return {}
    known = {each.pw_name: each for each in pwd.getpwall()}
    lent = known.get("postgres") or known["nobody"]
    os.chown(folder, lent.pw_uid, lent.pw_gid)
    return {"user": lent.pw_uid, "group": lent.pw_gid, "extra_groups": ()}


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _run(command: list[str], how: dict[str, Any]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **how)
    if done.returncode:
        raise Failed(f"{command[0]} failed:\n{done.stdout}{done.stderr}")


def _free_ports(number: int) -> list[int]:
    """On loopback, all different."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(number)]
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports
