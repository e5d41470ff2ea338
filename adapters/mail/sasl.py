"""What XOAUTH2 and PLAIN send to log in, before base64."""

from engine.work.secret import Secret


def xoauth2(user: str, token: Secret) -> str:
    return f"user={user}\1auth=Bearer {token.reveal()}\1\1"


def plain(user: str, password: Secret) -> str:
    """What PLAIN sends (RFC 4616)."""
    return f"\0{user}\0{password.reveal()}"
