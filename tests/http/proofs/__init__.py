"""Proofs over HTTP: of an event, of a stop, and the signed tree itself."""
