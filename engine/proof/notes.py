"""Signed notes and checkpoints of C2SP: a text, followed by its signatures."""

import re
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

from events.errors import ExplainedError

ED25519, ED25519_COSIGNATURE, ML_DSA_44 = 1, 4, 6
"""The algorithm's octet in key ids and keys. Signatures of the last two also cover a time."""
KEY_OCTETS = {ED25519: 32, ED25519_COSIGNATURE: 32, ML_DSA_44: 1312}
_NAMED = {ED25519: "Ed25519", ED25519_COSIGNATURE: "cosignature/v1", ML_DSA_44: "ML-DSA-44"}
ANY_KEY = "by any key that is known"
_TIME = 8
"""The octets before a cosignature that hold its time, in seconds since 1970."""
_CHECKPOINT = re.compile(
    r"(?P<origin>[^\n]+)\n(?P<size>0|[1-9][0-9]{0,18})\n(?P<root>[^\n]+)\n(?P<more>([^\n]+\n)*)"
)
_SIGNATURE = re.compile(r"— (?P<name>[^\s+]+) (?P<signed>[A-Za-z0-9+/]+={0,2})")


class NoteError(ExplainedError):
    """The note proves nothing."""


class NotANote(NoteError):
    sentence = "This is no signed note: {found}."


class NotSigned(NoteError):
    sentence = (
        "No signature of {name} under the note is good ({keys}). It was changed, or it is signed "
        "by another key: compare the key with the one you noted."
    )


class Signer(Protocol):
    """A key that signs; others verify its signatures with ``public``."""

    name: str

    @property
    def algorithm(self) -> int: ...

    @property
    def public(self) -> bytes: ...

    def sign(self, message: bytes) -> bytes: ...


class Verifies(Protocol):
    """Verifies Ed25519 or ML-DSA-44 signatures, depending on the length of the key."""

    def __call__(self, public: bytes, signature: bytes, message: bytes) -> bool: ...


class VerifierKey(NamedTuple):
    """A verifier key, given to auditors as ``NAME+ID+KEY``."""

    name: str
    public: bytes
    algorithm: int = ED25519

    @property
    def _typed(self) -> bytes:
        return bytes([self.algorithm]) + self.public

    @property
    def id(self) -> bytes:
        return sha256(self.name.encode() + b"\n" + self._typed).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.id.hex()}+{b64encode(self._typed).decode()}"

    @classmethod
    def of(cls, text: str) -> "VerifierKey":
        """Raises ``NotANote``."""
        name, _, rest = text.strip().partition("+")
        id_, _, key = rest.partition("+")
        octets = _decoded(key)
        found = cls(name, octets[1:], next(iter(octets), 0))
        if KEY_OCTETS.get(found.algorithm) != len(found.public) or found.id.hex() != id_:
            known = " or ".join(_NAMED.values())
            raise NotANote(found=f"its key is none of {known}, as NAME+ID+KEY")
        return found

    def message(self, text: str, seconds: int) -> bytes:
        """The octets that are signed for a checkpoint's text. Raises ``OverflowError`` if names are
        too long."""
        match self.algorithm:
            case 4:
                return f"cosignature/v1\ntime {seconds}\n{text}".encode()
            case 6:
                tree = Checkpoint.of(text)
                by = _length_first(self.name) + seconds.to_bytes(8)
                of = _length_first(tree.origin) + bytes(8) + tree.size.to_bytes(8) + tree.root
                return b"subtree/v1\n\0" + by + of
        return text.encode()


class Checkpoint(NamedTuple):
    """The signed statement that the tree of ``size`` entries has this root."""

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


class Note(NamedTuple):
    """A text, and the signature lines under it."""

    text: str
    signatures: Sequence[tuple[str, bytes]]
    """The name of each, and the octets after it: the key's id and the signature."""

    @classmethod
    def of(cls, note: str) -> "Note":
        """Raises ``NotANote``."""
        text, blank, lines = note.rpartition("\n\n")
        if not blank or not lines.endswith("\n"):
            raise NotANote(found="no signature follows its text")
        return cls(f"{text}\n", [*map(_signature, lines.removesuffix("\n").split("\n"))])

    def is_signed_by(self, key: VerifierKey, verifies: Verifies) -> bool:
        """Whether the key signed the note; signatures of other keys are ignored."""
        return any(
            (name, octets[:4]) == (key.name, key.id)
            and _is_good(key, octets[4:], self.text, verifies)
            for name, octets in self.signatures
        )


def key_of(signer: Signer) -> VerifierKey:
    return VerifierKey(signer.name, signer.public, signer.algorithm)


def signed(text: str, *signers: Signer) -> str:
    """The signed note. If the signature covers a time, it is 0: no claim is made about it."""
    lines = []
    for each in signers:
        key = key_of(each)
        time = b"" if each.algorithm == ED25519 else bytes(_TIME)
        told = b64encode(key.id + time + each.sign(key.message(text, 0))).decode()
        lines.append(f"— {each.name} {told}\n")
    return f"{text}\n{''.join(lines)}"


def opened(note: str, keys: Sequence[VerifierKey], verifies: Verifies) -> str:
    """The text, if for each algorithm among the keys at least one of them signed it.

    Raises ``NotANote`` and ``NotSigned``.
    """
    found = Note.of(note)
    for algorithm in dict.fromkeys(each.algorithm for each in keys):
        alike = [each for each in keys if each.algorithm == algorithm]
        if not any(found.is_signed_by(each, verifies) for each in alike):
            raise NotSigned(name=alike[0].name, keys=_NAMED[algorithm])
    return found.text


def unverified(note: str) -> Checkpoint:
    """The checkpoint in a note, or in its lines alone, whoever signed it. Raises ``NotANote``."""
    return Checkpoint.of(note.partition("\n\n")[0].rstrip("\n") + "\n")


def _signature(line: str) -> tuple[str, bytes]:
    found = _SIGNATURE.fullmatch(line)
    if found is None:
        raise NotANote(found=f"{line[:60]!r} is no signature")
    return found["name"], _decoded(found["signed"])


def _is_good(key: VerifierKey, told: bytes, text: str, verifies: Verifies) -> bool:
    time = 0 if key.algorithm == ED25519 else _TIME
    try:
        message = key.message(text, int.from_bytes(told[:time]))
    except (OverflowError, NotANote):
        return False
    return verifies(key.public, told[time:], message)


def _length_first(text: str) -> bytes:
    octets = text.encode()
    return len(octets).to_bytes(1) + octets


def _decoded(text: str) -> bytes:
    """The decoded octets; empty for text that is not base64 in its canonical form."""
    try:
        octets = b64decode(text, validate=True)
    except (Error, ValueError):
        return b""
    return octets if b64encode(octets).decode() == text else b""
