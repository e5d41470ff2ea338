"""The auditor's tools behind ``replay.py``, a module a question. All but ``rebuild`` only read."""
