"""A real PostgreSQL server that tests and benchmarks start for themselves; it outlives nobody.

Folder, port and socket are the server's own: nothing is shared with other servers of the machine.
``SENDLEDGER_TEST_POSTGRES=postgresql://…`` names another server for whatever needs only databases.
"""

import atexit
import os
import pwd
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.sql import SQL, Composed, Identifier

VARIABLE = "SENDLEDGER_TEST_POSTGRES"
SUPERUSER = "sendledger"
PROGRAMS = ("initdb", "pg_ctl", "postgres")
PATIENCE = 60.0
"""Seconds a server may take to start, recovery included, or to stop."""

SOCKET_PATH_LIMIT = 107
QUIET_PORTS = range(20_000, 32_000)
"""Below the ports that systems give to clients, or a client could hold ours during a restart."""

Mode = Literal["smart", "fast", "immediate"]
SIGNALS: Mapping[Mode, signal.Signals] = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
CAREFREE = {"fsync": "off", "full_page_writes": "off"}
"""Survives every crash of the server, and none of the machine."""

WATCH = """
read -r _
if kill -QUIT "$(head -n 1 data/postmaster.pid)"; then
    n=0
    while [ -e data/postmaster.pid ] && [ $n -lt 400 ]; do sleep 0.05; n=$((n + 1)); done
fi
cd / && rm -rf "$1"
"""
"""Waits until its pipe speaks or breaks, then ends the server of its folder, and the folder."""


class PostgresMissing(Exception):
    """The programs of a PostgreSQL server are not on this machine."""

    def __init__(self) -> None:
        super().__init__(
            f"No folder has {', '.join(PROGRAMS)}. Run .ci/install-servers, or ask for Debian's "
            "package postgresql, or add the folder that has them to PATH."
        )


class PostgresNotStarted(Exception):
    """A server could not be made or did not get ready; the text is what it said."""


@dataclass(frozen=True)
class Account:
    """Who runs the server. ``None`` is whoever we are."""

    user: int | None = None
    group: int | None = None
    groups: tuple[()] | None = None


def find_binaries() -> Path:
    """The folder of the server's programs: the newest of Debian's, else the one on ``PATH``."""
    debian = Path("/usr/lib/postgresql").glob("[0-9]*/bin")
    newest_first = sorted(debian, key=lambda folder: float(folder.parent.name), reverse=True)
    on_path = [Path(program).parent for program in [shutil.which("initdb")] if program]
    for folder in [*newest_first, *on_path]:
        if all((folder / program).is_file() for program in PROGRAMS):
            return folder
    raise PostgresMissing


def find_account() -> Account:
    """PostgreSQL refuses to run as root, who therefore lends it to ``postgres`` or ``nobody``."""
    if os.geteuid() != 0:
        return Account()
    known = {entry.pw_name: entry for entry in pwd.getpwall()}
    entry = known.get("postgres") or known["nobody"]
    return Account(entry.pw_uid, entry.pw_gid, ())


class NamedServer:
    """A server that somebody else runs: it has databases to give, and is not ours to stop."""

    ours = False

    def __init__(self, url: str) -> None:
        self._maintenance = url

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def url(self, database: str = "postgres") -> str:
        return urlsplit(self._maintenance)._replace(path=f"/{database}").geturl()

    def create_database(self, name: str | None = None) -> str:
        """The URL of a fresh, empty database, which sorts text by its octets."""
        name = name or f"test_{uuid4().hex}"
        create = SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LOCALE 'C'")
        self._execute(create.format(Identifier(name)))
        return self.url(name)

    def drop_database(self, url: str) -> None:
        """The database of this URL goes, whoever is connected to it."""
        name = str(conninfo_to_dict(url)["dbname"])
        self._execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))

    def close(self) -> None:
        """Nothing of it is ours to remove."""

    def _execute(self, statement: Composed) -> None:
        with psycopg.connect(self._maintenance, autocommit=True) as connection:
            connection.execute(statement)


