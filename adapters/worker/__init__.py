"""Processes that keep a store going: they settle clocks, keep the views, deliver notices.

One process serves an embedded store. On PostgreSQL there may be any number, with any roles, started
and killed at will: what one leaves undone, another finds.
"""
