"""Emmett beside ours: a command by its ``CommandHandler``, in a process of Node.js.

A stream for each recipient, of two events: the whole stream is read before each command. Of its
time a pipe's way to and fro is ours; the processor's time is not measured.
"""

import subprocess
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).parent
INSTALLED = HERE.parents[2] / ".venv/emmett"
"""Where ``.ci/install-servers`` puts it."""

Write = Callable[[], object]


def emmett_writers(url: str, names: list[str]) -> list[Write]:
    """A process each."""
    return [_writer(url) for _ in names]


def _writer(url: str) -> Write:
    command = ["node", str(HERE / "writer.mjs"), str(INSTALLED), url]
    node = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
    )
    assert node.stdin is not None
    assert node.stdout is not None
    tell, hear = node.stdin.write, node.stdout.readline

    def write() -> None:
        tell("\n")
        assert hear() == "\n", "Emmett's writer has ended."

    return write
