"""Tiles in a folder, and the key that signs checkpoints."""
