"""What Sendledger knows about an OAuth provider, and its own registration there."""

from typing import NamedTuple

from engine.work.access import Security, Server
from engine.work.secret import Secret

TENANT = "{tenantid}"
"""In Microsoft's issuer, the place of the organisation that the token itself names."""


class Provider(NamedTuple):
    """``scopes`` are asked for; without the ``required`` ones no mail can be read or sent.

    ``identity`` is the claim of an ID token that names the mailbox; ``subject`` are those that
    identify its owner permanently. ``ca_file`` holds the certificates to trust instead of the
    system's.
    """

    name: str
    title: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    issuer: str
    imap: Server
    smtp: Server
    scopes: tuple[str, ...]
    required: tuple[str, ...]
    identity: str
    subject: tuple[str, ...]
    asking: tuple[tuple[str, str], ...] = ()
    """Parameters that are part of every request for consent."""
    client_id: str = ""
    client_secret: Secret | None = None
    ca_file: str | None = None


_GMAIL = "https://mail.google.com/"
_OUTLOOK = (
    "https://outlook.office.com/IMAP.AccessAsUser.All",
    "https://outlook.office.com/SMTP.Send",
)
_ENTRA = "https://login.microsoftonline.com/common"

GOOGLE = Provider(
    name="google",
    title="Google",
    authorization_endpoint="https://accounts.google.com/o/oauth2/v2/auth",
    token_endpoint="https://oauth2.googleapis.com/token",  # noqa: S106 an address
    jwks_uri="https://www.googleapis.com/oauth2/v3/certs",
    issuer="https://accounts.google.com",
    imap=Server("imap.gmail.com", 993, Security.IMPLICIT),
    smtp=Server("smtp.gmail.com", 465, Security.IMPLICIT),
    scopes=("openid", "email", _GMAIL),
    required=(_GMAIL,),
    identity="email",
    subject=("sub",),
    asking=(("access_type", "offline"), ("prompt", "consent")),
)
"""Without ``prompt=consent``, Google gives no second refresh token and does not ask again for boxes
that were left unticked."""

MICROSOFT = Provider(
    name="microsoft",
    title="Microsoft 365",
    authorization_endpoint=f"{_ENTRA}/oauth2/v2.0/authorize",
    token_endpoint=f"{_ENTRA}/oauth2/v2.0/token",
    jwks_uri=f"{_ENTRA}/discovery/v2.0/keys",
    issuer=f"https://login.microsoftonline.com/{TENANT}/v2.0",
    imap=Server("outlook.office365.com", 993, Security.IMPLICIT),
    smtp=Server("smtp.office365.com", 587, Security.STARTTLS),
    scopes=("openid", "email", "profile", "offline_access", *_OUTLOOK),
    required=_OUTLOOK,
    identity="preferred_username",
    subject=("tid", "oid"),
)
"""Its claim ``email`` is set by the owner himself, and proves nothing."""

KNOWN = {each.name: each for each in (GOOGLE, MICROSOFT)}
