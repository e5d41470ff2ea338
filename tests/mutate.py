"""``make mutate``: change each rule and each reaction a little, and see whether a test notices.

Prints the score, killed over all mutants that a test reaches, and exits 1 below the goal. The
survivors are listed by ``mutmut results`` and shown by ``mutmut show NAME``.
"""

import json
import subprocess
import sys
from pathlib import Path

GOAL = 0.97
STATS = Path("mutants/mutmut-cicd-stats.json")


def main() -> int:
    mutmut = [sys.executable, "-m", "mutmut"]
    subprocess.run([*mutmut, "run", *sys.argv[1:]], check=True)
    subprocess.run([*mutmut, "export-cicd-stats"], check=True, stdout=subprocess.DEVNULL)
    stats = json.loads(STATS.read_text())
    killed = stats["killed"] + stats["timeout"]
    made = stats["total"] - stats["skipped"]
    score = killed / made
    sys.stdout.write(f"\n{killed} of {made} mutants killed: {score:.1%}, goal {GOAL:.0%}\n")
    return 0 if score >= GOAL else 1


if __name__ == "__main__":
    sys.exit(main())
