"""A real Dovecot with a few mailboxes, in processes of its own, and what opens it.

``python -m bench.checks.servers`` serves until its standard input ends; answers its ports in JSON.
"""

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import cycle
from pathlib import Path
from typing import NamedTuple

from engine.work.access import Access, Security, Server
from engine.work.secret import Secret
from tests.mail.relays import LocalRelay, running
from tests.mail.servers.dovecot import Dovecot, User

USERS = [User(f"u{number:02}@sandbox.test", f"secret-{number}") for number in range(50)]
"""A server allows each a few connections only."""


class Site(NamedTuple):
    imaps: int
    submission: int
    ca_file: Path

    def accesses(self, names: Sequence[str]) -> dict[str, Access]:
        """The mailboxes dealt out to accounts of these names."""
        return {name: self._access(user) for name, user in zip(names, cycle(USERS), strict=False)}

    def _access(self, user: User) -> Access:
        return Access(
            "imap",
            user.address,
            Server("localhost", self.imaps, Security.IMPLICIT),
            Server("localhost", self.submission, Security.STARTTLS),
            Secret(user.password),
        )


@contextmanager
def site() -> Iterator[Site]:
    command = [sys.executable, "-m", "bench.checks.servers"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        yield Site(told["imaps"], told["submission"], Path(told["ca_file"]))
        process.communicate()


def main() -> None:
    with running(LocalRelay()) as port, Dovecot(USERS, relay=port) as dovecot:
        told = {"imaps": dovecot.imaps, "submission": dovecot.submission}
        print(json.dumps({**told, "ca_file": str(dovecot.ca_file)}), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
