"""Foreign text, made fit for one line: of a header, of a screen, of a letter."""

import re

LONGEST = 200
"""Characters; a mailbox has at most 254 octets, and nobody reads a longer name in a subject."""

_UNTIDY = re.compile(r"^ | $|  |=\?")


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text without line ends, control, direction and surrogate characters, shortened.

    What is left can end no header, start no line and hide nothing; nor can it be an encoded word
    (RFC 2047), which ``email.message`` would decode again, line ends and all.
    """
    if len(text) <= longest and (
        text.isalnum() or (text.isprintable() and not _UNTIDY.search(text))
    ):
        return text
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(printable.split()).replace("=?", "= ?")
    return line if len(line) <= longest else line[: longest - 1] + "…"
