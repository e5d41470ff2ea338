"""The two topics of a store, and how they must be made."""

EVENTS = "sendledger.events"
"""By default; the setting ``kafka_topic`` names another."""
PARTITIONS = 12
"""Fixed at creation: the order within a workspace rests on it."""
CLEANUP_POLICY = "delete"
"""Never compacted: the key is a workspace, which has many records."""
RETENTION_MS = -1
"""For ever: the topic is a copy of the log."""


def refusals_of(topic: str) -> str:
    """Where the envelopes without events go."""
    return f"{topic}.refusals"
