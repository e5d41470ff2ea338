"""A disk of few octets that a program has for itself: full, it answers ENOSPC as any other does."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import disk_usage
from typing import Self

import pytest

NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")
HOLD = 'mount -t tmpfs -o size="$1" tmpfs "$0" && echo ready && exec cat'
"""In a namespace of its own, which needs no right of root where users may have any; the disk is
gone with the last process of it."""


class SmallDisk:
    """Mounted on ``folder`` while its ``with`` lasts, for processes that are started ``within``.

    Skips the test where the system allows no namespaces of users.
    """

    def __init__(self, folder: Path, octets: int) -> None:
        self.folder = folder
        self._octets = octets

    def __enter__(self) -> Self:
        self._holder = subprocess.Popen(
            [*NAMESPACE, "sh", "-c", HOLD, str(self.folder), str(self._octets)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._holder.stdout is not None
        if self._holder.stdout.readline() != b"ready\n":
            self.__exit__()
            pytest.skip("this system lets nobody mount a small disk in a namespace of their own")
        return self

    def __exit__(self, *_: object) -> None:
        self._holder.communicate(timeout=10)

    @property
    def within(self) -> list[str]:
        return [
            "nsenter",
            f"--target={self._holder.pid}",
            "--user",
            "--mount",
            "--preserve-credentials",
        ]

    @contextmanager
    def filled(self, leave: int) -> Iterator[None]:
        """By something else, up to so many octets."""
        filler = self.inside / "filler"
        filler.write_bytes(bytes(max(disk_usage(self.inside).free - leave, 0)))
        try:
            yield
        finally:
            filler.unlink()

    @property
    def inside(self) -> Path:
        """The disk as those see it who are not within."""
        return Path(f"/proc/{self._holder.pid}/root{self.folder}")
