"""Reactions: process managers, which turn events into commands, and timers, which are data.

They are pure: they look at the workspace through ``Workspace`` and change nothing. The engine
decides their commands at once, in the same transaction, until nothing more follows.
"""
