"""What the store and its workers survive, each really done to a real server."""
