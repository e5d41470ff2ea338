"""What command-line programs share: options, exit codes, tables, and the only way to the screen."""
