"""The lines of the stream."""

from bench.ratio import Ratio

STREAM = (
    Ratio(
        "stream_relay",
        "a stored log told, events/s, over kafka-python's bare producer",
        "relay",
        "bare",
        0.7,
    ),
    Ratio("stream_seen", "commit to seen, p50 ms", "p50_ms", None, 30, True),
    Ratio("stream_seen", "the same, p99 ms", "p99_ms", None, 150, True),
    Ratio("stream_seen", "the same, p50 ms, over bare transactions", "p50_ms", "bare_p50_ms", None),
    Ratio("stream_seen", "the same, p99 ms, likewise", "p99_ms", "bare_p99_ms", None),
    Ratio(
        "stream_writers", "8 writers beside a relay, over none", "beside", "alone", None
    ),
    Ratio("stream_writers", "what it costs, relay and broker apart, %", "cost", None, 5, True),
    Ratio("stream_writers", "the same, all on the same processors, %", "shared_cost", None, None),
    Ratio("stream_project", "views elsewhere, 1 process, over the store's", "by_1", "own", None),
    Ratio("stream_project", "2 processes over 1", "by_2", "by_1", None),
    Ratio("stream_project", "4 processes over 1", "by_4", "by_1", None),
    Ratio("stream_recovery", "recovery, over reading the topic", "recovered", "read", None),
)  # fmt: skip
