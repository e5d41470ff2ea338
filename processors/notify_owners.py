"""Tell the owner of an account about trouble at once, the end of the clocks, and the cure (N1, N3).

This comes last: by then the clocks that the notice counts have started or ended. The account itself
decides whether there is anything to tell.
"""

from collections.abc import Iterator
from typing import assert_never

from aggregates.email_account.commands import IssueNotice
from events.campaign import GracePeriodCured, GracePeriodExpired
from events.email_account import AccountDisconnected, ConnectionFailed, ConnectionRestored
from events.vocabulary import NoticeKind
from processors.workspace import Workspace

Told = (
    ConnectionFailed
    | AccountDisconnected
    | ConnectionRestored
    | GracePeriodCured
    | GracePeriodExpired
)


def react(_workspace: Workspace, event: Told) -> Iterator[IssueNotice]:
    match event:
        case ConnectionFailed():
            yield _notice(event, NoticeKind.FAILURE)
        case AccountDisconnected():
            yield _notice(event, NoticeKind.DISCONNECT)
        case ConnectionRestored() | GracePeriodCured():
            yield _notice(event, NoticeKind.CURED)
        case GracePeriodExpired():
            yield _notice(event, NoticeKind.ENDED)
        case _:
            assert_never(event)


def _notice(event: Told, kind: NoticeKind) -> IssueNotice:
    return IssueNotice(
        account_id=event.account_id,
        incident_id=event.incident_id,
        kind=kind,
        at=event.occurred_at,
    )
