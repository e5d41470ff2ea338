"""Reactions: process managers, which turn events into commands, and timers, which are data.

Pure: they look at the workspace through ``Workspace`` and do nothing themselves. The engine decides
what they ask for at once, in the same transaction, until nothing more follows.
"""
