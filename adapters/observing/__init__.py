"""What the engine tells of its work, as figures, spans and lines."""
