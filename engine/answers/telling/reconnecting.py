"""What the owner of a mailbox reads when reconnecting it through a link (R1, R2)."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from engine.answers.telling.one_line import one_line
from engine.answers.telling.reader import Reader
from engine.answers.telling.words import people
from engine.answers.workspace_answers import ClockAnswer
from events.vocabulary import ClockOutcome, ConnectionStatus
from projections.accounts import AccountRow

KEPT = (
    "One-Click Reconnect keeps all settings of before: signature, sender's name, sending speed and "
    "the rest."
)
DO_NOT_FORGET = "Don't forget to resume your campaigns: nothing resumes them by itself."
PERMISSIONS = {
    "google": "asks for permission to read, compose, send, and permanently delete emails of Gmail",
    "microsoft": "asks for permission to read and send the emails of this mailbox",
}
"""What each provider's own page says."""


class Invitation(NamedTuple):
    """What the link's page is about. ``provider`` is None if the mailbox is opened with a
    password."""

    account: AccountRow
    clocks: Sequence[ClockAnswer]
    until: datetime
    provider: str | None
    title: str = ""
    """The provider's name, for people."""


def invitation(about: Invitation, reader: Reader) -> Iterator[str]:
    """The text, paragraph by paragraph: whose mailbox, who asks, its state, what will happen, until
    when."""
    account = one_line(about.account.account_id)
    yield f"The workspace {about.account.workspace} asks you to reconnect the mailbox {account}."
    yield _status(about.account, reader)
    yield stakes(about.clocks, reader)
    if about.provider is None:
        yield "Its password is needed. It is tried at once, and kept encrypted if it works."
    else:
        asks = PERMISSIONS.get(about.provider, "asks for your permission")
        yield (
            f"The button leads to {about.title}, which {asks}. This permission is necessary for "
            f"campaigns to work: sign in as {account}, and tick every box."
        )
    yield f"{KEPT} {DO_NOT_FORGET}"
    yield f"This link works once, until {reader.when(about.until)}."


def reconnected(account_id: str, waiting: Sequence[str]) -> Iterator[str]:
    """The text after a reconnect. ``waiting``: campaigns that only wait to be resumed."""
    yield f"{one_line(account_id)} is reconnected: its Connection Status is Successful."
    yield KEPT
    if waiting:
        yield f"{DO_NOT_FORGET} They wait: {', '.join(map(one_line, waiting))}."


def not_reconnected(account_id: str, why: Sequence[str]) -> Iterator[str]:
    yield f"{one_line(account_id)} is not reconnected, and nothing of it has changed."
    yield from (each for each in why if each)
    yield "This link is used up. Ask whoever gave it to you for another one."


def stakes(clocks: Sequence[ClockAnswer], reader: Reader) -> str:
    """What is at stake in the running clock that ends first (S2)."""
    running = [each for each in clocks if each.outcome is ClockOutcome.RUNNING]
    if not running:
        return "No recipient is at stake."
    ends = min(each.deadline_at for each in running)
    at_stake = sum(each.at_stake for each in running)
    return (
        f"Unless it is repaired by {reader.when(ends)}, {people(at_stake)} become Campaign "
        "Stopped, for good."
    )


def _status(account: AccountRow, reader: Reader) -> str:
    if account.status is ConnectionStatus.SUCCESSFUL:
        return "Its Connection Status is Successful."
    since = f" since {reader.when(account.since)}" if account.since else ""
    return f"Its Connection Status is Failed{since}. {account.reason or ''}".rstrip()
