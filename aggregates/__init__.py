"""Rules: ``decide(state, command) -> events | Rejected`` and ``evolve(state, event) -> state``.

Pure: time, and what an aggregate must know of its neighbours, come in on the command.
"""
