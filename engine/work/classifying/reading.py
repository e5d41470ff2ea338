"""A server's text made readable: decoded, on one line, in lower case, with its code taken out.

Never raises, whatever the text; reads at most ``CAP`` characters of it.
"""

import binascii
import re
import unicodedata
from base64 import b64decode
from html import unescape
from typing import NamedTuple

from engine.work.classifying.evidence import Evidence, Protocol

CAP = 4_000
"""Characters. The longest meaningful answer known has about 900."""

_QUOTED = re.compile(r"""\bb(['"])""")
_IN_PARENTHESES = re.compile(r"^\D{0,60}\((\d{3}), ?['\"]?")
_ESCAPED = re.compile(r"\\u([0-9a-f]{4})", re.IGNORECASE)
_PERCENT = re.compile(r"%([2-7][0-9a-f])", re.IGNORECASE)
_CONTINUED = re.compile(r"(?:\r?\n|\\r\\n|\\n)[2-5]\d\d(?:[ -]|$)(?:[245]\.\d{1,3}\.\d{1,3} ?)?")
_TAG = re.compile(r"<[a-z!/][^<>]{0,300}>", re.IGNORECASE)
_CHALLENGE = re.compile(r"\beyJ[A-Za-z0-9+/]{16,1000}={0,2}")
_NOT_A_WORD = re.compile(r"[\s\x00-\x1f\x7f]+")
_APOSTROPHES = str.maketrans({"\u2019": "'", "\u2018": "'", "\u00a0": " ", "\u2013": "-"})

_SMTP_CODE = re.compile(r"(?:^|[^\d.])(2[1-5]\d|3[35]4|[45]\d\d)(?=[ -]|$)")
_NEAR_THE_START = 60
_ENHANCED = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_IMAP_STATUS = re.compile(r"^(?:[a-z0-9.*+]{1,20} )?(ok|no|bad|bye|preauth)\b")
_IMAP_CODE = re.compile(
    r"\[(unavailable|authenticationfailed|authorizationfailed|expired|privacyrequired|contactadmin"
    r"|noperm|inuse|expungeissued|corruption|serverbug|clientbug|cannot|limit|overquota"
    r"|alreadyexists|nonexistent|webalert|throttled|auth|sys/temp|sys/perm|in-use|login-delay)"
    r"(?: [^\]]{0,300})?\]"
)
_HTTP_STATUS = re.compile(r"^(?:http/[\d.]{1,4} )?([1-5]\d\d)\b")
_OAUTH_ERROR = re.compile(r'"?\berror"?\s?[:=]\s?"?([a-z_]{3,60})\b')


class Reading(NamedTuple):
    """``code`` is the protocol's: ``535 5.7.8``, ``no unavailable``, ``400 invalid_grant``.

    It is empty if no server answered; the text is then that of a library or of the operating
    system.
    """

    text: str
    code: str


def read(evidence: Evidence) -> Reading:
    raw = evidence.text[:CAP]
    if evidence.protocol is Protocol.OAUTH:
        raw = _of_the_web(raw)
    raw = _QUOTED.sub(r"\1", _IN_PARENTHESES.sub(r"\1 ", _CONTINUED.sub(" ", raw)))
    text = folded(raw + _challenges(raw))
    return Reading(text, _CODE[evidence.protocol](text))


def folded(text: str) -> str:
    """The text on one line, in lower case, with compatible forms of letters unified."""
    plain = unicodedata.normalize("NFKC", text.translate(_APOSTROPHES)).casefold()
    return _NOT_A_WORD.sub(" ", plain[:CAP]).strip()


def _of_the_web(raw: str) -> str:
    """HTML without its tags, JSON without its escapes, a query without its percent-encoding."""
    plain = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), raw).replace("\\/", "/")
    plain = plain.replace('\\"', "'")
    plain = _PERCENT.sub(lambda found: chr(int(found[1], 16)), plain)
    return unescape(_TAG.sub(" ", plain)).replace("+", " ")


def _challenges(raw: str) -> str:
    """The text with the base64 decoded that a server sends when it refuses a token (RFC 7628,
    XOAUTH2)."""
    return "".join(f" {_decoded(each)}" for each in _CHALLENGE.findall(raw)[:3])


def _decoded(blob: str) -> str:
    try:
        return b64decode(blob + "=" * (-len(blob) % 4)).decode("utf-8", "replace")
    except (binascii.Error, ValueError):
        return ""


def _smtp(text: str) -> str:
    code = _SMTP_CODE.search(text[:_NEAR_THE_START])
    status = _ENHANCED.search(text)
    return " ".join(found[1] for found in (code, status) if found)


def _imap(text: str) -> str:
    status = _IMAP_STATUS.search(text)
    code = _IMAP_CODE.search(text)
    return " ".join(found[1] for found in (status, code) if found)


def _oauth(text: str) -> str:
    status = _HTTP_STATUS.search(text)
    error = _OAUTH_ERROR.search(text)
    return " ".join(found[1] for found in (status, error) if found)


_CODE = {Protocol.SMTP: _smtp, Protocol.IMAP: _imap, Protocol.OAUTH: _oauth}
