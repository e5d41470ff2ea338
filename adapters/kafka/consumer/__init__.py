"""A consumer that does every effect once: for this program, and as a library for other services.

It imports nothing of Sendledger's but itself: a service needs kafka-python, and psycopg where its
database is PostgreSQL.
"""
