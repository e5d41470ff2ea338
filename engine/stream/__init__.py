"""What of the log is published to other programs: events by their wire names, never Python
classes."""
