"""Where a running program is put together, of what the settings name.

Doors ask for what they need here and never name a product. Products are imported where they are
used: who uses one needs nothing of the others.
"""
