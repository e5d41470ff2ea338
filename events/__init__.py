"""Facts: what has happened, in the past tense, immutable, one module per aggregate.

Nothing here decides or does anything. Every other room may import this one; it imports none.
"""
