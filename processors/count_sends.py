"""Count planned messages for their account, over all campaigns; refused ones do not count (M3, M8).
An account that may not send now refuses the reservation, too."""

from collections.abc import Iterator
from typing import assert_never

from aggregates.email_account.commands import CountSend, EndThrottling, UncountSend
from events.campaign import EmailAccepted, EmailRefused, SendReserved
from events.vocabulary import RefusalFault
from processors.workspace import Workspace


def react(
    workspace: Workspace, event: SendReserved | EmailAccepted | EmailRefused
) -> Iterator[CountSend | UncountSend | EndThrottling]:
    match event:
        case SendReserved(step=str()):
            recipient = workspace.campaign(event.campaign_id).recipients[event.recipient_id]
            yield CountSend(
                account_id=event.account_id,
                campaign_id=event.campaign_id,
                send_id=event.send_id,
                sent=recipient.sending is None,
                at=event.occurred_at,
            )
        case SendReserved():
            pass
        case EmailAccepted(account_id=account_id):
            if workspace.account(account_id).usage.held_for:
                yield EndThrottling(account_id=account_id, at=event.occurred_at)
        case EmailRefused(reserved_at=reserved_at) if reserved_at is not None:
            yield UncountSend(
                account_id=event.account_id,
                campaign_id=event.campaign_id,
                send_id=event.send_id,
                reserved_at=reserved_at,
                throttled=event.fault is RefusalFault.LIMIT,
                told_until=event.told_until,
                at=event.occurred_at,
            )
        case EmailRefused():
            pass
        case _:
            assert_never(event)
