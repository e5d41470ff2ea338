"""Each measure: what it builds, what it times. Run in a process of its own, answers JSON.

Figures are events (or commands) per second unless the name says seconds or bytes.
"""

import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import quantiles
from typing import Any

from adapters.observing.logs import configure_logs
from adapters.settings.model import EngineSettings, LogLevel
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from bench.bare_import import import_all, loop_into_directory, loop_into_plainest
from bench.checks.measures import CHECK_MEASURES
from bench.composing import composing
from bench.crowd import crowd
from bench.http.commands import api_commands_1, api_commands_8
from bench.http.feed import http_feed, http_readers
from bench.http.reads import http_reads
from bench.million import HEARD, RECIPIENTS, million, scan, why
from bench.ours import CAMPAIGN, WORKSPACE, Ledger, accepted, on_file, reserve
from bench.planning import planning
from bench.postgres.measures import POSTGRES_MEASURES
from bench.probing import probe
from bench.programs import ENVIRONMENT
from bench.replay import checked, rebuilt, state_of_one
from bench.sending import SENDING_MEASURES
from bench.stock import StockLedger, in_folder
from bench.stream.measures import STREAM_MEASURES
from bench.timing import spent, timed
from bench.wire import inbox, submission
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.recorded import Recorded
from projections.projection import Projection, RowKey
from projections.shipped import SHIPPED

LARGE = 100_000
Figures = dict[str, float]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        yield Path(name)


def _cold(ledger: Ledger[SQLiteStore]) -> float:
    """Seconds until an engine that knows nothing has the campaign."""
    engine = Engine(ledger.store)

    def load() -> None:
        with engine.look(WORKSPACE) as workspace:
            workspace.campaign(CAMPAIGN)

    return timed(load)


def rebuild() -> Figures:
    """A campaign of 100,000 recipients from 300,000 events."""
    with _folder() as folder:
        ledger = on_file(folder)
        ledger.campaign(LARGE)
        ledger.hear(0, LARGE)
        ours = _cold(ledger)
        stock = StockLedger(in_folder(folder))
        stock.hear(LARGE)
        theirs = timed(lambda: stock.app.repository.get(stock.campaign.id))
    return {"ours": 3 * LARGE / ours, "stock": 3 * LARGE / theirs}


def expiry() -> Figures:
    """100,000 recipients stopped: decided, appended and committed in one transaction."""
    with _folder() as folder:
        ledger = on_file(folder)
        ledger.campaign(LARGE)
        ledger.hear(0, LARGE)
        ledger.fail()
        ledger.let_the_window_pass()
        ours = spent(lambda: ledger.engine.tick(WORKSPACE))
        stock = StockLedger(in_folder(folder))
        stock.saving = stock.processor = 0.0
        stock.stop(LARGE)
    return {
        "ours": LARGE / ours.wall,
        "stock": LARGE / stock.saving,
        "ours_by_processor": LARGE / ours.processor,
        "stock_by_processor": LARGE / stock.processor,
    }


