"""The plain text of a letter that is only HTML (inscriptis).

Layout is ignored: a style may ask for a million empty lines, and a table for cells as wide as its
widest.
"""

from inscriptis.css_profiles import STRICT_CSS_PROFILE
from inscriptis.html_engine import Inscriptis
from inscriptis.model.config import ParserConfig
from lxml import etree, html

_TABLES = {"table", "thead", "tbody", "tfoot", "tr", "td", "th", "caption"}
_CONFIG = ParserConfig(css=STRICT_CSS_PROFILE)


def plain_text(source: str) -> str:
    """The text that a reader sees, with the addresses of links after their words."""
    parser = html.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True)
    octets = source.encode("utf-8", "replace")
    try:
        root = html.document_fromstring(octets, parser=parser)
    except etree.ParserError:  # the document is empty
        return ""
    for element in root.iter():
        element.attrib.pop("style", None)
        if element.tag in _TABLES:
            element.tag = "div"
        _tell_address(element)
    lines = Inscriptis(root, _CONFIG).get_text().split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def _tell_address(element: html.HtmlElement) -> None:
    address = element.get("href", "") if element.tag == "a" else ""
    words = element.text_content().strip() if address else ""
    if address.startswith(("https://", "http://")) and words and words != address:
        element.tail = f" ({address}){element.tail or ''}"
