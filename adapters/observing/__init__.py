"""What the engine reports about its work: metrics, spans and log lines."""
