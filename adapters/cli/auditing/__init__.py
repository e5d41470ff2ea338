"""The auditor's tools behind ``replay.py``, a module per question. Only ``rebuild`` writes."""
