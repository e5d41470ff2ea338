"""The machine: lock, settle, decide, react, append; projections in pages; settings.

Knows the four pure rooms by their public shapes and the world only through the ports it declares
here. Products (SQLite, PostgreSQL, Kafka, mail) live in ``adapters``.
"""
