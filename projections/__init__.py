"""Answers: each projection answers the one question its docstring asks.

Pure ``key`` and ``evolve`` over recorded facts; thrown away and rebuilt at will.
"""
