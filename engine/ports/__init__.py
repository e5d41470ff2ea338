"""What the engine needs of the outside world: the log, transactions, the schedule, maintenance,
views.

Nothing here depends on a product. ``store`` combines the first four, which one product implements
together.
"""
