"""Deterministic simulation: production code on one virtual clock, drawn faults, and what must hold.

``docs/simulation.md`` says how it works and how to read what it prints.
"""
