"""The engine: lock, settle, decide, react, append; projections in pages; settings.

It uses the four pure packages by their public interfaces, and the outside world only through the
ports declared here. Products (SQLite, PostgreSQL, Kafka, mail) are in ``adapters``.
"""