class PostgresServer(NamedServer):
    """A private server, in a new folder of its own below ``under``.

    It ends, and its folder with it, at ``close``, when the process that made it ends, and when
    that is killed: a watchdog holds the other end of a pipe. Without ``fsync`` it is quick and
    forgets only with the machine.
    """

    ours = True

    def __init__(
        self,
        *,
        fsync: bool = False,
        settings: Mapping[str, str] | None = None,
        under: Path = Path("/tmp"),
    ) -> None:
        self._binaries = find_binaries()
        self._account = find_account()
        self._maker = os.getpid()
        self._process: subprocess.Popen[bytes] | None = None
        self.port = _free_port()
        super().__init__(f"postgresql://{SUPERUSER}@127.0.0.1:{self.port}/postgres")
        self.folder = self._make_folder(under)
        self._settings = {
            "listen_addresses": "127.0.0.1",
            "port": str(self.port),
            "unix_socket_directories": str(self.folder),
            "max_connections": "200",
            **({} if fsync else CAREFREE),
            **(settings or {}),
        }
        self._watchdog = self._watch()
        atexit.register(self.close)
        self._initialize()

    def __enter__(self) -> Self:
        self.start()
        return self

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process that has all others for children."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        """What the server has said so far."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def start(self) -> None:
        """Returns when it accepts connections, after a crash when it has recovered."""
        if self.running:
            return
        program = [str(self._binaries / "postgres"), "-D", str(self._data)]
        options = [f"--{name}={value}" for name, value in self._settings.items()]
        self._process = self._run([*program, *options], self._log)
        if not _within(PATIENCE, lambda: self._ready() or not self.running) or not self.running:
            raise PostgresNotStarted(self.log)

    def stop(self, mode: Mode = "fast") -> None:
        """Returns when it has ended. ``smart`` waits until its last client has left."""
        if self._process is not None and self.running:
            self._process.send_signal(SIGNALS[mode])
            self._process.wait(PATIENCE)

    def restart(self) -> None:
        self.stop()
        self.start()

    def backup(self, to: Path) -> None:
        """Its files as they are; it is stopped meanwhile."""
        self.stop()
        shutil.copytree(self._data, to)
        self.start()

    def bring_back(self, backup: Path) -> None:
        """The files of that backup instead of its own; it is stopped meanwhile."""
        self.stop()
        shutil.rmtree(self._data)
        shutil.copytree(backup, self._data)
        self._lend(self._data)
        self.start()

    def crash(self) -> None:
        """It ends at once and writes nothing more: the next start has to recover."""
        self.stop("immediate")

    def close(self) -> None:
        """Ends the server and removes its folder. A fork of its maker leaves both alone."""
        if os.getpid() != self._maker:
            return
        atexit.unregister(self.close)
        self.crash()
        if self._watchdog.poll() is None:
            self._watchdog.communicate(b"\n", timeout=PATIENCE)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    @property
    def _log(self) -> Path:
        return self.folder / "log"

    def _make_folder(self, under: Path) -> Path:
        folder = Path(tempfile.mkdtemp(prefix="sendledger-", dir=under.resolve()))
        socket_path = folder / f".s.PGSQL.{self.port}"
        if len(os.fsencode(socket_path)) > SOCKET_PATH_LIMIT:
            folder.rmdir()
            raise PostgresNotStarted(f"{socket_path}: more than {SOCKET_PATH_LIMIT} octets")
        if self._account.user is not None and self._account.group is not None:
            os.chown(folder, self._account.user, self._account.group)
        return folder

    def _lend(self, folder: Path) -> None:
        """To the account that runs the server."""
        user, group = self._account.user, self._account.group
        if user is not None and group is not None:
            for each in (folder, *folder.rglob("*")):
                os.chown(each, user, group, follow_symlinks=False)

    def _initialize(self) -> None:
        program = [str(self._binaries / "initdb"), "-D", str(self._data), "-U", SUPERUSER]
        options = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync"]
        if self._run([*program, *options], self._log).wait(PATIENCE) != 0:
            said = self.log
            self.close()
            raise PostgresNotStarted(said)

    def _ready(self) -> bool:
        """The eighth line of a server's own file tells its state."""
        try:
            lines = (self._data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            return False
        assert self._process is not None
        return len(lines) > 7 and lines[0] == str(self._process.pid) and lines[7].strip() == "ready"

    def _watch(self) -> subprocess.Popen[bytes]:
        command = ["/bin/sh", "-c", WATCH, "watchdog", str(self.folder)]
        return self._run(command, log=Path(os.devnull), stdin=subprocess.PIPE)

    def _run(
        self, command: Sequence[str], log: Path, stdin: int = subprocess.DEVNULL
    ) -> subprocess.Popen[bytes]:
        """In a session of its own, which no Ctrl-C of ours reaches."""
        with log.open("ab") as output:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=output,
                stderr=output,
                cwd=self.folder,
                env={**os.environ, "LC_ALL": "C"},
                user=self._account.user,
                group=self._account.group,
                extra_groups=self._account.groups,
                start_new_session=True,
            )


def _free_port() -> int:
    while True:
        port = random.choice(QUIET_PORTS)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def _within(seconds: float, condition: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.01)
    return True
