"""Webhooks: events told to receivers over HTTP."""
