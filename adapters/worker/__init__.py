"""Processes that keep a ledger going: they settle clocks, keep the views, deliver notices.

One serves an embedded store. On PostgreSQL there may be any number, of any mix, started and killed
at will: what one leaves undone another finds.
"""
