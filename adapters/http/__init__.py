"""HTTP, by Starlette: the pages of links by which owners reconnect their mailboxes."""
