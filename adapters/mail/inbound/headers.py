"""A block of headers, read leniently: whatever it contains, nothing is raised."""

import re
from email import policy
from email.errors import HeaderParseError
from email.header import decode_header
from email.parser import BytesHeaderParser

from adapters.mail.inbound import limits
from adapters.mail.inbound.charsets import decoded
from engine.work.inbound import comparable, message_of

OWN_ID = "x-sendledger-id"
"""Our own header, which no server rewrites: the Message-ID's part left of the ``@`` (M2)."""
ID_HEADERS = (
    *("message-id", OWN_ID, "x-microsoft-original-message-id", "x-google-original-message-id"),
)
"""The headers in which a message of ours gives its id."""
RETURNED_ID_HEADERS = ("x-original-message-id", "x-cm-original-message-id")
"""The headers in which a report names the message that it is about."""

_PARSER = BytesHeaderParser(policy=policy.compat32)
_END = re.compile(rb"\r?\n[ \t]*\r?\n|\r\r")
_ADDRESS = re.compile(r"[^\s<>()\[\],;:\"@\\]{1,64}@[^\s<>()\[\],;:\"@\\]{1,253}")
_ANGLED = re.compile(rf"<\s{{0,9}}({_ADDRESS.pattern})\s{{0,9}}>")
_QUOTED = re.compile(r"\"(?:[^\"\\]|\\.){0,500}\"")
_ID = re.compile(r"[^\s<>,;\"()]{1,998}")
_PARAMETER = re.compile(
    r";\s{0,9}([A-Za-z-]{1,40})\s{0,9}=\s{0,9}(?:\"([^\"]{0,200})|([^\s;\"]{1,200}))"
)


class Headers:
    """Headers by name. ``octets`` may continue after the block; ``body_at`` says where."""

    def __init__(self, octets: bytes, limit: int = limits.HEADERS) -> None:
        octets = octets[:limit]
        end = _END.search(octets)
        self.body_at = end.end() if end else len(octets)
        block = octets[: end.start() + 1] if end else octets
        if block[:1] in {b"\n", b"\r"}:
            self.body_at, block = 1, b""
        self._values: dict[str, list[str]] = {}
        for name, value in _PARSER.parsebytes(block).raw_items():
            values = self._values.setdefault(name.lower(), [])
            if len(values) < limits.VALUES:
                values.append(_shortened(str(value)))

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def raw(self, name: str) -> str:
        """The first value under that name, which is in lower case; empty if there is none."""
        return self._values.get(name, [""])[0].strip()

    def token(self, name: str) -> str:
        """The first word of a value in lower case, without parameters and comments."""
        word = re.match(r"\s*([\w.-]{1,80})", re.sub(r"\([^()]{0,200}\)", " ", self.raw(name)))
        return word[1].lower() if word else ""

    def text(self, name: str) -> str:
        """A value for people: encoded words decoded (RFC 2047), on one line."""
        value = self.raw(name)[: limits.SHOWN]
        if "=?" not in value:
            return " ".join(_eight_bit(value).split())
        try:
            pieces = decode_header(value)
        except (HeaderParseError, ValueError):
            return " ".join(_eight_bit(value).split())
        words = (each if isinstance(each, str) else decoded(each, set_) for each, set_ in pieces)
        return " ".join("".join(words).split())

    def addresses(self, *names: str) -> list[str]:
        """The addresses in these headers, normalised for comparison, without the names."""
        values = [value for name in names for value in self._values.get(name, ())]
        return [found for value in values for found in addresses(value)]

    def sender(self) -> str:
        """The address in From; empty if there is none."""
        return next(iter(self.addresses("from")), "")

    def ids(self, *names: str) -> list[str]:
        """The ids in these headers, in order: the parts of Message-IDs left of the ``@``."""
        values = [value for name in names for value in self._values.get(name, ())]
        found = [message_of(each) for value in values for each in _ID.findall(value)]
        if len(found) > limits.IDS:
            found = [*found[: limits.IDS // 2], *found[-limits.IDS // 2 :]]
        return [each for each in found if each]

    @property
    def content_type(self) -> str:
        return self.raw("content-type").partition(";")[0].strip().lower() or "text/plain"

    def parameter(self, name: str) -> str:
        """A parameter of Content-Type; empty if it is absent."""
        value = self.raw("content-type")[: limits.SHOWN * 2]
        for found in _PARAMETER.finditer(value):
            if found[1].lower() == name:
                return found[2] or found[3] or ""
        return ""


def _shortened(value: str) -> str:
    """The beginning and the end of a value: the last ids in References are the closest ones."""
    half = limits.VALUE // 2
    return value if len(value) <= limits.VALUE else f"{value[:half]} {value[-half:]}"


def addresses(text: str) -> list[str]:
    """The addresses in angle brackets, or else whatever looks like one; normalised."""
    text = _eight_bit(text[: limits.VALUE])
    unquoted = _QUOTED.sub(" ", text)
    found = _ANGLED.findall(unquoted) or _ADDRESS.findall(unquoted) or _ADDRESS.findall(text)
    return [comparable(each.strip(".'")) for each in found]


def all_addresses(text: str) -> list[str]:
    """Whatever looks like an address in a text; normalised."""
    return [comparable(each.strip(".'")) for each in _ADDRESS.findall(text)]


def _eight_bit(value: str) -> str:
    if value.isascii():
        return value
    return decoded(value.encode("utf-8", "surrogateescape"), None)
