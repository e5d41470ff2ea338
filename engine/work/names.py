"""Names that users give to campaigns, slots and workspaces. Existing names stay usable.

Invisible characters, and those that change the direction of text, are not allowed in a name: two
names could look alike, and a screen would not show what is there.
"""

import unicodedata

LONGEST = 200
"""Characters."""
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of control, format and direction characters, of surrogates, private and
unassigned code points, and of line separators."""


def name_problem(name: str) -> str | None:
    """What is wrong with a new name, in words that follow it; None if nothing is."""
    if not name:
        return "is empty"
    if len(name) > LONGEST:
        return f"is longer than {LONGEST} characters"
    if name != name.strip():
        return "begins or ends with a blank"
    for char in name:
        if unicodedata.category(char) in INVISIBLE:
            told = unicodedata.name(char, f"U+{ord(char):04X}")
            return f"has a character that cannot be seen: {told}"
    if not unicodedata.is_normalized("NFC", name):
        return "is not in Unicode's composed form (NFC)"
    return None
