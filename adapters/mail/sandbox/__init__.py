"""A mail world on loopback: SMTP, IMAP and an OAuth provider that fail on command.

It is for tests, for the demo and for trying things out, not for mail that matters. Everything is
kept in memory, and is gone when the sandbox ends. It needs the extra ``sandbox``.
"""
