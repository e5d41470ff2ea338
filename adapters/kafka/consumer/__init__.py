"""A consumer that has every effect once: for this program, and as a library for other services.

It imports nothing else of Sendledger: a service needs kafka-python, and psycopg if its database is
PostgreSQL.
"""
