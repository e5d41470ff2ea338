"""Views rebuilt beside the ones in use, by several processes."""
