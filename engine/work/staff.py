"""People who sign in: who they are, what they may do, and their sessions on the server.

A session is 256 random bits in the person's browser; only a digest of them is stored here. It ends
when it has not been used for a while, after half a day, when the person signs out, and when their
account is changed or removed.
"""

import hmac
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import scrypt, sha256
from secrets import token_bytes, token_urlsafe
from threading import BoundedSemaphore
from typing import NamedTuple, Protocol

from engine.work.permissions import AccessError, Caller, Role
from engine.work.secret import Secret

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=12)
SHORTEST_PASSWORD = 12
LONGEST_PASSWORD = 1_000
INVITED_FOR = timedelta(hours=24)
_COST = {"n": 2**14, "r": 8, "p": 1, "maxmem": 2**26}
"""16 MB and about 50 ms for each try."""
_tries = BoundedSemaphore(2)


class StaffNameTaken(AccessError):
    sentence = "There is a member of staff {name} already."


class NoSuchStaff(AccessError):
    sentence = "There is no member of staff {name}."


class PasswordTooShort(AccessError):
    sentence = "A password has {least} to {most} characters."


class Member(NamedTuple):
    name: str
    role: Role
    workspace: str | None
    """The only workspace that this person may access; None for all."""
    password: str | None = None
    """The password's salt and digest; None for a person who has yet to be invited, or signs in
    elsewhere."""

    @property
    def caller(self) -> Caller:
        return Caller(f"staff:{self.name}", self.role, self.workspace)


class Session(NamedTuple):
    name: str
    began_at: datetime
    seen_at: datetime


class Staff(Protocol):
    def add(self, member: Member) -> None:
        """Add the member. Raises ``StaffNameTaken``."""
        ...

    def change(self, member: Member) -> None:
        """Ends the person's sessions. Raises ``NoSuchStaff``."""
        ...

    def remove(self, name: str) -> None:
        """Ends the person's sessions. Raises ``NoSuchStaff``."""
        ...

    def member(self, name: str) -> Member | None: ...

    def all(self) -> Sequence[Member]:
        """All members, sorted by name."""
        ...

    def invite(self, digest: str, name: str, until: datetime) -> None:
        """Store a link with which the person can set a password, once; it replaces an earlier
        link."""
        ...

    def invited(self, digest: str, now: datetime) -> str | None:
        """The name of the person whose link it is; None if the link is no longer valid."""
        ...

    def accept(self, digest: str, password: str, now: datetime) -> str | None:
        """Use the link up and set the person's password, in one transaction. Ends the person's
        sessions."""
        ...

    def begin(self, digest: str, session: Session) -> None: ...

    def session(self, digest: str) -> Session | None: ...

    def seen(self, digest: str, at: datetime) -> None: ...

    def end(self, digest: str) -> None: ...

    def end_all(self, name: str) -> None: ...


class SignIns:
    """Signing in and out. Safe to share between threads."""

    def __init__(self, staff: Staff) -> None:
        self._staff = staff

    def by_password(self, name: str, password: str, now: datetime) -> Secret | None:
        """A new session; None if name and password do not match, which takes just as long."""
        member = self._staff.member(name)
        kept = member.password if member and member.password else _NOBODYS
        return self.begin(name, now) if fits(password, kept) and member else None

    def begin(self, name: str, now: datetime) -> Secret:
        made = token_urlsafe(32)
        self._staff.begin(digest_of(made), Session(name, now, now))
        return Secret(made)

    def who(self, session: str, now: datetime) -> Member | None:
        """The member whose session it is; None if the session is over."""
        digest = digest_of(session)
        found = self._staff.session(digest)
        if found is None:
            return None
        if now - found.seen_at > IDLE or now - found.began_at > LONGEST:
            self._staff.end(digest)
            return None
        if now - found.seen_at > timedelta(minutes=1):
            self._staff.seen(digest, now)
        return self._staff.member(found.name)

    def vouched_for(self, member: Member, now: datetime) -> Secret:
        """A new session for somebody who signed in with another program, which says what they may
        do."""
        known = self._staff.member(member.name)
        if known is None:
            self._staff.add(member)
        elif known != member:
            self._staff.change(member)
        return self.begin(member.name, now)

    def end(self, session: str) -> None:
        self._staff.end(digest_of(session))

    def end_all(self, name: str) -> None:
        self._staff.end_all(name)

    def invite(self, name: str, now: datetime) -> Secret:
        made = token_urlsafe(32)
        self._staff.invite(digest_of(made), name, now + INVITED_FOR)
        return Secret(made)

    def invited(self, link: str, now: datetime) -> str | None:
        return self._staff.invited(digest_of(link), now)

    def accept(self, link: str, password: str, now: datetime) -> Secret | None:
        """Set the password and begin a session; None if the link is no longer valid.

        Raises ``PasswordTooShort``.
        """
        if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
            raise PasswordTooShort(least=SHORTEST_PASSWORD, most=LONGEST_PASSWORD)
        name = self._staff.accept(digest_of(link), kept_form(password), now)
        return self.begin(name, now) if name else None


def digest_of(token: str) -> str:
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def csrf_of(session: str) -> str:
    """The token that forms of the session carry, so that no other site can send them."""
    return sha256(b"csrf:" + session.encode("utf-8", "surrogatepass")).hexdigest()[:32]


def kept_form(password: str) -> str:
    salt = token_bytes(16)
    return f"{salt.hex()}${_digest(password, salt).hex()}"


def fits(password: str, kept: str) -> bool:
    salt, _, digest = kept.partition("$")
    return hmac.compare_digest(_digest(password, bytes.fromhex(salt)).hex(), digest)


def _digest(password: str, salt: bytes) -> bytes:
    octets = password[: LONGEST_PASSWORD + 1].encode("utf-8", "surrogatepass")
    with _tries:
        return scrypt(octets, salt=salt, **_COST)


_NOBODYS = f"{'00' * 16}${'00' * 64}"
"""Matches no password."""