def projections() -> Figures:
    """All shipped projections: from zero, catching up on the last third, and one by one."""
    with _folder() as folder:
        ledger = on_file(folder)
        recipients = 50_000
        ledger.campaign(recipients)
        ledger.hear(0, recipients // 2)
        early = SQLiteViews(ledger.store)
        ProjectionRunner(ledger.store, early, SHIPPED).catch_up()
        seen = ledger.store.last_position()
        ledger.hear(recipients // 2, recipients)
        end = ledger.store.last_position()
        catching_up = timed(lambda: ProjectionRunner(ledger.store, early, SHIPPED).catch_up())
        single = _one_transaction_per_event(ledger, early, end)
        for projection in SHIPPED:
            early.reset(projection)
        rebuilding = timed(lambda: ProjectionRunner(ledger.store, early, SHIPPED).catch_up())
    return {
        "catching_up": (end - seen) / catching_up,
        "rebuild": end / rebuilding,
        "one_transaction_per_event": single,
    }


def _one_transaction_per_event(ledger: Ledger[SQLiteStore], views: Views, end: int) -> float:
    """The same rows, folded and written with the position event by event."""
    count = 1_500
    first = 1_000_000
    ledger.import_more(first, first + count // 3)
    ledger.hear(first, first + count // 3)
    facts = list(decode_page(ledger.store.read(end, count), end))

    def one_by_one() -> None:
        for fact in facts:
            _save_one(views, fact)

    return len(facts) / timed(one_by_one)


def _save_one(views: Views, fact: Recorded) -> None:
    changes: dict[Projection, dict[RowKey, Any]] = {projection: {} for projection in SHIPPED}
    for projection, rows in changes.items():
        if type(fact.event) in projection.watches:
            key = projection.key(fact)
            rows[key] = projection.evolve(views.fetch(projection, [key]).get(key), fact)
    views.save(changes, dict.fromkeys(SHIPPED, fact.position - 1), fact.position)


def recipient_why() -> Figures:
    """Seconds of `why` of one of 400,000 recipients, stopped or pending, and of a scan."""
    return _seconds("why_s", why)


def replay_state() -> Figures:
    """Seconds of `state` of one of 400,000 recipients, stopped or pending, and of a scan."""
    return _seconds("state_s", state_of_one)


def replay_rebuild() -> Figures:
    """All views from zero on 1,000,000 events, and a scan of the log beside it, events/s."""
    return _speed("rebuild", rebuilt)


def replay_check() -> Figures:
    """Every rule held to 1,000,000 events, and a scan of the log beside it, events/s."""
    return _speed("check", checked)


def _seconds(name: str, asking: Callable[[Path, int], Callable[[], None]]) -> Figures:
    """The longest of some recipients, and of a scan, on 1,000,000 events."""
    with _folder() as folder:
        path = million(folder)
        numbers = (0, HEARD // 2, HEARD - 1, HEARD, RECIPIENTS - 1)
        longest = max(timed(asking(path, number)) for number in numbers)
        return {name: longest, "scan_s": timed(scan(path))}


def _speed(name: str, work: Callable[[Path], Callable[[], None]]) -> Figures:
    with _folder() as folder:
        path = million(folder)
        scanning = timed(scan(path))
        return {name: 1_000_000 / timed(work(path)), "scan": 1_000_000 / scanning}


def commands() -> Figures:
    """Milliseconds of one command on a warm campaign, at three sizes."""
    figures: Figures = {}
    for size in (1_000, 10_000, LARGE):
        with _folder() as folder:
            ledger = on_file(folder)
            ledger.campaign(size)
            figures |= {f"{name}_{size}": each for name, each in _latencies(ledger).items()}
    return figures


def _latencies(ledger: Ledger[SQLiteStore]) -> Figures:
    ledger.ask(reserve(0))
    times = []
    for number in range(500):
        for command in (accepted(number), reserve(number + 1)):
            begin = time.perf_counter()
            ledger.ask(command)
            times.append((time.perf_counter() - begin) * 1000)
    centiles = quantiles(times, n=100)
    return {"p50_ms": centiles[49], "p95_ms": centiles[94]}


def cold() -> Figures:
    """Seconds until a cold engine has a campaign of 100,000: with a snapshot, and without."""
    with _folder() as folder:
        ledger = on_file(folder, snapshot_every=20_000)
        ledger.campaign(LARGE)
        ledger.hear(0, LARGE)
        with_snapshot = _cold(ledger)
        _forget_snapshots(ledger.store)
        without = _cold(ledger)
    return {"with_snapshot_s": with_snapshot, "without_s": without}


def _forget_snapshots(store: SQLiteStore) -> None:
    with store.writing() as cursor:
        cursor.execute("DELETE FROM snapshots")


def memory() -> Figures:
    """Resident bytes of a process with a campaign of 100,000, beyond one without."""
    with _folder() as folder:
        ledger = on_file(folder, snapshot_every=20_000)
        ledger.campaign(LARGE)
        ledger.hear(0, LARGE)
        ledger.store.close()
        loaded = _resident(folder, load=True)
        empty = _resident(folder, load=False)
    return {"campaign_bytes": loaded - empty, "process_bytes": loaded}


def _resident(folder: Path, *, load: bool) -> int:
    command = [sys.executable, "-m", "bench.measures", "resident", str(folder), str(int(load))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return int(json.loads(done.stdout)["bytes"])


def resident(folder: str, load: str) -> Figures:
    ledger = on_file(Path(folder))
    if int(load):
        with ledger.engine.look(WORKSPACE) as workspace:
            workspace.campaign(CAMPAIGN)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {"bytes": pages * resource.getpagesize()}


def importing() -> Figures:
    """A CSV file of 100,000 rows: ours, from the file to the campaign, and two bare loops.

    Both parse the file and insert row by row in one transaction; one into the directory's own
    table, the other into the plainest with unique addresses. Processor time, ours and theirs.
    """
    with _folder() as folder:
        file = folder / "people.csv"
        with file.open("w", encoding="utf-8") as people:
            people.write("email,first_name,last_name,company\n")
            for number in range(LARGE):
                text = f"p{number}@example{number % 100}.com,First{number},Last{number},Company"
                people.write(f"{text}\n")
        ledger = on_file(folder)
        ledger.campaign(0)
        begin = time.process_time()
        import_all(ledger, file)
        ours = time.process_time() - begin
        begin = time.process_time()
        loop_into_directory(folder / "directory.db", file)
        same_table = time.process_time() - begin
        begin = time.process_time()
        loop_into_plainest(folder / "plainest.db", file)
        plainest = time.process_time() - begin
    return {
        "ours": LARGE / ours,
        "same_table": LARGE / same_table,
        "plainest": LARGE / plainest,
    }


def startup() -> Figures:
    """Seconds of ``sendledger --help``, of ``status`` on a store, and of a bare Python."""
    ours = [sys.executable, "-c", "from adapters.program import main; main()"]
    bare = [sys.executable, "-c", "pass"]
    with tempfile.TemporaryDirectory() as folder:
        store = ("--store", str(Path(folder) / "ledger.db"))
        _run([*ours, "store", "migrate", *store])
        status_s = _fastest([*ours, "status", *store])
    return {"help_s": _fastest([*ours, "--help"]), "status_s": status_s, "python_s": _fastest(bare)}


def _fastest(command: list[str]) -> float:
    """The first run, which may still write byte code, does not count."""
    _run(command)
    return min(timed(lambda: _run(command)) for _ in range(5))


def _run(command: list[str]) -> None:
    subprocess.run(command, capture_output=True, check=True, env=ENVIRONMENT)


MEASURES: dict[str, Callable[[], Figures]] = {
    "rebuild": rebuild,
    "expiry": expiry,
    "projections": projections,
    "recipient_why": recipient_why,
    "replay_state": replay_state,
    "replay_rebuild": replay_rebuild,
    "replay_check": replay_check,
    "commands": commands,
    "cold": cold,
    "memory": memory,
    "crowd": crowd,
    "import": importing,
    "startup": startup,
    "probe": probe,
    "inbox": inbox,
    "submission": submission,
    "composing": composing,
    **SENDING_MEASURES,
    "planning": planning,
    **CHECK_MEASURES,
    **POSTGRES_MEASURES,
    "http_feed": http_feed,
    "http_readers": http_readers,
    "http_reads": http_reads,
    "http_commands": api_commands_1,
    "http_commands_8": api_commands_8,
    **STREAM_MEASURES,
}

if __name__ == "__main__":
    configure_logs(EngineSettings(log_level=LogLevel.WARNING), sys.stderr)
    name, *arguments = sys.argv[1:]
    figures = resident(*arguments) if name == "resident" else MEASURES[name]()
    sys.stdout.write(json.dumps(figures))
