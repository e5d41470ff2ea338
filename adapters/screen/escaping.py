"""Text from outside, made safe for a terminal: what does not print is shown by its code.

A name may contain escape sequences that set a window's title, direction marks that reverse a line,
or a line end that starts a line of its own.
"""

import unicodedata


def escaped(text: str) -> str:
    """The text on one line: ``\\x1b``, ``\\n`` and ``\\u202e`` stand for what would not be seen."""
    return text if text.isprintable() else "".join(map(_shown, text))


def escaped_json(text: str) -> str:
    """JSON with the same meaning; its own line ends stay."""
    if text.isascii() and "\x7f" not in text:
        return text
    return "\n".join(
        line if line.isprintable() else "".join(map(_in_json, line)) for line in text.split("\n")
    )


def _shown(char: str) -> str:
    return char if _harmless(char) else char.encode("unicode_escape").decode("ascii")


def _in_json(char: str) -> str:
    if _harmless(char):
        return char
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[at : at + 4]}" for at in range(0, len(units), 4))


def _harmless(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) == "Zs"
