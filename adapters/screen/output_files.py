"""Files that a command writes: whole or not at all, and never at the expense of another file."""

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
        ├── OutputRefused      nothing was begun: it is in use, or there already
        └── CannotWriteOutput  the system says why
    """


class OutputRefused(OutputFileError):
    pass


class CannotWriteOutput(OutputFileError):
    def __init__(self, path: Path, error: OSError) -> None:
        super().__init__(f"{path} cannot be written: {error.strerror or error}.")


def require_free(out: Path, *, in_use: Iterable[Path], force: bool) -> None:
    """Raise ``OutputRefused`` for a path that must not be written.

    ``in_use``: files that are read or worked on meanwhile, never to be replaced by whatever name.
    ``force``: another file that is there may be replaced.
    """
    for used in in_use:
        if _same(out, used):
            raise OutputRefused(f"{out} is {used}, which is in use. Name another file.")
    if not os.path.lexists(out):
        return
    if not _target(out).is_file():
        raise OutputRefused(f"{out} is there and is no file that could be replaced.")
    if not force:
        raise OutputRefused(f"{out} is there already. Name another file, or use --force.")


def unused(out: Path) -> Path:
    """The path, or with a number in its name the first that is free: for a name nobody chose."""
    number, free = 2, out
    while os.path.lexists(free):
        free = out.with_name(f"{out.stem}-{number}{out.suffix}")
        number += 1
    return free


@contextmanager
def appearing(out: Path, *, force: bool, even_if_empty: bool = True) -> Iterator[IO[bytes]]:
    """A file that takes its name once it is whole; whatever goes wrong leaves none.

    Without ``force`` one that came there meanwhile stays. Raises ``CannotWriteOutput``.
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
        with suppress(PermissionError, NotImplementedError):  # where there are no hard links
            target.hardlink_to(partial)
            return
        if os.path.lexists(target):
            raise FileExistsError(EEXIST, os.strerror(EEXIST))
    partial.replace(target)


def _target(path: Path) -> Path:
    """Where links lead, also one that leads to nothing."""
    return Path(os.path.realpath(path))


def _same(one: Path, other: Path) -> bool:
    """By whatever name: a link, or other letters where those make no difference."""
    with suppress(OSError):
        return one.samefile(other)
    return _target(one) == _target(other) or _one_folder_one_name(_target(one), _target(other))


def _one_folder_one_name(one: Path, other: Path) -> bool:
    """For names that stand for no file yet: their case is held to make no difference."""
    if one.name.casefold() != other.name.casefold():
        return False
    with suppress(OSError):
        return one.parent.samefile(other.parent)
    return False
