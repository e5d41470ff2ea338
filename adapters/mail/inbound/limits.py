"""How much of one message is looked at. What lies beyond is as if it were not there."""

from engine.work.inbound import OCTETS

MESSAGE = OCTETS
HEADERS = 131_072
"""Octets of one block of headers."""
VALUE = 16_384
"""Characters of one header: half of them its first, half its last."""
VALUES = 50
"""Headers of one name."""
SHOWN = 1_000
"""Characters of a header that is decoded: a subject, a name with its address."""
IDS = 100
"""Message-IDs of one header: the first and the last of References."""
DEPTH = 8
"""Parts within parts."""
PARTS = 64
"""Parts of a message, and of any part of it."""
TEXT = 65_536
"""Octets of one part that are decoded."""
LINES = 2_000
LINE = 1_000
"""Characters of one line of text."""
BLOCKS = 100
"""Recipients of one delivery report."""
