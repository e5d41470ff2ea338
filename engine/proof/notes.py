"""Signed notes and checkpoints of C2SP: a text, and under it who signed it."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from events.errors import ExplainedError

ED25519 = 1
"""The algorithm's octet in key ids and keys."""
_CHECKPOINT = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\n]+)\n(?P<more>([^\n]+\n)*)"
)
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signed>[A-Za-z0-9+/]+={0,2})")


class NoteError(ExplainedError):
    """A note that proves nothing."""


class NotANote(NoteError):
    sentence = "This is no signed note: {found}."


class NotSigned(NoteError):
    sentence = (
        "No signature of {name} under the note is good. It was changed, or it is signed by another "
        "key: compare the key with the one you noted."
    )


class Signer(Protocol):
    """A key that signs; ``public`` is what others check its signatures with."""

    name: str

    @property
    def public(self) -> bytes: ...

    def sign(self, text: bytes) -> bytes: ...


class Verifies(Protocol):
    def __call__(self, public: bytes, signature: bytes, text: bytes) -> bool: ...


class VerifierKey(NamedTuple):
    """As it is handed to auditors: ``NAME+ID+KEY``."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        about = self.name.encode() + b"\n" + bytes([ED25519]) + self.public
        return sha256(about).digest()[:4]

    def __str__(self) -> str:
        key = b64encode(bytes([ED25519]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{key}"

    @classmethod
    def of(cls, text: str) -> "VerifierKey":
        """Raises ``NotANote``."""
        name, _, rest = text.strip().partition("+")
        id_, _, key = rest.partition("+")
        try:
            octets = b64decode(key, validate=True)
        except (Error, ValueError):
            octets = b""
        found = cls(name, octets[1:])
        if octets[:1] != bytes([ED25519]) or len(octets) != 33 or found.id.hex() != id_:
            raise NotANote(found="its key is none of Ed25519, as NAME+ID+KEY")
        return found


class Checkpoint(NamedTuple):
    """What is signed: the tree of ``size`` entries has this root."""

    origin: str
    size: int
    root: bytes
    more: Sequence[str] = ()
    """Further lines."""

    @property
    def text(self) -> str:
        lines = (self.origin, str(self.size), b64encode(self.root).decode(), *self.more)
        return "".join(f"{line}\n" for line in lines)

    @classmethod
    def of(cls, text: str) -> "Checkpoint":
        """Raises ``NotANote``."""
        found = _CHECKPOINT.fullmatch(text)
        root = _decoded(found["root"]) if found else b""
        if found is None or len(root) != sha256().digest_size:
            raise NotANote(found="its lines are no origin, size and root")
        return cls(found["origin"], int(found["size"]), root, (*found["more"].splitlines(),))


def signed(text: str, *signers: Signer) -> str:
    """The note."""
    lines = []
    for each in signers:
        key = VerifierKey(each.name, each.public)
        told = b64encode(key.id + each.sign(text.encode())).decode()
        lines.append(f"— {each.name} {told}\n")
    return f"{text}\n{''.join(lines)}"


def opened(note: str, key: VerifierKey, verifies: Verifies) -> str:
    """The text, if that key signed it. Raises ``NotANote`` and ``NotSigned``.

    Signatures of others are passed over.
    """
    text, blank, signatures = note.rpartition("\n\n")
    if not blank or not signatures.endswith("\n"):
        raise NotANote(found="no signature follows its text")
    text += "\n"
    for line in signatures.removesuffix("\n").split("\n"):
        found = _SIGNATURE.fullmatch(line)
        if found is None:
            raise NotANote(found=f"{line[:60]!r} is no signature")
        octets = _decoded(found["signed"])
        is_ours = (found["name"], octets[:4]) == (key.name, key.id)
        if is_ours and verifies(key.public, octets[4:], text.encode()):
            return text
    raise NotSigned(name=key.name)


def unverified(note: str) -> Checkpoint:
    """What a note says, or its lines alone, whoever signed it. Raises ``NotANote``."""
    return Checkpoint.of(note.partition("\n\n")[0].rstrip("\n") + "\n")


def _decoded(text: str) -> bytes:
    """Nothing for what is no base64, or not as it is written."""
    try:
        octets = b64decode(text, validate=True)
    except (Error, ValueError):
        return b""
    return octets if b64encode(octets).decode() == text else b""
