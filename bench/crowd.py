"""What a store process holds when 1,000 workspaces with 1,000 recipients each are warm."""

import json
import resource
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from tempfile import TemporaryDirectory

from adapters.stores.sqlite import SQLiteStore
from aggregates.campaign.commands import ImportRecipients
from bench.ours import CAMPAIGN, START, Ledger
from engine.engine import Engine
from engine.ports.clock import ManualClock

WORKSPACES, EACH = 1_000, 1_000
AGGREGATES = 10_000
"""A campaign, two accounts and two slots of each workspace, and room for more."""
UNBOUND, BOUND = 2_000_000, 100_000


def crowd() -> dict[str, float]:
    """Resident megabytes beyond a process that is in no workspace, and the most recipients held."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "ledger.db"
        clock = ManualClock(START)
        with closing(SQLiteStore(path, clock)) as store:
            engine = Engine(store, cache_size=AGGREGATES)
            for workspace in _workspaces():
                Ledger(store, clock, workspace, engine).campaign(EACH)
        none = _megabytes(path, 0, UNBOUND)
        return {
            "warm_mb": _megabytes(path, WORKSPACES, UNBOUND) - none,
            "bound_mb": _megabytes(path, WORKSPACES, BOUND) - none,
        }


def _workspaces(count: int = WORKSPACES) -> list[str]:
    return [f"w{number:04}" for number in range(count)]


def _megabytes(path: Path, workspaces: int, people: int) -> float:
    command = [sys.executable, "-m", "bench.crowd", str(path), str(workspaces), str(people)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return float(json.loads(done.stdout))


def _resident(path: Path, workspaces: int, people: int) -> float:
    """Somebody joins each campaign, which was decided then and stays in memory."""
    with closing(SQLiteStore(path, ManualClock(START))) as store:
        engine = Engine(store, cache_size=AGGREGATES, cache_people=people)
        for workspace in _workspaces(workspaces):
            joining = ImportRecipients(campaign_id=CAMPAIGN, recipient_ids=(f"late-{people}",))
            engine.execute(workspace, joining, command_id=f"late-{people}", actor="user:bench")
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    where, many, bound = sys.argv[1:]
    sys.stdout.write(json.dumps(_resident(Path(where), int(many), int(bound))))
