"""Consent and tokens, at the sandbox's provider and at scripted ones."""
