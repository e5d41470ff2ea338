"""Proof that the history was not changed: a Merkle tree over all entries, and signed notes."""
