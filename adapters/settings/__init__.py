"""What an operator may set: a file, variables, and how both are read."""
