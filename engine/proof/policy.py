"""Which cosignatures a checkpoint needs: a policy in the format of C2SP's tlog-policy."""

import re
from collections.abc import Iterator, Mapping, Sequence, Set
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from engine.proof.errors import ProofError
from engine.proof.notes import (
    ANY_KEY,
    ED25519_COSIGNATURE,
    ML_DSA_44,
    NotANote,
    Note,
    NotSigned,
    VerifierKey,
    Verifies,
    unverified,
)

NONE = "none"
"""The quorum that asks for no witness."""
_CONTROL = re.compile(r"[^\t -\x7e\x80-\U0010ffff]")


class PolicyUnreadable(ProofError):
    sentence = "The policy {policy} cannot be used: {problem}."


class NoQuorum(ProofError):
    sentence = (
        "The checkpoint over {size} entries lacks the quorum of the policy: {missing} did not "
        "cosign it. Ask for a later one, or why they refused."
    )


class Witness(NamedTuple):
    name: str
    """The name in the policy; it is used nowhere else."""
    key: VerifierKey
    url: str | None


class Group(NamedTuple):
    """A group of which a given number of members must cosign."""

    least: int
    members: Sequence[str]


class Policy(NamedTuple):
    logs: Sequence[VerifierKey]
    witnesses: Mapping[str, Witness]
    groups: Mapping[str, Group]
    quorum: str

    @classmethod
    def of(cls, text: str, policy: str) -> "Policy":
        """Parse a policy. Raises ``PolicyUnreadable``, which names it as ``policy``."""
        reading = _Reading()
        for number, line in enumerate(text.split("\n"), 1):
            try:
                reading.line(line)
            except (ValueError, NotANote) as error:
                problem = f"line {number}: {str(error).rstrip('.')}"
                raise PolicyUnreadable(policy=policy, problem=problem) from None
        if reading.quorum is None:
            raise PolicyUnreadable(policy=policy, problem="it has no line with the quorum")
        return cls(reading.logs, reading.witnesses, reading.groups, reading.quorum)

    def cosigned_by(self, note: str, verifies: Verifies) -> Set[str]:
        """Raises ``NotANote``."""
        found = Note.of(note)
        each_ = self.witnesses.values()
        return {each.name for each in each_ if found.is_signed_by(each.key, verifies)}

    def is_reached(self, cosigned: Set[str]) -> bool:
        return self._is_reached(self.quorum, {*cosigned, NONE})

    def require_signed(self, note: str, verifies: Verifies) -> None:
        """Check that one of the policy's logs signed the note, if it names any. Raises
        ``NotSigned`` and ``NotANote``."""
        found, name = Note.of(note), unverified(note).origin
        own = [each for each in self.logs if each.name == name]
        if self.logs and not any(found.is_signed_by(each, verifies) for each in own):
            raise NotSigned(name=name, keys=ANY_KEY)

    def require_quorum(self, note: str, verifies: Verifies) -> None:
        """Check that a quorum cosigned the note. Raises ``NoQuorum`` and ``NotANote``."""
        cosigned = self.cosigned_by(note, verifies)
        if not self.is_reached(cosigned):
            missing = ", ".join(each for each in self.witnesses if each not in cosigned)
            raise NoQuorum(size=unverified(note).size, missing=missing)

    def _is_reached(self, name: str, cosigned: Set[str]) -> bool:
        group = self.groups.get(name)
        if group is None:
            return name in cosigned
        return sum(self._is_reached(each, cosigned) for each in group.members) >= group.least


class _Reading:
    """Reads a policy line by line. Raises ``ValueError`` and ``NotANote`` for an invalid line."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, Witness] = {}
        self.groups: dict[str, Group] = {}
        self.quorum: str | None = None
        self._members: set[str] = set()

    def line(self, line: str) -> None:
        if _CONTROL.search(line):
            raise ValueError("it has control characters")
        match [each for each in re.split(r"[ \t]+", line) if each]:
            case []:
                pass
            case [first, *_] if first.startswith("#"):
                pass
            case ["log", key] | ["log", key, _]:
                self.logs.append(self._new_key(key))
            case ["witness", name, key, *url] if len(url) <= 1:
                self._witness(name, self._new_key(key), *url)
            case ["group", name, least, *members] if members:
                self._require_new(name)
                self.groups[name] = Group(_least(least, len(members)), [*self._free(members)])
            case ["quorum", name] if self.quorum is None:
                if name != NONE:
                    self._require_known(name)
                self.quorum = name
            case _:
                raise ValueError("it is no log, witness, group or the one quorum")

    def _witness(self, name: str, key: VerifierKey, url: str | None = None) -> None:
        self._require_new(name)
        if key.algorithm not in {ED25519_COSIGNATURE, ML_DSA_44}:
            raise ValueError(f"the key of {name} is none for cosignatures")
        if url is not None and not _may_be_asked(url):
            raise ValueError(f"{name} can be asked by https, or by http on this machine alone")
        self.witnesses[name] = Witness(name, key, url)

    def _new_key(self, text: str) -> VerifierKey:
        found = VerifierKey.of(text)
        known = (*self.logs, *(each.key for each in self.witnesses.values()))
        if found.public in {each.public for each in known}:
            raise ValueError("its key stands in a line before")
        return found

    def _free(self, members: Sequence[str]) -> Iterator[str]:
        """The members; each may belong to one group only."""
        for each in members:
            self._require_known(each)
            if each in self._members:
                raise ValueError(f"{each} is a member already")
            self._members.add(each)
            yield each

    def _require_new(self, name: str) -> None:
        if name == NONE or name in self.witnesses or name in self.groups:
            raise ValueError(f"the name {name} is taken")

    def _require_known(self, name: str) -> None:
        if name not in self.witnesses and name not in self.groups:
            raise ValueError(f"nobody is called {name} before")


def _least(text: str, members: int) -> int:
    number = int(text) if re.fullmatch("[1-9][0-9]{0,3}", text) else 0
    least = {"any": 1, "all": members}.get(text, number)
    if not 1 <= least <= members:
        raise ValueError(f"of {members} there cannot be {text}")
    return least


def _may_be_asked(url: str) -> bool:
    parts = urlsplit(url)
    if not parts.hostname or parts.username is not None or parts.query or parts.fragment:
        return False
    try:
        is_here = parts.hostname == "localhost" or ip_address(parts.hostname).is_loopback
    except ValueError:
        is_here = False
    return parts.scheme == "https" or (parts.scheme == "http" and is_here)
