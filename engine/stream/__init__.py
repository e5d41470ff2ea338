"""What is told of the log to other programs: events by their wire names, never Python classes."""
