"""The evidence: every interleaving, random histories and real kills, and the law's invariants."""
