"""What the use cases need of the outside world: persons, mailboxes, and a way to reach the owner.

No personal data and no secret of a mailbox goes from here into an event (F1).
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
"""Returns a new id at each call, never the same twice: for the commands of one user action."""

NO_VARIABLES: Mapping[str, str] = MappingProxyType({})


class Person(NamedTuple):
    """``address`` is trimmed and lower-cased, its domain as given: in any script, or in ASCII.
    ``variables`` fill the templates."""

    address: str
    name: str = ""
    variables: Mapping[str, str] = NO_VARIABLES


class TracesRemain(StoreError):
    """The person is forgotten, but another program prevents the last traces from being erased."""

    sentence = (
        "Forgotten; but another program holds {store}, so traces stay in its files. "
        "End that program and forget again."
    )


EVERYWHERE: CampaignId = ""
"""Not the name of a campaign: a digest stored under it is found whatever campaign a person is
enrolled for (M7).
"""


def everybody(_: RecipientId) -> bool:
    return True


class DirectoryRow(NamedTuple):
    """Everything that a directory says about a person, as stored."""

    workspace: str
    recipient_id: RecipientId
    address: str
    name: str
    variables: str
    salt: bytes | None
    """32 random octets; None in a row that the log does not commit to."""

    @property
    def digest(self) -> str:
        """HMAC-SHA-256, keyed with the salt, of the other columns as a compact JSON array in
        UTF-8."""
        workspace, recipient_id, address, name, variables, salt = self
        ours = f"{_text(workspace)},{_text(recipient_id)}"
        array = f"[{ours},{_text(address)},{_text(name)},{_text(variables)}]"
        return hmac.digest(salt or b"", array.encode("utf-8", "surrogatepass"), "sha256").hex()


class Commits(Protocol):
    """Records digests of what the directory says about these recipients; they are on the disk when
    the call returns.

    ``written``: the directory says so already. Raises the error that prevents the recording.
    """

    def __call__(self, digests: Mapping[RecipientId, str], *, written: bool = False) -> object: ...


class Directory(Protocol):
    """The person behind each opaque recipient id (F1).

    It can forget a person for good. What remains is that somebody was forgotten and, for campaigns
    that stopped the person, a keyed digest of the address: enough to refuse an import there (S4),
    too little to tell who it was without the workspace's key. No decision depends on a directory,
    and no event holds any of it.
    """

    def enrol(
        self,
        workspace: str,
        people: Iterable[Person],
        campaign_id: CampaignId | None = None,
        stopped: Callable[[RecipientId], bool] = everybody,
        commits: Commits | None = None,
    ) -> list[RecipientId]:
        """Enrol these people, all or none, and return their ids in the same order. A new address
        gets a random id; a known address keeps its id, name and variables, and only what is missing
        is added.

        A forgotten person who is ``stopped`` in ``campaign_id``, or suppressed ``EVERYWHERE``, gets
        their old id, and no new row (S4, M7).

        ``commits`` is called with what will be written before it is written: a process that dies in
        between leaves no row that is not in the log. Without ``commits``, the log does not commit
        to these rows.
        """
        ...

    def row(self, workspace: str, recipient_id: RecipientId) -> DirectoryRow | None: ...

    def rows(self) -> Iterator[DirectoryRow]:
        """All rows of every workspace; rows written in the meantime may be among them."""
        ...

    def person(self, workspace: str, recipient_id: RecipientId) -> Person | None:
        """None if the directory does not know the recipient."""
        ...

    def people(
        self, workspace: str, recipient_ids: Iterable[RecipientId]
    ) -> dict[RecipientId, Person]:
        """Those of the recipients that the directory knows."""
        ...

    def recipient_at(self, workspace: str, address: str) -> RecipientId | None: ...

    def forgotten_at(self, workspace: str, recipient_id: RecipientId) -> datetime | None:
        """When the recipient was forgotten, UTC; None if they never were."""
        ...

    def forget(
        self,
        workspace: str,
        refused_in: Mapping[RecipientId, Sequence[CampaignId]],
        as_of: int,
    ) -> bool:
        """Forget these recipients; ``refused_in`` has for each the campaigns that stopped them, or
        still may.

        False, and nothing done, if the log has grown past position ``as_of``: look again who was
        stopped. Afterwards no octet of them is left in the files of the directory; raises
        ``TracesRemain`` while another program prevents that. Forgetting again finishes it.
        """
        ...


class EvidenceStore(Protocol):
    """What servers said, by the digest that is in the events; may name people (C1).

    ``subject`` is the account or the recipient with which the text is erased. The caller passes
    only evidence that is fit to be stored (``engine.work.evidence``); no decision depends on it.
    """

    def keep(self, workspace: str, subject: str, digest: str, evidence: Evidence) -> None:
        """Store the evidence; the same evidence of the same subject is stored once."""
        ...

    def find(self, workspace: str, digest: str) -> Evidence | None:
        """None if it was never stored, or was erased."""
        ...

    def forget(self, workspace: str, subject: str) -> None:
        """Erase all evidence of the subject.

        Afterwards no octet of it is left in the store's files; raises ``TracesRemain`` while
        another program prevents that. Forgetting again finishes it.
        """
        ...


class RejectedLine(NamedTuple):
    """A line that yields no person. ``line`` counts from 1, the header included."""

    line: int
    column: str
    problem: str
    """Follows the column's name in a sentence."""
    value: str = ""
    """The text of the column, if that helps."""


