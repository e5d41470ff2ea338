"""How a recipient unsubscribes: a link for one click (RFC 8058), and the subject of an email.

Both end with a token that only we can make and read: workspace, campaign and recipient, sealed by
AES-SIV. It reveals nothing, and the same message has the same one for ever. It is valid for as long
as its key exists.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NoBase64
from collections.abc import Callable
from functools import cached_property
from urllib.parse import quote

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV

from engine.work.letters import Unsubscribing
from engine.work.secret import Secret
from engine.work.unsubscribe import Subscriber

UNSUBSCRIBE = "/unsubscribe/"
PURPOSE = b"sendledger unsubscribe"
LONGEST = 2_000
"""Characters of a token; ours have about a hundred."""


class UnsubscribeLinks:
    """Makes and reads links. ``key`` gives the key of all links when needed; the key used here
    derives from it.

    ``public_url`` is the installation's HTTPS address, or None if it has none.
    """

    def __init__(self, key: Callable[[], Secret], public_url: str | None = None) -> None:
        self._key = key
        self._public_url = public_url and public_url.rstrip("/")

    def ways(self, who: Subscriber, mailbox: str) -> Unsubscribing:
        """Link and subject for one recipient. ``mailbox``: the account's address, whose inbox is
        read. Raises ``VaultError``."""
        token = self.token(who)
        mailto = f"mailto:{quote(mailbox, safe='@')}?subject=unsubscribe%20{token}"
        https = f"{self._public_url}{UNSUBSCRIBE}{token}" if self._public_url else None
        return Unsubscribing(mailto, https)

    def token(self, who: Subscriber) -> str:
        told = json.dumps(who, separators=(",", ":")).encode()
        return urlsafe_b64encode(self._cipher.encrypt(told, [PURPOSE])).decode().rstrip("=")

    def read(self, token: str) -> Subscriber | None:
        """The subscriber; None for a token that we did not make."""
        if not token.isascii() or len(token) > LONGEST:
            return None
        try:
            sealed = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            told = self._cipher.decrypt(sealed, [PURPOSE])
        except (InvalidTag, NoBase64, ValueError):
            return None
        return Subscriber(*json.loads(told))

    def find(self, subject: str) -> Subscriber | None:
        """The subscriber who unsubscribes by this subject; None if it contains no token of ours."""
        return next(filter(None, map(self.read, subject.split()[:20])), None)

    @cached_property
    def _cipher(self) -> AESSIV:
        return AESSIV(hmac.digest(self._key().reveal().encode(), PURPOSE, "sha512"))
