"""HTTP, measured over loopback."""
