"""What the work needs of the world: persons, mailboxes, and a way to the owner.

Nothing of a person or of a mailbox's secrets goes from here into an event (F1).
"""

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from enum import Enum
from json.encoder import encode_basestring as _text
from types import MappingProxyType
from typing import NamedTuple, Protocol

from engine.ports.errors import StoreError
from engine.work.classifying.evidence import Evidence
from engine.work.findings import Findings, Watch, unwatched
from engine.work.inbound import Inbound
from engine.work.plain_letter import PlainLetter
from events.vocabulary import (
    AccountId,
    CampaignId,
    FailureClass,
    RecipientId,
    RefusalFault,
)
from projections.notices import NoticeRow

NewId = Callable[[], str]
"""A new id at each call, never the same twice: for the commands of one person's act."""

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Person(NamedTuple):
    """``address`` is trimmed and lower-cased, its domain as it was given: in letters of any script,
    or in ASCII. ``variables`` fill the templates."""

    address: str
    name: str = ""
    variables: Mapping[str, str] = NO_VARIABLES


class TracesRemain(StoreError):
    """The person is forgotten, but another program hinders the erasing of what is left."""

    sentence = (
        "Forgotten; but another program holds {store}, so traces stay in its files. "
        "End that program and forget again."
    )


EVERYWHERE: CampaignId = ""
"""No campaign's name: a digest under it is found whatever campaign somebody is enrolled for (M7).
"""


def everybody(_: RecipientId) -> bool:
    return True


class DirectoryRow(NamedTuple):
    """All that a directory says of a person, as it is stored."""

    workspace: str
    recipient_id: RecipientId
    address: str
    name: str
    variables: str
    salt: bytes | None
    """32 random octets; none in a row that nothing in the log commits to."""

    @property
    def digest(self) -> str:
        """HMAC-SHA-256 under the salt, of the other columns as a compact JSON array in UTF-8."""
        workspace, recipient_id, address, name, variables, salt = self
        ours = f"{_text(workspace)},{_text(recipient_id)}"
        array = f"[{ours},{_text(address)},{_text(name)},{_text(variables)}]"
        return hmac.digest(salt or b"", array.encode("utf-8", "surrogatepass"), "sha256").hex()


class Commits(Protocol):
    """Records what the directory says of these recipients as digests; on the disk when it answers.

    ``written``: it says so already. Raises what keeps it from being recorded.
    """

    def __call__(self, digests: Mapping[RecipientId, str], *, written: bool = False) -> object: ...


class Directory(Protocol):
    """Who stands behind an opaque recipient id (F1).

    It can forget a person, for good. What stays is that somebody was forgotten and, for campaigns
    that stopped the person, a keyed digest of the address: enough to refuse an import there (S4),
    too little to tell who it was without the workspace's key. Nothing of a directory is ever read
    to decide anything, and no event holds any of it.
    """

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
        commits: Commits | None = None,
    ) -> list[RecipientId]:
        """The ids of these people, in their order: random for a new address, the old one for a
        known address, whose name and variables stay as they are; what they lack is added. All
        together or none.

        Who was forgotten and is ``stopped`` in ``campaign_id``, or suppressed ``EVERYWHERE``, gets
        the id of then, and is not written down anew (S4, M7).

        ``commits`` hears of what is to be written down before it is: whoever dies meanwhile leaves
        no row that the log knows nothing of. Without it, nothing in the log will know.
        """
        ...

    def row(self, workspace: str, recipient_id: RecipientId) -> DirectoryRow | None: ...

    def rows(self) -> Iterator[DirectoryRow]:
        """All of every workspace; who is written down meanwhile may be among them."""
        ...

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        """None when the directory knows no such recipient."""
        ...

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        """Those of them whom the directory knows."""
        ...

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None: ...

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        """When the recipient was forgotten, UTC; None for one who never was."""
        ...

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """Forget these recipients; ``refused_in``: the campaigns that stopped each, or still may.

        False, and nothing done, when the log went on after the position ``as_of``: look again
        who was stopped. Afterwards no octet of them is left in the files of the directory; raises
        ``TracesRemain`` while another program hinders that. Forgetting again finishes it.
        """
        ...


class EvidenceStore(Protocol):
    """What servers said, by the digest that stands in the events; may name people (C1).

    ``subject`` is the account or the recipient with whom the text is erased. What comes in is fit
    to be kept (``engine.work.evidence``); nothing here is ever read to decide anything.
    """

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        """The same evidence of the same subject is kept once."""
        ...

    def find(self, workspace: str, digest: str) -> Evidence | None:
        """None for what was never kept, or was erased."""
        ...

    def forget(self, workspace: str, subject: str) -> None:
        """Erase all evidence of the subject.

        Afterwards no octet of it is left in the store's files; raises ``TracesRemain`` while
        another program hinders that. Forgetting again finishes it.
        """
        ...


