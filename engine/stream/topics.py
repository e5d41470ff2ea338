"""The two topics of a store, and how they must be made."""

EVENTS = "sendledger.events"
"""The default; the setting ``kafka_topic`` names another."""
PARTITIONS = 12
"""Fixed at creation: the order within a workspace depends on it."""
CLEANUP_POLICY = "delete"
"""Never compacted: the key is a workspace, which has many records."""
RETENTION_MS = -1
"""For ever: the topic is a copy of the log."""


def refusals_of(topic: str) -> str:
    """The topic for envelopes without events."""
    return f"{topic}.refusals"
