"""What runs: use cases over ports. What the world must provide stands in ``ports``."""
