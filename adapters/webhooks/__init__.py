"""Webhooks over HTTP: one request to an address that was checked."""
