"""The feed: read by batches, waited for, and followed."""
