"""The wording of every answer: a sentence for every fact, notices, and the JSON of every row.

All interfaces use the sentences of this package.
"""
