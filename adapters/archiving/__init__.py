"""A topic's events as Parquet files by day, written by a consumer group (docs/archive.md)."""
