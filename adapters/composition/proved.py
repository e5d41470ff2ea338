"""What others can verify of a store: one stop, or one event, by the checkpoint of its tiles."""

from pathlib import Path
from typing import NamedTuple, Self

from adapters.composition.proofs import commitments_of
from adapters.proof.folder import TileFolder
from adapters.stores.opening import Opened
from engine.answers.history import History
from engine.audit.event_index import Places
from engine.audit.source import Source
from engine.audit.stop_case import rests_on, stop_case, told
from engine.ports.log import Entry
from engine.proof.case_file import CaseFile, ProvedEvent, Prover, SignedEvents
from engine.proof.errors import AnotherOrigin, NoProofFolder, NotAsSigned, NotSignedYet
from engine.proof.notes import Checkpoint, unverified
from engine.proof.tiles import nodes
from engine.stream.feed import entry_of

HOW_TO_VERIFY = (
    "Verify the file offline, with the verifier key and a checkpoint that you have from elsewhere: "
    "sendledger-replay verify FILE --key KEY --checkpoint NOTED."
)
HOW_TO_VERIFY_A_CASE = (
    f"{HOW_TO_VERIFY} Or with verify_case.py in the place of the command: one page of Python's "
    "standard library, for who installs nothing."
)


class Proofs(NamedTuple):
    """By the checkpoint that the folder has when it is asked, whoever signs on meanwhile.

    Everything here raises ``ProofError`` and ``NoteError``.
    """

    opened: Opened
    tiles: TileFolder

    @classmethod
    def of(cls, opened: Opened, folder: Path | None) -> Self:
        if folder is None:
            raise NoProofFolder
        return cls(opened, TileFolder(folder))

    def case(self, about: tuple[str, str, str], noted: Checkpoint | None = None) -> CaseFile:
        """``about``: workspace, campaign and recipient. ``noted``: from which the log has grown."""
        note, prover = self._signed()
        log, views, workspace = self.opened.store, self.opened.views, about[0]
        places, end = Places(Source(log, views), workspace), self._last_position(prover.tree)
        history = History(log, lambda *of: [e for e in places(*of) if e <= end], workspace)
        case = stop_case(history, *about)
        entries = [self._entry(each.position) for each in rests_on(case, history)]
        return CaseFile(
            sendledger_case=1,
            case=told(case, workspace),
            checkpoint=note,
            since=prover.since(noted) if noted else None,
            events=self._proved(prover, *entries),
        )

    def event(
        self, workspace: str, position: int, noted: Checkpoint | None = None
    ) -> SignedEvents | None:
        """None where the workspace has no event at the position."""
        note, prover = self._signed()
        if not 0 < position <= self.opened.store.last_position():
            return None
        entry = self._entry(position)
        if entry.envelope.workspace != workspace:
            return None
        if entry.number >= prover.tree.size:
            raise NotSignedYet(what=f"The event at position {position}", size=prover.tree.size)
        since = prover.since(noted) if noted else None
        return SignedEvents(checkpoint=note, since=since, events=self._proved(prover, entry))

    def _signed(self) -> tuple[str, Prover]:
        """The checkpoint, and what proves by it."""
        note = self.tiles.checkpoint()
        tree = unverified(note) if note is not None else None
        if note is None or tree is None or not tree.size:
            raise NotSignedYet(what="The log", size=0)
        own = "{}/{}".format(*self.opened.store.identity)
        if not tree.origin.endswith(f"/{own}"):
            raise AnotherOrigin(found=tree.origin, expected=own)
        return note, Prover(tree, nodes(tree.size, self.tiles.read))

    def _last_position(self, tree: Checkpoint) -> int:
        """Of the tree's events, as the store has them."""
        if not (last := self.opened.store.entries(tree.size - 2, 1)):
            raise NotAsSigned(entry=tree.size - 1)
        return last[0].row[0] if last[0].row else last[0].envelope.first_position - 1

    def _entry(self, position: int) -> Entry:
        log = self.opened.store
        return log.entries(entry_of(log, position) - 1, 1)[0]

    def _proved(self, prover: Prover, *entries: Entry) -> list[ProvedEvent]:
        keys = commitments_of(self.opened)
        return [prover.event(each, keys.key(each.envelope)) for each in entries]
