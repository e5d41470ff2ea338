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
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from pathlib import Path
from shutil import copytree, ignore_patterns
from tempfile import TemporaryDirectory
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
PATCHES = Path(__file__).parent / "planted"
COPIED = ("events", "aggregates", "processors", "projections", "engine", "adapters", "tests")
STEPS = 70
"""Items of each plan: short ones find most bugs sooner."""
SQLITE = "a/adapters/stores/sqlite/"
"""What a patch names that only the embedded store can show."""
VIOLATION = re.compile(r"VIOLATED after item \d+: (.*)")
SEED = re.compile(r"^seed (\S+): hash", re.MULTILINE)
PROCESSOR = re.compile(r"([\d.]+) s of processor time")


class Found(NamedTuple):
    """``violation`` is empty where nothing was found."""

    name: str
    violation: str
    seed: str
    seconds: float
    """Of processor time, where the run came to tell it."""

    def __str__(self) -> str:
        where = f"seed {self.seed}: {self.violation}" if self.violation else "NOT FOUND"
        return f"{self.name}: {self.seconds:.0f} s, {where}"[:200]


def patches() -> list[Path]:
    return sorted(PATCHES.glob("*.patch"))


@contextmanager
def planted(patch: Path) -> Iterator[Path]:
    """A copy of the tree with the bug in it."""
    with TemporaryDirectory() as folder:
        tree = Path(folder)
        for each in COPIED:
            copytree(ROOT / each, tree / each, ignore=ignore_patterns("node_modules"))
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
        command = [sys.executable, "-m", "tests.simulation", seed]
        command += ["--store", store, "--processes", "1", "--steps", str(STEPS)]
        told = subprocess.run(
            [*command, "--until-found", "--minutes", str(minutes)],
            cwd=tree,
            check=False,
            capture_output=True,
            text=True,
        )
    return _told(patch.stem, told.stdout, told.stderr, time.monotonic() - began)


def _told(name: str, out: str, errors: str, seconds: float) -> Found:
    found, seed, processor = (each.search(out) for each in (VIOLATION, SEED, PROCESSOR))
    violation = found[1] if found else errors.strip().rpartition("\n")[2]
    return Found(
        name, violation, seed[1] if seed else "", float(processor[1]) if processor else seconds
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.planting")
    parser.add_argument("names", nargs="*", help="of patches; all unless some are named")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each")
    parser.add_argument("--seed", default="1", help="the first, of each")
    parser.add_argument("--together", type=int, default=1, help="so many at a time")
    given = parser.parse_args()
    known = {each.stem: each for each in patches()}
    chosen = [known[each] for each in given.names] if given.names else [*known.values()]
    found = 0
    with ThreadPoolExecutor(given.together) as pool:
        hunts = [pool.submit(hunted, each, given.minutes, given.seed) for each in chosen]
        for each in as_completed(hunts):
            found += bool(each.result().violation)
            print(each.result(), flush=True)
    print(f"{found} of {len(chosen)} found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
