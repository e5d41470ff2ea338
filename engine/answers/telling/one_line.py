"""Text from outside, made fit for one line of a header, a screen or a letter."""

LONGEST = 200
"""Characters; an address has at most 254 octets, and a longer name is no use in a subject."""


def one_line(text: str, longest: int = LONGEST) -> str:
    """The text without line ends, control, direction and surrogate characters, shortened.

    The result cannot end a header, start a line or hide anything; nor can it be an encoded word
    (RFC 2047), which ``email.message`` would decode again, including its line ends.
    """
    if len(text) <= longest and (text.isalnum() or (text.isprintable() and not _is_untidy(text))):
        return text
    printable = "".join(char if char.isprintable() else " " for char in text)
    line = " ".join(printable.split()).replace("=?", "= ?")
    return line if len(line) <= longest else line[: longest - 1] + "…"


def _is_untidy(text: str) -> bool:
    return "  " in text or "=?" in text or text != text.strip(" ")
