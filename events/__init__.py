"""Facts: what has happened, in the past tense, immutable, one module per aggregate.

Nothing here decides or does anything. Every other package may import this one; it imports none of
them.
"""
