"""HTTP, by Starlette: the pages on which owners reconnect mailboxes and recipients unsubscribe."""
