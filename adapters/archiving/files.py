"""Files that appear complete and once: nobody sees a part of one, and nobody replaces one."""

import os
import time
from collections.abc import Callable
from contextlib import suppress
from errno import ENOSYS, EOPNOTSUPP, EPERM
from pathlib import Path
from typing import IO
from uuid import uuid4

from adapters.durable_files import sync_folder
from adapters.kafka.consumer.consumer import Refused

DRAFTS = "_writing"
"""Readers of Parquet skip names that begin with an underscore or have another ending."""
LEFT_OVER = 3600.0
"""Seconds after which a draft is abandoned: its process was killed."""


def publish(root: Path, name: str, write: Callable[[IO[bytes]], object]) -> None:
    """Write ``root/name``, and make it durable.

    The name is taken by a hard link, the single step by which a file appears: of two processes, one
    gets ``FileExistsError``. Raises ``Refused`` and ``OSError``.
    """
    draft, target = root / DRAFTS / uuid4().hex, root / name
    for folder in (draft.parent, target.parent):
        folder.mkdir(exist_ok=True)
    try:
        with draft.open("xb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        _take_name(draft, target)
    finally:
        draft.unlink(missing_ok=True)
    reach_disk(root, target.parent)


def _take_name(draft: Path, target: Path) -> None:
    try:
        target.hardlink_to(draft)
    except OSError as error:
        if error.errno in {EPERM, EOPNOTSUPP, ENOSYS}:
            where = target.parent
            raise Refused(
                f"Nothing is archived: {where} is in a file system without hard links, by which "
                "each file is written once. Name a directory in another one, and copy from there."
            ) from error
        raise


def reach_disk(root: Path, folder: Path) -> None:
    """Make the names in both folders durable; the files' contents are durable already."""
    for each in (folder, root):
        sync_folder(each)


def clear_drafts(root: Path) -> None:
    """Remove drafts that killed processes left."""
    for each in (root / DRAFTS).glob("*"):
        with suppress(FileNotFoundError):
            if each.stat().st_mtime < time.time() - LEFT_OVER:
                each.unlink()
