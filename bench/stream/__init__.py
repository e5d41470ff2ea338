"""Figures of the stream: a real broker and a real PostgreSQL, started for each measure."""
