"""Adds what came to the tree and signs how far it is; never a history other than the signed one."""

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache

from engine.ports.log import Entry, Log
from engine.ports.maintenance import Counted
from engine.ports.store import Store
from engine.proof.errors import AnotherHistory, AnotherOrigin, TilesDiffer
from engine.proof.notes import Checkpoint, Signer, VerifierKey, Verifies, opened, signed, unverified
from engine.proof.ports import Tiles
from engine.proof.records import commitment, envelope_key
from engine.proof.tiles import WIDTH, Edge, Tile
from events.recorded import Envelope

AT_ONCE = 5_000
"""Entries read at once."""

Progress = Callable[[int], None]


class Tally:
    """What was read up to the last event, which is what begins at or before its position."""

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
    """From entries to the 32 octets of each, in order."""

    def __init__(
        self,
        store: Store,
        secret: Callable[[str], bytes],
        see: Callable[[Entry], object] = lambda _entry: None,
    ) -> None:
        """``see`` hears of each entry."""
        self._log, self._see = store, see
        self._secret = lru_cache(maxsize=10_000)(secret)
        self._tally = Tally()

    def between(self, size: int, until: int) -> Iterator[bytes]:
        """Of the entries from ``size`` on, up to and without ``until``."""
        while size < until:
            entries = self._log.entries(size - 1, min(AT_ONCE, until - size))
            if not entries:
                return
            yield from self.of(entries)
            size += len(entries)

    def surplus(self) -> bool:
        """Does the store hold more than all that was read here, from the first entry on?"""
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
        """Of all entries of the envelope: who is to see one is shown that one's nonce instead."""
        return envelope_key(self._secret(envelope.workspace), envelope)


class Sequencer:
    """One at a time for each tree. Raises ``ProofError``, ``NoteError`` and ``StoreError``."""

    def __init__(
        self,
        log: Log,
        commitments: Commitments,
        tiles: Tiles,
        signer: Signer,
        verifies: Verifies,
    ) -> None:
        self._log = log
        self._commitments = commitments
        self._tiles = tiles
        self._signer = signer
        self._verifies = verifies

    def advance(
        self, progress: Progress = lambda _entries: None, most: int | None = None
    ) -> Checkpoint:
        """Sign the log as it is now, or ``most`` entries further than it was signed.

        The checkpoint of before, if nothing came.
        """
        with self._tiles.alone():
            return self._advance(progress, most)

    def _advance(self, progress: Progress, most: int | None) -> Checkpoint:
        edge, last = self._edge()
        end = self._log.last_entry() + 1
        self._require_same_history(edge, end)
        end = end if most is None else min(end, edge.size + most)
        if last is not None and end == edge.size:
            return last
        for entry in self._commitments.between(edge.size, end):
            for tile, hashes in edge.add(entry):
                self._tiles.write(tile, hashes)
                progress(edge.size)
        if edge.size != end:
            raise AnotherHistory(found=f"it ends with entry {edge.size - 1}, not {end - 1}")
        for tile, hashes in edge.partial():
            self._tiles.write(tile, hashes)
        self._log.reach_disk()
        found = Checkpoint(self._signer.name, edge.size, edge.root)
        self._tiles.publish(signed(found.text, self._signer))
        return found

    def _edge(self) -> tuple[Edge, Checkpoint | None]:
        """What was signed last, and only that."""
        note = self._tiles.checkpoint()
        if note is None:
            return Edge(0, self._tiles.read), None
        key = VerifierKey(self._signer.name, self._signer.public)
        origin = unverified(note).origin
        if origin != key.name:
            raise AnotherOrigin(found=origin, expected=key.name)
        last = Checkpoint.of(opened(note, key, self._verifies))
        edge = Edge(last.size, self._tiles.read)
        if edge.root != last.root:
            raise TilesDiffer(entry=last.size - 1)
        return edge, last

    def _require_same_history(self, edge: Edge, end: int) -> None:
        """The last bundle of the signed tree, and that the log did not become shorter."""
        if end < edge.size:
            told = f"it has {end} entries, of {edge.size} that were signed"
            raise AnotherHistory(found=told)
        last = (edge.size - 1) // WIDTH
        signed_ones = edge.entries or (edge.size and self._tiles.read(Tile(None, last))) or ()
        begin = edge.size - len(signed_ones)
        now = self._commitments.between(begin, edge.size)
        for number, (found, was) in enumerate(zip(now, signed_ones, strict=True), begin):
            if found != was:
                raise AnotherHistory(found=f"entry {number} is another one")
