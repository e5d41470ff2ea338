"""The one voice: a sentence for every fact, notices, and the JSON of every row.

Every door prints what this room says.
"""
