"""Add new entries to the tree and sign it; never a history other than the one signed before."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache

from engine.ports.errors import StoreError, StoreUnavailable, WithoutEntries
from engine.ports.log import Entry, Log
from engine.ports.maintenance import Counted
from engine.ports.store import Store
from engine.proof.errors import (
    AnotherHistory,
    AnotherOrigin,
    ProofError,
    SecretMissing,
    TilesDiffer,
)
from engine.proof.notes import (
    ANY_KEY,
    Checkpoint,
    Note,
    NoteError,
    NotSigned,
    Signer,
    Verifies,
    key_of,
    signed,
    unverified,
)
from engine.proof.ports import Cosigners, Tiles
from engine.proof.records import commitment, envelope_key
from engine.proof.tiles import WIDTH, Edge, Tile, nodes
from events.recorded import Envelope

AT_ONCE = 5_000
"""Entries read at a time."""
OTHER_HISTORY = "its checkpoint is of another history"
"""The reason for which a store is fenced."""

Progress = Callable[[int], None]


class Tally:
    """Counts the entries read up to the last event; they are those that begin at or before its
    position."""

    def __init__(self) -> None:
        self.position = 0
        self._envelopes = self._since = 0
        self._last: tuple[str, str] | None = None

    def add(self, entry: Entry) -> None:
        envelope = entry.envelope.workspace, entry.envelope.command_id
        self._since += envelope != self._last
        self._last = envelope
        if entry.row is not None:
            self.position, self._envelopes = entry.row[0], self._envelopes + self._since
            self._since = 0

    @property
    def counted(self) -> Counted:
        return Counted(self.position, self._envelopes)


class Commitments:
    """The commitments to a log's entries, 32 octets each, in order."""

    def __init__(
        self,
        store: Store,
        secret: Callable[[str], bytes],
        see: Callable[[Entry], object] = lambda _entry: None,
    ) -> None:
        """``see`` is called with each entry."""
        self._log, self._see = store, see
        self._secret = lru_cache(maxsize=10_000)(secret)
        self._tally = Tally()

    def between(self, size: int, until: int) -> Iterator[bytes]:
        """The commitments to the entries from ``size`` up to, but not including, ``until``."""
        while size < until:
            entries = self._log.entries(size - 1, min(AT_ONCE, until - size))
            if not entries:
                return
            yield from self.of(entries)
            size += len(entries)

    def surplus(self) -> bool:
        """Whether the store holds rows beyond the entries read here, if they were read from the
        first one on."""
        return self._log.counted_until(self._tally.position) != self._tally.counted

    def of(self, entries: Sequence[Entry]) -> Iterator[bytes]:
        envelope, key = None, b""
        for each in entries:
            self._tally.add(each)
            self._see(each)
            if each.envelope is not envelope:
                envelope = each.envelope
                key = self.key(envelope)
            yield commitment(key, each)

    def key(self, envelope: Envelope) -> bytes:
        """The key for all entries of the envelope. To show a single entry, show its nonce
        instead."""
        return envelope_key(self._secret(envelope.workspace), envelope)


