"""Another process on the same store: imports each recipient it is told, answers whom it sees.

``python -m tests.stores.neighbour <store>``, one recipient a line; one process lives, so what it
keeps in memory grows old between two lines.
"""

import sys
from pathlib import Path

from tests.law.story import SPRING, import_recipients
from tests.workplace import ACME, on_file


def main() -> None:
    workplace = on_file(Path(sys.argv[1]), name="neighbour")
    for line in sys.stdin:
        workplace.given(import_recipients(line.strip()))
        with workplace.engine.look(ACME) as workspace:
            seen = sorted(workspace.campaign(SPRING).recipients)
        sys.stdout.write(" ".join(seen) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
