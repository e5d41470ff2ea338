"""Evidence as it is stored (C1): without secrets, of bounded length, under the event's digest.

The digest covers what was classified; the stored text is for people and for newer classifiers.
"""

import json
import re
from hashlib import sha256

from engine.work.classifying.evidence import Evidence
from engine.work.spellings import spellings

KEPT = 8_192
"""Characters kept of a text; a longer one keeps its beginning and its end."""
_END = 1_024
_CUT = "\n[…]\n"
_HIDDEN = "[secret]"

_NAMED = (
    r"(?i:(?P<name>\b(?:(?:refresh|access|id)_token|client_(?:secret|assertion)|assertion|passwd"
    r"|code_verifier|device_code|password|passwort|pass|pwd|secret|api_?key)\b"
    r"[\"']{0,2}\s{0,3}[=:]\s{0,3}[\"']?)(?P<named>[^\s\"'&,;}\]]{3,}))"
)
_CODE = r"(?i:(?P<of_code>\bcode[\"']{0,2}[=:]\s{0,3}[\"']?)(?P<code>[^\s\"'&,;}\]]{10,}))"
_SPOKEN = (
    r"(?i:(?P<word>\b(?:bearer|basic|auth plain|auth login|auth xoauth2|authenticate \S{1,20}) )"
    r"(?P<spoken>(?=\S{0,40}[\d=])[A-Za-z0-9+/=._~-]{8,}))"
)
_LOGIN = (
    r"(?i:(?P<login>\blogin (?:\"[^\"\r\n]{1,256}\"|[^\s@]{1,64}@\S{1,256}) )"
    r"(?P<typed>\"[^\"\r\n]{1,256}\"|\S{1,256}))"
)
_LOOSE = (
    r"(?P<jwt>\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)?)"
    r"|(?P<google>\bya29\.[A-Za-z0-9._-]{8,}|\b1//[A-Za-z0-9_-]{16,}|\bGOCSPX-[A-Za-z0-9_-]{8,})"
    r"|(?P<microsoft>\b(?:0\.A|M\.[CR]\d{1,4}_)[A-Za-z0-9._!*$-]{24,})"
    r"|(?P<blob>(?<![A-Za-z0-9+/=_-])(?!eyJzdGF0dXMi)"
    r"(?:(?=[A-Za-z+/_-]{0,60}\d)[A-Za-z0-9+/_-]{32,}={0,2}|[A-Za-z0-9+/]{10,}={1,2})"
    r"(?![A-Za-z0-9+/=_-]))"
)
"""A server's own challenge, ``{"status…`` in base64, is not a secret."""
_SECRET = re.compile(f"{_NAMED}|{_CODE}|{_SPOKEN}|{_LOGIN}|{_LOOSE}")


def digest(evidence: Evidence) -> str:
    """SHA-256, hexadecimal, of the text and of everything that its meaning depends on (C1)."""
    facts = [
        str(evidence.protocol),
        str(evidence.stage),
        evidence.provider,
        str(evidence.auth),
        evidence.token_fresh,
        evidence.text,
    ]
    told = json.dumps(facts, ensure_ascii=True, separators=(",", ":"))
    return sha256(told.encode("ascii")).hexdigest()


def fit_to_keep(evidence: Evidence, secrets: tuple[str, ...] = ()) -> Evidence:
    """The evidence capped, and without anything that opens a mailbox.

    ``secrets`` are those that were used; a server may have repeated them anywhere and in any
    spelling.
    """
    text = evidence.text
    for each in (spelling for secret in secrets if secret for spelling in spellings(secret)):
        text = text.replace(each, _HIDDEN)
    return evidence._replace(text=scrubbed(_storable(_capped(text))))


def scrubbed(text: str) -> str:
    """The text with passwords, tokens, codes and anything that looks like one hidden."""
    return _SECRET.sub(_without, text)


def _without(found: re.Match[str]) -> str:
    before = found["name"] or found["of_code"] or found["word"] or found["login"] or ""
    return f"{before}{_HIDDEN}"


def _storable(text: str) -> str:
    """The text as every store can hold it: valid Unicode without NUL characters."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8").replace("\0", "\\x00")


def _capped(text: str) -> str:
    if len(text) <= KEPT:
        return text
    return f"{text[: KEPT - _END]}{_CUT}{text[-_END:]}"
