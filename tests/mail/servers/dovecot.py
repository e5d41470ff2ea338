"""A real Dovecot that a test starts for itself: IMAP, submission to a relay, LMTP.

It runs as ``nobody`` where the tests run as root, else as whoever runs them, in a folder and on
ports of its own. It ends with the test, and when the process that started it is killed.
"""

import grp
import os
import pwd
import re
import shutil
import smtplib
import subprocess
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from string import Template
from typing import Self

from adapters.mail.sandbox.authority import Authority, Certificate
from tests.mail.servers.ports import free_ports, wait_for

PROGRAMS = Path("/usr/lib/dovecot")
NEEDED = ("imap", "submission", "lmtp")
PATIENCE = 15.0
"""Seconds it may take to start or to stop."""
CONFIGURATION = Template(Path(__file__).with_suffix(".conf").read_text(encoding="utf-8"))
INTROSPECTION = Template(Path(__file__).with_name("oauth2.conf").read_text(encoding="utf-8"))
RUN = """
dovecot -F -c "$0/dovecot.conf" 2>"$0/errors" & server=$!
read -r _
kill "$server"; wait "$server"
cd / && rm -rf "$0"
"""
"""Runs it until the pipe to its maker says something or breaks."""


class DovecotMissing(Exception):
    """The programs of Dovecot 2.3 are not on this machine."""

    def __init__(self, lack: str) -> None:
        super().__init__(
            f"{lack}. Run .ci/install-servers, or ask for Debian's packages dovecot-imapd, "
            "dovecot-submissiond and dovecot-lmtpd."
        )


class DovecotNotStarted(Exception):
    """It did not get ready; the text is what it said."""


@dataclass(frozen=True)
class User:
    """A mailbox. ``suspended``: the right password is refused, with that reason."""

    address: str
    password: str
    suspended: str | None = None

    def line(self) -> str:
        """As a passwd-file has it."""
        extra = f"nologin=y reason={self.suspended}" if self.suspended else ""
        return f"{self.address}:{{PLAIN}}{self.password}::::::{extra}"


class Dovecot:
    """Serves while its ``with`` lasts.

    ``relay`` is the port of the SMTP server that takes what is submitted, ``introspect`` the URL
    that says whose a token is; without them, submission and tokens fail.
    """

    def __init__(
        self, users: Iterable[User], *, relay: int | None = None, introspect: str | None = None
    ) -> None:
        require_dovecot()
        self._owner = _owner()
        self._users = {each.address: each for each in users}
        self._introspect = introspect
        self._relay, self.imap, self.imaps, self.submission, self.lmtp = free_ports(5)
        self._relay = relay or self._relay
        self._written = 0
        self._folder: Path
        self._process: subprocess.Popen[bytes]

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="dovecot-", dir="/tmp"))
        self._write_files()
        self._process = subprocess.Popen(
            ["sh", "-c", RUN, str(self._folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env={**os.environ, "PATH": f"{os.environ.get('PATH', '')}:/usr/sbin"},
            cwd=self._folder,
            user=self._owner.pw_uid if os.geteuid() == 0 else None,
            group=self._owner.pw_gid if os.geteuid() == 0 else None,
            extra_groups=[] if os.geteuid() == 0 else None,
        )
        if not all(wait_for(each, PATIENCE) for each in (self.imap, self.submission, self.lmtp)):
            said = self.log
            self.__exit__()
            raise DovecotNotStarted(said)
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(b"\n", timeout=PATIENCE)
        shutil.rmtree(self._folder, ignore_errors=True)

    @property
    def ca_file(self) -> Path:
        return self._folder / "ca.pem"

    @property
    def log(self) -> str:
        """What it has said so far."""
        said = (self._folder / name for name in ("errors", "log"))
        return "".join(each.read_text(errors="replace") for each in said if each.exists())

    def change(self, user: User) -> None:
        """From the next login on; also adds somebody. Takes up to a second, as Dovecot looks at
        its users once a second, and at nothing of the file but its time and its size."""
        self._users[user.address] = user
        self._write_users()
        time.sleep(1.01 - time.time() % 1)

    def deliver(self, address: str, message: bytes, sender: str = "") -> None:
        """Put a message into somebody's inbox, by LMTP. The null sender is the default."""
        with smtplib.LMTP("127.0.0.1", self.lmtp, timeout=PATIENCE) as client:
            client.sendmail(sender, [address], message)

    def plant(self, address: str, messages: Iterable[tuple[int, bytes]], validity: int) -> None:
        """What an inbox holds from now on, by UID, under this UIDVALIDITY. Nobody may be in it."""
        folder = self._folder / "mail" / address
        shutil.rmtree(folder, ignore_errors=True)
        for part in ("tmp", "new", "cur"):
            (folder / part).mkdir(parents=True)
        lines, uid = [], 0
        for uid, content in messages:
            (folder / "cur" / f"{uid}.planted:2,").write_bytes(content)
            lines.append(f"{uid} :{uid}.planted\n")
        listed = "".join([f"3 V{validity} N{uid + 1}\n", *lines])
        (folder / "dovecot-uidlist").write_text(listed, encoding="ascii")
        if os.geteuid() == 0:
            for each in (self._folder / "mail", folder, *folder.rglob("*")):
                os.chown(each, self._owner.pw_uid, self._owner.pw_gid)

    def _write_files(self) -> None:
        certificate = Authority(self._folder).issue(Certificate.TRUSTED)
        owner = self._owner
        about = {
            "folder": self._folder,
            "certificate": certificate,
            "user": owner.pw_name,
            "group": grp.getgrgid(owner.pw_gid).gr_name,
            "relay": self._relay,
            "imap": self.imap,
            "imaps": self.imaps,
            "submission": self.submission,
            "lmtp": self.lmtp,
            "introspect": self._introspect or "http://127.0.0.1:1/",
        }
        (self._folder / "dovecot.conf").write_text(CONFIGURATION.substitute(about))
        (self._folder / "oauth2.conf").write_text(INTROSPECTION.substitute(about))
        self._write_users()
        if os.geteuid() == 0:
            for each in (self._folder, *self._folder.iterdir()):
                os.chown(each, owner.pw_uid, owner.pw_gid)

    def _write_users(self) -> None:
        lines = [each.line() for each in self._users.values()]
        new = self._folder / "users.new"
        new.write_text("".join(f"{line}\n" for line in lines))
        self._written += 1
        stamp = time.time() + self._written
        os.utime(new, (stamp, stamp))
        new.rename(self._folder / "users")


@cache
def require_dovecot() -> None:
    """Raises ``DovecotMissing``."""
    program = shutil.which("dovecot", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if program is None:
        raise DovecotMissing("There is no program dovecot")
    for each in NEEDED:
        if not (PROGRAMS / each).is_file():
            raise DovecotMissing(f"Dovecot lacks {each}")
    version = subprocess.run([program, "--version"], capture_output=True, text=True, check=True)
    if not re.match(r"2\.3\.", version.stdout):
        raise DovecotMissing(f"Dovecot {version.stdout.strip()} reads another configuration")


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
