"""What a server and a client send each other in XOAUTH2."""

import re
from base64 import b64encode
from typing import NamedTuple

REFUSED_TOKEN = b64encode(b'{"status":"400","schemes":"Bearer","scope":"https://mail.google.com/"}')
"""The challenge after a refused token, in Google's words; the client answers it with nothing."""

_SPOKEN = re.compile(rb"user=([^\x01]+)\x01auth=Bearer ([^\x01]+)\x01\x01", re.IGNORECASE)


class Spoken(NamedTuple):
    user: str
    token: str


def read_xoauth2(octets: bytes) -> Spoken | None:
    found = _SPOKEN.fullmatch(octets)
    return Spoken(found[1].decode(), found[2].decode()) if found else None
