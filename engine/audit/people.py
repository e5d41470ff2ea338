"""Does the directory of persons match what the log commits to?

An event with the digest of a row (``PeopleCommitted``) comes before the row; when a row has
changed, another one follows it. A person's salt is only in the row, and is forgotten with it (F1).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

from engine.ports.log import Entry, Log
from engine.work.ports import Directory, DirectoryRow
from events.campaign import RecipientAdded
from events.catalogue import CATALOGUE
from events.recipient import PeopleCommitted, RecipientForgotten
from events.suppression import PersonSuppressed
from events.vocabulary import RecipientId

AT_ONCE = 5_000
"""Entries read at a time."""
ATTEMPTS = 5
"""How often rows that others change meanwhile are compared again."""
Key = tuple[str, RecipientId]
"""Workspace and recipient."""


class Verdict(Enum):
    """The verdict on one recipient, as the end of a sentence."""

    GONE = "is not in the directory, and need not be"
    COMMITTED = "is in the directory as the log commits to it"
    SINCE = "is in the directory as recorded after what was signed"
    UNCOMMITTED = "is in the directory since before the log committed to it"
    TO_FORGET = "was to be forgotten, and is in the directory: forget the recipient again"
    BACK = "was forgotten, and is in the directory again"
    CHANGED = "is not in the directory as recorded: it was changed, or swapped with another one"
    OLDER = "is in the directory as it was before it was completed: it was rolled back"
    INSERTED = "is in the directory, but no entry commits to it: it was inserted"
    DELETED = "is not in the directory, though nobody forgot it: it was deleted"


FINE = (Verdict.GONE, Verdict.COMMITTED, Verdict.SINCE, Verdict.UNCOMMITTED)


class Compared(NamedTuple):
    """A directory compared with what the log commits to."""

    counts: Counter[Verdict]
    others: Sequence[tuple[Key, Verdict]]
    """Recipients whose verdict is not ``FINE``."""

    @property
    def differences(self) -> list[str]:
        """The differences, one sentence each; a crash cannot cause any of them."""
        return [_told(*each) for each in self.others if each[1] is not Verdict.TO_FORGET]

    def notes(self, committed: str) -> list[str]:
        """Notes on the other recipients. ``committed``: what to say of those to whom the log
        commits."""
        how = {
            Verdict.COMMITTED: committed,
            Verdict.SINCE: "recorded since, which is not signed",
            Verdict.UNCOMMITTED: "not committed to, because they are older",
        }
        told = [f"{self.counts[each]:,} {text}" for each, text in how.items() if self.counts[each]]
        counted = [f"Recipients in the directory: {'; '.join(told)}."] if told else []
        return [_told(*each) for each in self.others if each[1] is Verdict.TO_FORGET] + counted


@dataclass(slots=True)
class _Committed:
    """A recipient to whom the log commits."""

    is_older: bool
    """Whether the recipient was recorded before the log committed to them."""
    digests: dict[str, int] = field(default_factory=dict)
    """The entry of each digest."""
    written: int = -1
    """The entry of the last digest whose row is known to have been written."""
    is_named: bool = False
    """Whether an event names the recipient that is recorded only after the row is written."""
    is_forgotten: bool = False
    is_seen: bool = False


class CommittedPeople:
    """The people to whom the log commits. ``size``: how many entries were signed; None if
    signatures do not matter."""

    def __init__(self, size: int | None = None) -> None:
        self._size, self._read = size, 0
        self._known: defaultdict[str, dict[RecipientId, _Committed]] = defaultdict(dict)
        self._older: defaultdict[str, set[RecipientId]] = defaultdict(set)
        """Recipients that were recorded before the log committed to them."""

    def add(self, entry: Entry) -> None:
        """Add the next entry. Raises ``UnreadableEvent``."""
        self._read = entry.number + 1
        if entry.row is None or entry.row[3] not in TOPICS:
            return
        position, _, _, topic, state = entry.row
        workspace = entry.envelope.workspace
        known, older = self._known[workspace], self._older[workspace]
        match CATALOGUE.decode(topic, state, f"position {position}"):
            case PeopleCommitted(digests=digests, written=written):
                for recipient_id, told in digests.items():
                    each = known.setdefault(recipient_id, _Committed(recipient_id in older))
                    first = each.digests.setdefault(told, entry.number)
                    each.written = max(each.written, first) if written else each.written
            case RecipientForgotten(recipient_id=recipient_id) if recipient_id in known:
                known[recipient_id].is_forgotten = True
            case (
                RecipientAdded(recipient_id=recipient_id)
                | PersonSuppressed(recipient_id=recipient_id)
            ):
                if recipient_id in known:
                    known[recipient_id].is_named = True
                else:
                    older.add(recipient_id)

    def read(self, log: Log) -> bool:
        """Read the rest of the log; return whether there was any."""
        begin = self._read
        while entries := log.entries(self._read - 1, AT_ONCE):
            for each in entries:
                self.add(each)
        return self._read > begin

    def see(self, row: DirectoryRow) -> Verdict:
        if (known := self._known[row.workspace].get(row.recipient_id)) is not None:
            known.is_seen = True
        return self.verdict(row[:2], row)

    def unseen(self) -> Iterator[Key]:
        for workspace, people in self._known.items():
            for recipient_id, each in people.items():
                if not each.is_seen:
                    yield workspace, recipient_id

    def verdict(self, key: Key, row: DirectoryRow | None) -> Verdict:
        workspace, recipient_id = key
        known = self._known[workspace].get(recipient_id)
        if row is None:
            return _of_nobody(known)
        if known is None:
            is_older = row.salt is None and (self._older[workspace] or not self._known[workspace])
            return Verdict.UNCOMMITTED if is_older else Verdict.INSERTED
        if row.salt is None and known.is_older and known.written < 0:
            return Verdict.TO_FORGET if known.is_forgotten else Verdict.UNCOMMITTED
        entry = known.digests.get(row.digest) if row.salt else None
        if entry is None:
            return Verdict.CHANGED
        if entry < known.written:
            return Verdict.OLDER
        if known.is_forgotten:
            return Verdict.TO_FORGET
        return Verdict.COMMITTED if self._size is None or entry < self._size else Verdict.SINCE


def compared(people: CommittedPeople, log: Log, directory: Directory) -> Compared:
    """Compare the directory with the log, while others may be working. A row is committed to before
    it is written, so a verdict that is not fine is final if nothing has been recorded since. Raises
    ``StoreError``."""
    people.read(log)
    counts, judged = Counter[Verdict](), dict[Key, Verdict]()
    for row in directory.rows():
        verdict = people.see(row)
        counts[verdict] += 1
        if verdict not in FINE:
            judged[row[:2]] = verdict
    gone = {each: people.verdict(each, None) for each in people.unseen()}
    judged |= {each: verdict for each, verdict in gone.items() if verdict not in FINE}
    attempts = 0
    while judged and people.read(log) and attempts < ATTEMPTS:
        again = {each: people.verdict(each, directory.row(*each)) for each in judged}
        counts.update(again.values())
        judged = {each: verdict for each, verdict in again.items() if verdict not in FINE}
        attempts += 1
    back = {each for each in judged if directory.forgotten_at(*each) is not None}
    return Compared(
        counts,
        [
            (each, Verdict.BACK if verdict is Verdict.TO_FORGET and each in back else verdict)
            for each, verdict in judged.items()
        ],
    )


def _of_nobody(known: _Committed | None) -> Verdict:
    if known is None or known.is_forgotten or not (known.is_named or known.written >= 0):
        return Verdict.GONE
    return Verdict.DELETED


def _told(key: Key, verdict: Verdict) -> str:
    workspace, recipient_id = key
    return f"Recipient {recipient_id} of {workspace} {verdict.value}."


TOPICS = frozenset(
    CATALOGUE.encoders[each][0]
    for each in (PeopleCommitted, RecipientForgotten, RecipientAdded, PersonSuppressed)
)
