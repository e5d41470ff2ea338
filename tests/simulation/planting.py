"""``python -m tests.simulation.planting``: are planted bugs found, and how fast?

Each patch of ``planted`` is applied to a copy of the tree, in which the simulation then runs until
it finds something or its minutes are over.
"""

import argparse
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "planted"
COPIED = ("events", "aggregates", "processors", "projections", "engine", "adapters", "tests")
SQLITE = "a/adapters/stores/sqlite/"
"""What a patch names that only the embedded store can show."""
VIOLATION = re.compile(r"VIOLATED after item \d+: (.*)")


class Found(NamedTuple):
    """``violation`` is empty where nothing was found."""

    name: str
    violation: str
    seconds: float


def patches() -> list[Path]:
    return sorted(PATCHES.glob("*.patch"))


@contextmanager
def planted(patch: Path) -> Iterator[Path]:
    """A copy of the tree with the bug in it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for each in COPIED:
            copytree(
                ROOT / each, tree / each, ignore=ignore_patterns("__pycache__", "node_modules")
            )
        applied(patch, tree)
        yield tree


def applied(patch: Path, tree: Path, *more: str) -> None:
    """Raises ``CalledProcessError`` for one that does not fit any more."""
    command = ["patch", "-p1", "--fuzz=0", "--quiet", "--input", str(patch), *more]
    subprocess.run(command, cwd=tree, check=True, stdout=subprocess.DEVNULL)


def hunted(patch: Path, minutes: float, seed: str = "1") -> Found:
    began = time.monotonic()
    with planted(patch) as tree:
        store = "sqlite" if SQLITE in patch.read_text() else "memory"
        command = [sys.executable, "-m", "tests.simulation", seed, "--until-found"]
        command += ["--store", store]
        told = subprocess.run(
            [*command, "--minutes", str(minutes)],
            cwd=tree,
            check=False,
            capture_output=True,
            text=True,
        )
    found = VIOLATION.search(told.stdout)
    violation = found[1] if found else told.stderr.strip().rpartition("\n")[2]
    return Found(patch.stem, violation, time.monotonic() - began)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planting")
    parser.add_argument("names", nargs="*", help="of patches; all unless some are named")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each")
    given = parser.parse_args()
    chosen = [each for each in patches() if not given.names or each.stem in given.names]
    missed = 0
    for patch in chosen:
        found = hunted(patch, given.minutes)
        missed += not found.violation
        print(f"{found.name}: {found.seconds:.0f} s, {found.violation or 'NOT FOUND'}"[:160])
        sys.stdout.flush()
    print(f"{len(chosen) - missed} of {len(chosen)} found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
