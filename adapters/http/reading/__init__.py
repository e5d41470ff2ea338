"""What can be asked over HTTP: a workspace at a moment, and collections of rows."""
