"""Files that a command writes: complete or not at all, and never at the expense of another file."""

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from errno import EEXIST
from pathlib import Path
from typing import IO


class OutputFileError(Exception):
    """An output cannot be written, or must not be.

    ::

        OutputFileError
        ├── OutputRefused      nothing was written: it is in use, or exists already
        └── CannotWriteOutput  the system says why
    """


class OutputRefused(OutputFileError):
    pass


class CannotWriteOutput(OutputFileError):
    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}.")


def require_free(out: Path, *, in_use: Iterable[Path], force: bool) -> None:
    """Raises ``OutputRefused`` for a path that must not be written.

    ``in_use``: files that are in use meanwhile, never to be replaced under any name. ``force``: any
    other existing file may be replaced.
    """
    for used in in_use:
        if _same(out, used):
            raise OutputRefused(f"{out} is in use by this command, as {used}. Name another file.")
    if not os.path.lexists(out):
        return
    if not _target(out).is_file():
        raise OutputRefused(f"{out} is there and is no file that could be replaced.")
    if not force:
        raise OutputRefused(f"{out} is there already. Name another file, or use --force.")


def unused(out: Path) -> Path:
    """The path, or the first free one with a number in its name: for a name that nobody chose."""
    number, free = 2, out
    while os.path.lexists(free):
        free = out.with_name(f"{out.stem}-{number}{out.suffix}")
        number += 1
    return free


@contextmanager
def appearing(out: Path, *, force: bool, even_if_empty: bool = True) -> Iterator[IO[bytes]]:
    """A file that takes its name once it is complete; any error leaves no file.

    Without ``force``, a file that has appeared there meanwhile stays. Raises ``CannotWriteOutput``.
    """
    target = _target(out)
    partial = target.with_name(f".{target.name}.{os.getpid()}.partial")
    try:
        with partial.open("xb") as file:
            yield file
            empty = file.tell() == 0
        if even_if_empty or not empty:
            _take_name(partial, target, force=force)
    except OSError as error:
        raise CannotWriteOutput(out, error) from error
    finally:
        with suppress(OSError):
            partial.unlink()


def _take_name(partial: Path, target: Path, *, force: bool) -> None:
    if not force:
        with suppress(PermissionError, NotImplementedError):  # the file system has no hard links
            target.hardlink_to(partial)
            return
        if os.path.lexists(target):
            raise FileExistsError(EEXIST, os.strerror(EEXIST))
    partial.replace(target)


def _target(path: Path) -> Path:
    """Where links lead, even if nothing is there."""
    return Path(os.path.realpath(path))


def _same(one: Path, other: Path) -> bool:
    """Whether both are one file: by a link, or by case if that makes no difference."""
    with suppress(OSError):
        return one.samefile(other)
    return _target(one) == _target(other) or _one_folder_one_name(_target(one), _target(other))


def _one_folder_one_name(one: Path, other: Path) -> bool:
    """Whether names of files that do not exist yet are the same; case counts as no difference."""
    if one.name.casefold() != other.name.casefold():
        return False
    with suppress(OSError):
        return one.parent.samefile(other.parent)
    return False
