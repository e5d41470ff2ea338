"""How a workspace's mail goes out and comes in; one worker at a time does it (M2-M5)."""
