"""Names that people give: of campaigns, slots and workspaces. Names that exist stay usable.

What cannot be seen, or turns a line around, has no place in a name: two names would look alike, and
a screen would not show what is there.
"""

import unicodedata

LONGEST = 200
"""Characters."""
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Unicode's categories of controls, of format and direction characters, of what is no character,
and of line ends."""


def name_problem(name: str) -> str | None:
    """What is wrong with a new name, to stand after it; None when nothing is."""
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
