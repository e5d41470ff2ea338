"""The auditor's tools behind ``replay.py``: one module a question. All but ``rebuild`` only read."""
