"""The figures of the PostgreSQL store, on a server of their own that really waits for the disk."""
