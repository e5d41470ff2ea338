"""Answers to questions: a recipient's case, what is at stake, why a campaign does not send.

They are read from the views, the log and the aggregates; nothing here decides or records anything.
"""
