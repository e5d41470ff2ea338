"""The lines of background checks."""

from bench.ratio import Ratio

CHECKS = (
    Ratio(
        "checks",
        "10,000 accounts checked in 15 minutes, % of a core, embedded",
        "embedded_percent",
        None,
        20,
        at_most=True,
    ),
    Ratio("checks", "the same, PostgreSQL", "postgres_percent", None, 20, at_most=True),
    Ratio(
        "checks",
        "one of them, ms of processor time, over imaplib and smtplib",
        "embedded_ms",
        "plain_ms",
        None,
    ),
    Ratio("checks", "events and envelopes of 500 that pass", "grown", None, 0, at_most=True),
    Ratio(
        "hung",
        "60 checks beside 1,000 of a server that hangs, s, over 60 alone",
        "beside_s",
        "alone_s",
        None,
    ),
    Ratio("hung", "by how many s they are held back", "held_back_s", None, 1, at_most=True),
)
