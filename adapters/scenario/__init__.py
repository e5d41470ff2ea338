"""Scenarios: stories told to the engine in virtual time (``sendledger simulate``)."""
