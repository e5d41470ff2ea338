"""The shipped views in another database, kept by a consumer group (docs/stream.md)."""
