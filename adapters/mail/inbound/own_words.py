"""What the sender of a message wrote himself, without quotes and without what his device adds."""

import re
from collections.abc import Sequence
from html import unescape

from adapters.mail.inbound.parts import Part
from adapters.mail.inbound.phrases import DEVICE, QUOTED, plain

_QUOTED = re.compile(QUOTED, re.MULTILINE)
_SIGNATURE = re.compile(r"^-- ?$", re.MULTILINE)
_DEVICE = re.compile(DEVICE)
_HTML_QUOTE = re.compile(
    r"<blockquote|class=\"?(gmail_quote|yahoo_quoted|moz-cite-prefix|protonmail_quote)"
    r"|id=\"?(appendonsend|divRplyFwdMsg|mail-editor-reference)",
    re.IGNORECASE,
)
_HIDDEN = re.compile(r"<(style|script|head)\b")
_BREAK = re.compile(r"<(?:br|/?(?:p|div|tr|li|h\d|table))\b[^<>]{0,500}>", re.IGNORECASE)
_TAG = re.compile(r"<[^<>]{0,1000}>")


def text_of(leaves: Sequence[Part]) -> str:
    """The first plain text, else the first HTML as text; empty if there is neither.

    Without either, the octets of a part that claims to have parts are read as text if its boundary
    occurs nowhere in it.
    """
    for each in leaves:
        if each.kind == "text/plain" and (text := each.text()).strip():
            return text
    html = next((each for each in leaves if each.kind == "text/html"), None)
    if html is not None:
        return _from_html(html.text())
    return next((each.text() for each in leaves if each.kind.startswith("multipart/")), "")


def own_words(text: str) -> str:
    """The sender's words in ``plain`` letters: without quoted lines, everything after the beginning
    of a quote, a signature, and what a device adds."""
    lines = [line for line in plain(text).split("\n") if not line.lstrip().startswith((">", "|"))]
    unquoted = _QUOTED.split("\n".join(lines), maxsplit=1)[0]
    unsigned = _SIGNATURE.split(unquoted, maxsplit=1)[0]
    kept = (line for line in unsigned.split("\n") if not _DEVICE.match(line.strip()))
    return "\n".join(kept).strip()


def _from_html(html: str) -> str:
    quote = _HTML_QUOTE.search(html)
    if quote:
        html = html[: html.rfind("<", 0, quote.start() + 1)]
    shown = _TAG.sub(" ", _BREAK.sub("\n", _without_hidden(html)))
    lines = (" ".join(line.split()) for line in unescape(shown).split("\n"))
    return "\n".join(lines)


def _without_hidden(html: str) -> str:
    """The HTML without style sheets and scripts."""
    shown, at, lower = [], 0, html.lower()
    while hidden := _HIDDEN.search(lower, at):
        shown.append(html[at : hidden.start()])
        at = lower.find(f"</{hidden[1]}", hidden.end())
        if at < 0:
            return " ".join(shown)
    return " ".join([*shown, html[at:]])
