"""Scenarios: stories given to the engine in virtual time (``sendledger simulate``)."""
