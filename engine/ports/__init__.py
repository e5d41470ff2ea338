"""What the engine needs of the world: the log, transactions, the schedule, maintenance, views.

Nothing here knows a product. ``store`` is the four that one product implements together.
"""