class RejectedLine(NamedTuple):
    """A line that brings nobody. ``line`` counts from 1, the header included."""

    line: int
    column: str
    problem: str
    """Follows the column's name in a sentence."""
    value: str = ""
    """What stood there, where that helps."""


Line = tuple[int, Person | RejectedLine]
"""The line on which a record begins, and what it brings."""


class RecipientsError(Exception):
    """A source cannot be read as a list of recipients; the text says why and what to do."""


class Recipients(Protocol):
    """A list of people who are to become recipients."""

    def lines(self) -> Iterator[Line]:
        """In order, in bounded memory. Raises ``RecipientsError`` where it cannot be read on."""
        ...


class Mailbox(NamedTuple):
    """An account to the world. ``credentials`` is a reference into the secret store;
    ``sent_folder`` the one that the account's settings name, where they name one."""

    account_id: AccountId
    credentials: str | None = None
    sent_folder: str | None = None


class AccountTrouble(NamedTuple):
    """The mailbox let nobody in: a matter of the account, of no message and no recipient (C3)."""

    failure_class: FailureClass


class Probe(Protocol):
    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:
        """Go through every stage of C1, as far as they pass. Takes 15 s a side at most.

        Whatever it raises means that nothing was found out.
        """
        ...


class Message(NamedTuple):
    """A message ready to leave. ``content`` is RFC 5322; ``address`` the recipient's, in ASCII."""

    message_id: str
    address: str
    content: bytes


class Outcome(Enum):
    """What became of a message that was not refused (M2)."""

    ACCEPTED = "accepted"
    """250 after DATA."""
    UNKNOWN = "unknown"
    """The connection broke when the server may have had it all."""


class Refused(NamedTuple):
    """The server did not take the message, and whose fault that was.

    ``address_unknown``: the server knows nobody at that address (M7). ``until``: when the server
    asks to come again, UTC; None where it names no time (M8).
    """

    fault: RefusalFault
    address_unknown: bool = False
    until: datetime | None = None


Submitted = Outcome | Refused | AccountTrouble


class Search(Enum):
    """What the Sent folder says of a message of unknown outcome (M2)."""

    FOUND = "found"
    ABSENT = "absent"
    INCONCLUSIVE = "inconclusive"
    """It could not be searched, or what it lacks proves nothing."""


class Transport(Protocol):
    def submit(self, mailbox: Mailbox, message: Message) -> Submitted:
        """Offer the message once. Whatever it raises means an outcome that nobody knows."""
        ...

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:
        """Put a copy of an accepted message into the Sent folder where the provider files none.

        To be called once the acceptance is recorded; again does no harm. False where no copy could
        be filed; never raises for a mailbox that cannot be reached.
        """
        ...

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        """Search the Sent folder. Compares the part of the id left of ``@``; never raises for a
        mailbox that cannot be searched."""
        ...


class Incoming(NamedTuple):
    """A message in an inbox that means something for one of ours.

    ``key`` names it within its mailbox for ever; it comes from the message alone, so that it is the
    same wherever the message is moved to and whatever a server numbers anew.
    """

    key: str
    meaning: Inbound


class Arrivals(NamedTuple):
    """What arrived, in order, and the cursor after it.

    ``read_until``: all that arrived before that moment has been seen, UTC (M4); None while there
    is more after the cursor.
    """

    cursor: str
    messages: Sequence[Incoming]
    read_until: datetime | None = None


class Inbox(Protocol):
    def since(self, mailbox: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        """What arrived after that cursor, or the first of it; from the beginning after an empty
        one.

        The same cursor again answers the same messages, and those that came meanwhile.
        """
        ...


class PartlyDelivered(OSError):
    """Some owners have the notice and others do not: ``taken_by`` tells the former apart."""

    def __init__(self, error: OSError, taken_by: Sequence[str]) -> None:
        super().__init__(error.errno, error.strerror)
        self.taken_by = tuple(taken_by)


class OwnerChannel(Protocol):
    """A way to the owner of an account. The same notice delivered again must reach him once."""

    name: str

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Answers where the notice was put. Raises ``OSError`` when it is not there, and
        ``PartlyDelivered`` when not every owner has it; ``notice.taken_by`` get it no more."""
        ...


class OwnerLetters(OwnerChannel, Protocol):
    """The same way, for letters that are no notices."""

    def tell(self, letter: PlainLetter) -> None:
        """Raises ``OSError`` when it is not on its way."""
        ...
