"""The figures of the HTTP API, on a PostgreSQL server of its own that really waits for the disk."""