Line = tuple[int, Person | RejectedLine]
"""The line on which a record begins, and what the record yields."""


class RecipientsError(Exception):
    """A source cannot be read as a list of recipients; the text says why and what to do."""


class Recipients(Protocol):
    """A list of people who are to become recipients."""

    def lines(self) -> Iterator[Line]:
        """The lines in order, in bounded memory. Raises ``RecipientsError`` at a point that cannot
        be read."""
        ...


class Mailbox(NamedTuple):
    """An account as the outside world sees it. ``credentials`` is a reference into the vault;
    ``sent_folder`` is the folder that the account's settings name, if any."""

    account_id: AccountId
    credentials: str | None = None
    sent_folder: str | None = None


class AccountTrouble(NamedTuple):
    """The mailbox refused access: trouble of the account, not of a message or a recipient (C3)."""

    failure_class: FailureClass


class Probe(Protocol):
    def check(self, mailbox: Mailbox, watch: Watch = unwatched) -> Findings:
        """Go through the stages of C1 until one fails. Takes at most 15 s for each side.

        If it raises anything, nothing was found out.
        """
        ...


class Message(NamedTuple):
    """A message ready to leave. ``content`` is in the format of RFC 5322; ``address`` is the
    recipient's, in ASCII."""

    message_id: str
    address: str
    content: bytes


class Outcome(Enum):
    """The outcome of a message that was not refused (M2)."""

    ACCEPTED = "accepted"
    """250 after DATA."""
    UNKNOWN = "unknown"
    """The connection broke when the server may already have had the whole message."""


class Refused(NamedTuple):
    """The server did not take the message, and who was at fault.

    ``address_unknown``: the server knows nobody at that address (M7). ``until``: when the server
    asks us to try again, UTC; None if it names no time (M8).
    """

    fault: RefusalFault
    address_unknown: bool = False
    until: datetime | None = None


Submitted = Outcome | Refused | AccountTrouble
NOT_SUBMITTED = Refused(RefusalFault.ACCOUNT)
"""We held the message back: it does not count as one of the recipient's tries."""


class Search(Enum):
    """What the Sent folder says of a message of unknown outcome (M2)."""

    FOUND = "found"
    ABSENT = "absent"
    INCONCLUSIVE = "inconclusive"
    """It could not be searched, or absence from it proves nothing."""


class Transport(Protocol):
    def submit(
        self, mailbox: Mailbox, message: Message, may_leave: Callable[[], bool]
    ) -> Submitted:
        """Offer the message once. If it raises anything, the outcome is unknown.

        ``may_leave`` is asked as late as the server's protocol allows: what it forbids is not
        submitted, and ``NOT_SUBMITTED`` is the answer (M2).
        """
        ...

    def file_copy(self, mailbox: Mailbox, message: Message) -> bool:
        """Put a copy of an accepted message into the Sent folder, if the provider does not.

        Call this once the acceptance is recorded; calling it again is harmless. False if no copy
        could be filed; never raises for a mailbox that cannot be reached.
        """
        ...

    def was_sent(self, mailbox: Mailbox, message_id: str) -> Search:
        """Search the Sent folder. Compares the part of the id left of ``@``; never raises for a
        mailbox that cannot be searched."""
        ...


class Incoming(NamedTuple):
    """A message in an inbox that means something for a message of ours.

    ``key`` identifies it within its mailbox for ever; it derives from the message alone, so it
    stays the same if the message is moved or a server renumbers its messages.
    """

    key: str
    meaning: Inbound


class Arrivals(NamedTuple):
    """What arrived, in order, and the cursor after it.

    ``read_until``: everything that arrived before that moment has been seen, UTC (M4); None while
    there is more after the cursor.
    """

    cursor: str
    messages: Sequence[Incoming]
    read_until: datetime | None = None


class Inbox(Protocol):
    def since(self, mailbox: Mailbox, cursor: str) -> Arrivals | AccountTrouble:
        """What arrived after the cursor, or the first part of it; an empty cursor means from the
        beginning.

        The same cursor returns the same messages again, and any that have come since.
        """
        ...


class PartlyDelivered(OSError):
    """Some owners have the notice and others do not; ``taken_by`` names those who do."""

    def __init__(self, error: OSError, taken_by: Sequence[str]) -> None:
        super().__init__(error.errno, error.strerror)
        self.taken_by = tuple(taken_by)


class OwnerChannel(Protocol):
    """A way to the owner of an account. The same notice delivered again must reach the owner only
    once."""

    name: str

    def deliver(self, notice: NoticeRow, reason: str | None = None) -> str:
        """Deliver the notice; return where it was put. Raises ``OSError`` if it was not delivered,
        and ``PartlyDelivered`` if not every owner has it; those in ``notice.taken_by`` do not get
        it again."""
        ...


class OwnerLetters(OwnerChannel, Protocol):
    """The same channel, for letters that are not notices."""

    def tell(self, letter: PlainLetter) -> None:
        """Send the letter. Raises ``OSError`` if it could not be sent."""
        ...
