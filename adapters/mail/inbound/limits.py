"""How much of a message is looked at. What lies beyond is ignored."""

from engine.work.inbound import OCTETS

MESSAGE = OCTETS
HEADERS = 131_072
"""Octets in one block of headers."""
VALUE = 16_384
"""Characters in one header: the first half of them from its beginning, the rest from its end."""
VALUES = 50
"""Headers of one name."""
SHOWN = 1_000
"""Characters in a decoded header: a subject, a name with its address."""
IDS = 100
"""Message-IDs in one header: the first and the last ones of References."""
DEPTH = 8
"""Levels of parts within parts."""
PARTS = 64
"""Parts in a message, and in any part of it."""
TEXT = 65_536
"""Octets of one part that are decoded."""
LINES = 2_000
LINE = 1_000
"""Characters in a line of text."""
BLOCKS = 100
"""Recipients in one delivery report."""
