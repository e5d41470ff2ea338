"""A mail world on loopback: SMTP, IMAP and an OAuth provider that fail on command.

For tests, for the demo and for trying things out; it is no mail server for mail that matters.
Everything is kept in memory, and gone when the sandbox ends. It needs the extra ``sandbox``.
"""
