"""Doors over HTTP, by Starlette: so far, links by which owners reconnect their mailboxes."""
