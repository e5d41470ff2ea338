"""The Merkle tree over the log: what it proves, and that it finds what was changed."""
