"""What runs and where, and how it is told of."""

import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

from children import Children, Failed

SENDLEDGER = Path(sys.executable).with_name("sendledger")
A_COMMAND = 60.0
"""Seconds it may take."""


class World(NamedTuple):
    """``postgres``: the URL of a server, where there is one. Its folder is where all works."""

    folder: Path
    children: Children
    kafka: str
    topic: str
    postgres: str | None
    environment: Mapping[str, str]

    def start(self, name: str, *command: str) -> None:
        self.children.start(name, command, self.folder, self.environment)

    def wait_for(self, name: str, text: str) -> None:
        """Until the program has said so."""
        log = self.folder / f"{name}.log"
        said = f"{name} says {text!r}"
        self.children.wait_until(said, lambda: log.exists() and text in log.read_text())

    def sendledger(self, *words: str) -> str:
        """What the command answers. Raises ``Failed``."""
        done = subprocess.run(
            [SENDLEDGER, *words],
            capture_output=True,
            text=True,
            check=False,
            cwd=self.folder,
            env=self.environment,
            timeout=A_COMMAND,
        )
        if done.returncode:
            raise Failed(f"sendledger {' '.join(words)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout


def tell(text: str, at: datetime | None = None) -> None:
    at = at or datetime.now(UTC)
    sys.stdout.write(f"{at:%H:%M:%S}.{at.microsecond // 1000:03}  {text}\n")
    sys.stdout.flush()
