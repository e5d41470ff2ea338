"""Figures as ratios: ours beside the stock library's, measured in one run on one machine.

``make bench`` prints the table; ``python -m bench NAME …`` only some rows. Never a timed test: a
ratio says something on any machine, a time only on this one.
"""
