"""Webhooks: events of the log told to who asked for them, by HTTP (docs/webhooks.md)."""
