"""The use cases, written over ports. What the outside world must provide is in ``ports``."""
