"""HTTP, by Starlette: pages by which owners reconnect mailboxes and recipients unsubscribe."""
