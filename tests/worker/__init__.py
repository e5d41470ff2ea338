"""The doors to the world, opened from outside: the server and the command line."""
