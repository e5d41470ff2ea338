"""What doors for people share: options, exit codes, tables, and the one way out to a screen."""
