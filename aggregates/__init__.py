"""Rules: ``decide(state, command) -> events | Rejected`` and ``evolve(state, event) -> state``.

They are pure: the time, and what an aggregate must know of its neighbours, come with the command.
"""
