"""``sendledger`` as somebody starts it, in a process of its own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.settings.file import PREFIX

PATIENCE = 300.0
"""Seconds until something that does not happen ends the measure."""
ENVIRONMENT = {
    name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
}
"""An installed program has byte code: without it, each start would compile it anew."""


@contextmanager
def started(*words: str, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """What it says is in a file; settings by their names. Ends by SIGTERM."""
    with TemporaryDirectory() as folder:
        said = Path(folder) / "said"
        given = {f"{PREFIX}{name.upper()}": value for name, value in settings.items()}
        with said.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "adapters.program", *words],
                stdout=output,
                stderr=output,
                env={**ENVIRONMENT, f"{PREFIX}LOG_LEVEL": "info", **given},
            )
        try:
            yield process, said
        except BaseException:
            sys.stderr.write(said.read_text(errors="replace")[-2_000:])
            raise
        finally:
            process.send_signal(signal.SIGCONT)
            process.terminate()
            process.wait(PATIENCE)


def until(happens: Callable[[], bool], *processes: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + PATIENCE
    while not happens():
        if time.monotonic() > ends or any(each.poll() is not None for each in processes):
            raise AssertionError("it never happened")
        time.sleep(0.01)
