"""The lines of the PostgreSQL store."""

from bench.ratio import Ratio


def _processor(name: str, ours: str, beside: str) -> tuple[Ratio, Ratio]:
    """What a commit takes of processors: of the program's, and of the server's."""
    what = "the same, processor µs a commit"
    return (
        Ratio(name, f"{what}, client", f"{ours}_client_us", f"{beside}_client_us", None),
        Ratio(name, f"{what}, server", f"{ours}_server_us", f"{beside}_server_us", None),
    )


POSTGRES = (
    Ratio("pg_writes_1", "PostgreSQL, 1 writer, one event per commit", "recorder", "stock", 2.5),
    Ratio("pg_writes_1", "the same, commands through the engine", "engine", "stock", 2),
    *_processor("pg_writes_1", "engine", "stock"),
    Ratio("pg_writes_1", "the same, beside Message DB", "engine", "message_db", None),
    Ratio("pg_writes_1", "the same, beside Emmett", "engine", "emmett", None),
    *(
        line
        for name, disk, threads, processes in (
            ("pg_writes_8", "", 4.5, 2),
            ("pg_writes_8_slow", ", a disk of 2 ms", 4, 4),
        )
        for line in (
            Ratio(name, f"8 workspaces, threads on one engine{disk}", "threads", "stock", threads),
            *_processor(name, "threads", "stock_threads"),
            Ratio(name, "the same, beside Message DB", "threads", "message_db", None),
            Ratio(name, "the same, 8 processes", "processes", "stock", processes),
            *_processor(name, "processes", "stock_processes"),
            Ratio(name, "the same, beside Message DB", "processes", "message_db", None),
        )
    ),
    Ratio("pg_tail", "positions missed by a reader behind 8 writers", "missed", None, 0, True),
    Ratio("pg_tail", "of so many events", "events", None, None),
    Ratio("pg_expiry", "PostgreSQL, expiry with 100,000 at stake, events/s", "ours", "stock", 4),
    Ratio("pg_expiry", "the same, over a raw COPY of the same rows", "ours", "copy", 0.6),
    Ratio(
        "pg_beside_expiry",
        "a command beside it, p99 ms, over quiet",
        "p99_ms",
        "quiet_p99_ms",
        None,
    ),
    Ratio("pg_beside_expiry", "the same, the slowest, ms", "max_ms", "quiet_max_ms", None),
    Ratio("pg_projections", "PostgreSQL, all projections catching up", "catching_up", "stock", 20),
    Ratio("pg_projections", "the same, from zero", "from_zero", "stock", None),
    Ratio(
        "pg_rebuild", "recipient status of 1,000,000 events, 2 processes", "rebuild", "stock", 80
    ),
    Ratio("pg_rebuild", "the same, over COPY out and decode", "rebuild", "scan", None),
    Ratio(
        "pg_visible",
        "commit to visible, p50 ms, over the stock wait()",
        "p50_ms",
        "stock_p50_ms",
        None,
    ),
    Ratio("pg_visible", "the same, p99 ms", "p99_ms", "stock_p50_ms", None),
    Ratio(
        "pg_clocks", "a look at 1,000,000 clocks, ms, over 1,000", "many_ms", "few_ms", 1.5, True
    ),
    Ratio(
        "pg_clocks", "60,000 clocks due at once, over plain commands", "settled", "commands", 0.5
    ),
    Ratio(
        "pg_state_at", "state of a recipient at T, s, over a scan", "recipient_s", "scan_s", None
    ),
    Ratio("pg_state_at", "of a campaign of 1,000 at T, s, likewise", "few_s", "scan_s", None),
    Ratio(
        "pg_state_at", "of a campaign of 100,000 at T, s, likewise", "campaign_s", "scan_s", None
    ),
    Ratio(
        "pg_proof", "log held against a checkpoint, events/s, over a scan", "verified", "scan", 0.3
    ),
    Ratio("pg_proof", "log signed from nothing, likewise", "signed", "scan", None),
    Ratio("pg_proof_writers", "8 writers beside a worker that signs", "beside", "alone", None),
    Ratio("pg_proof_writers", "what it costs, the worker apart, %", "cost", None, 5, True),
    Ratio("pg_proof_writers", "the same, on the same processors, %", "shared_cost", None, None),
)
