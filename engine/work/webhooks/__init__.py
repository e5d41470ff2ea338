"""Webhooks: events of the log, sent over HTTP to those who asked for them (docs/webhooks.md)."""