class Sequencer:
    """Signs a log; only one may run for each tree. Raises ``ProofError``, ``NoteError`` and
    ``StoreError``.

    ``signers`` all sign, under the log's name; one of them must have signed the last checkpoint.
    """

    def __init__(
        self,
        log: Log,
        commitments: Commitments,
        tiles: Tiles,
        signers: Sequence[Signer],
        verifies: Verifies,
        *,
        cosigners: Cosigners | None = None,
    ) -> None:
        self._log = log
        self._commitments = commitments
        self._tiles = tiles
        self._signers = signers
        self._verifies = verifies
        self._cosigners = cosigners

    def advance(
        self, progress: Progress = lambda _entries: None, most: int | None = None
    ) -> Checkpoint:
        """Sign the log as it is now, or at most ``most`` further entries.

        If there are none, the last checkpoint is returned; witnesses that have not cosigned it are
        asked again.
        """
        with self._tiles.alone():
            return self._advance(progress, most)

    def _advance(self, progress: Progress, most: int | None) -> Checkpoint:
        before = self._tiles.checkpoint()
        edge, note = self._edge(before)
        end = self._log.last_entry() + 1
        require_same_history(self._commitments, self._tiles, edge, end)
        end = end if most is None else min(end, edge.size + most)
        if note is None or end != edge.size:
            note = self._grown(edge, end, progress)
        if self._cosigners is not None:
            note = self._cosigners.cosigned(note, nodes(edge.size, self._tiles.read))
        if note != before:
            self._tiles.publish(note)
        return unverified(note)

    def _grown(self, edge: Edge, end: int, progress: Progress) -> str:
        """Write the tiles, and return the signed note."""
        for entry in self._commitments.between(edge.size, end):
            for tile, hashes in edge.add(entry):
                self._tiles.write(tile, hashes)
                progress(edge.size)
        if edge.size != end:
            raise AnotherHistory(found=f"it ends with entry {edge.size - 1}, not {end - 1}")
        for tile, hashes in edge.partial():
            self._tiles.write(tile, hashes)
        self._log.reach_disk()
        tree = Checkpoint(self._signers[0].name, edge.size, edge.root)
        return signed(tree.text, *self._signers)

    def _edge(self, note: str | None) -> tuple[Edge, str | None]:
        """The edge of the tree that was signed last; and its note, if every key has signed it."""
        if note is None:
            return Edge(0, self._tiles.read), None
        origin, name = unverified(note).origin, self._signers[0].name
        if origin != name:
            raise AnotherOrigin(found=origin, expected=name)
        found = Note.of(note)
        by = [found.is_signed_by(key_of(each), self._verifies) for each in self._signers]
        if not any(by):
            raise NotSigned(name=name, keys=ANY_KEY)
        return signed_edge(self._tiles, Checkpoint.of(found.text)), note if all(by) else None


class LastSigned:
    """Implements ``SignedLog`` from the folder, whose signatures are not verified here."""

    def __init__(self, log: Log, commitments: Commitments, tiles: Tiles) -> None:
        self._log = log
        self._commitments = commitments
        self._tiles = tiles

    def lacking(self) -> str | None:
        with suppress(NoteError, ProofError, WithoutEntries):
            return self._lacking(unverified(self._tiles.checkpoint() or ""))
        return None

    def _lacking(self, tree: Checkpoint) -> str | None:
        """Why the store is not what was signed. Damage to the folder is left to its signer to
        report."""
        own, generation = self._log.identity, self._generation(tree)
        if generation < own.generation:
            return None
        if generation > own.generation:
            return f"its checkpoint is of generation {generation}, and it is of {own.generation}"
        try:
            edge, end = signed_edge(self._tiles, tree), self._log.last_entry() + 1
            require_same_history(self._commitments, self._tiles, edge, end)
        except StoreUnavailable:
            raise
        except (AnotherHistory, SecretMissing, StoreError):
            return OTHER_HISTORY
        return None

    def named(self) -> str | None:
        with suppress(NoteError, ProofError):
            tree = unverified(self._tiles.checkpoint() or "")
            return f"{tree.origin}:{tree.size}:{tree.root.hex()}"
        return None

    def generation(self) -> int:
        with suppress(NoteError, ProofError):
            return self._generation(unverified(self._tiles.checkpoint() or ""))
        return 0

    def _generation(self, tree: Checkpoint) -> int:
        *_, store_id, number = "", *tree.origin.split("/")
        own = store_id == self._log.identity.store_id
        return int(number) if own and number.isdecimal() else 0


def signed_edge(tiles: Tiles, tree: Checkpoint) -> Edge:
    """The edge of a signed tree. Raises ``TilesDiffer`` and ``TileMissing``."""
    edge = Edge(tree.size, tiles.read)
    if edge.root != tree.root:
        raise TilesDiffer(entry=tree.size - 1)
    return edge


def require_same_history(commitments: Commitments, tiles: Tiles, edge: Edge, end: int) -> None:
    """Check the last bundle of the signed tree, and that the log has not become shorter.

    Raises ``AnotherHistory``.
    """
    if end < edge.size:
        raise AnotherHistory(found=f"it has {end} entries, of {edge.size} that were signed")
    last = (edge.size - 1) // WIDTH
    signed_ones = edge.entries or (edge.size and tiles.read(Tile(None, last))) or ()
    begin = edge.size - len(signed_ones)
    now = [*commitments.between(begin, edge.size), b""]
    for number, (found, was) in enumerate(zip(now, signed_ones, strict=False), begin):
        if found != was:
            raise AnotherHistory(found=f"entry {number} is another one")
