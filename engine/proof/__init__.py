"""Proof that the history is the one that was: a Merkle tree over all entries, and signed notes."""
