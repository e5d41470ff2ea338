"""Programs that run beside the story and end with it, also when it is killed."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Self

PATIENCE = 60.0
"""Seconds until something that does not happen is an error."""
TO_END = 20.0
RUN = """
exec 3<&0 </dev/null
"$@" >>"$0" 2>&1 & child=$!
(read -r _; kill -{signal} $child) <&3 & watch=$!
wait $child; status=$?; kill $watch 2>/dev/null; exit $status
"""
"""Runs a program until it ends, or until the pipe to its maker breaks."""


class Failed(Exception):
    """The story cannot go on; the text says why, and what to do."""


class Children:
    """Ended in the opposite order when the ``with`` is over."""

    def __init__(self) -> None:
        self._running: list[tuple[str, subprocess.Popen[bytes], Path]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for _, process, _ in reversed(self._running):
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(TO_END)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()

    def start(
        self,
        name: str,
        command: Sequence[str],
        folder: Path,
        environment: Mapping[str, str],
        *,
        end_by: str = "TERM",
        user: Mapping[str, Any] | None = None,
    ) -> None:
        """What it says goes into the file ``<name>.log`` of the folder."""
        log = folder / f"{name}.log"
        process = subprocess.Popen(
            ["sh", "-c", RUN.format(signal=end_by), str(log), *command],
            stdin=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env=environment,
            start_new_session=True,
            **(user or {}),
        )
        self._running.append((name, process, log))

    def wait_until(self, what: str, happens: Callable[[], object], pause: float = 0.05) -> None:
        """Raises ``Failed`` when one of them has ended, or it takes too long."""
        ends = time.monotonic() + PATIENCE
        while not happens():
            self.look()
            if time.monotonic() > ends:
                raise Failed(f"This did not happen within {PATIENCE:g} s: {what}.")
            time.sleep(pause)

    def look(self) -> None:
        for name, process, log in self._running:
            if process.poll() is not None:
                said = log.read_text(errors="replace") if log.exists() else ""
                last = "\n".join(said.splitlines()[-15:])
                raise Failed(f"{name} has ended with status {process.returncode}:\n{last}")
