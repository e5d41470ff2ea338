"""What stands on the wire: it only grows, and what cannot be read is never skipped."""
