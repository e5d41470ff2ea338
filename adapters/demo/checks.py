"""Is what the demo shows true? Each answer is computed again from the log alone, in another way."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from adapters.stores.memory import MemoryViews
from engine.decoding import decode_page
from engine.ports.store import Store
from engine.ports.views import Views
from engine.projecting import ProjectionRunner
from events.campaign import (
    EmailAccepted,
    EmailOutcomeUnknown,
    GracePeriodExpired,
    RecipientBounced,
    RecipientFailed,
    RecipientFinished,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
)
from events.recorded import Recorded
from projections.shipped import SHIPPED

PAGE = 20_000
ENDED = (
    RecipientReplied,
    RecipientBounced,
    RecipientUnsubscribed,
    RecipientFinished,
    RecipientFailed,
)


class Stopped(NamedTuple):
    """Who the law says must be stopped at an expiry (S3), and who was."""

    due: frozenset[str]
    done: frozenset[str]


def whole_log(store: Store) -> list[Recorded]:
    log: list[Recorded] = []
    while page := list(decode_page(store.read(len(log), PAGE), len(log))):
        log += page
    return log


def stopped(log: Iterable[Recorded]) -> Stopped:
    """Over all expiries: heard from the account first, and not ended when it expired."""
    heard_from: dict[tuple[str, str], str] = {}
    due: set[str] = set()
    done: set[str] = set()
    for recorded in log:
        match recorded.event:
            case (
                EmailAccepted(campaign_id=campaign, recipient_id=each, account_id=account)
                | EmailOutcomeUnknown(campaign_id=campaign, recipient_id=each, account_id=account)
            ):
                heard_from.setdefault((campaign, each), account)
            case GracePeriodExpired(campaign_id=campaign, account_id=account):
                pairs = heard_from.items()
                due |= {r for (c, r), a in pairs if c == campaign and a == account}
            case RecipientStopped(recipient_id=each):
                done.add(each)
            case event if isinstance(event, ENDED):
                heard_from[event.campaign_id, event.recipient_id] = ""
            case _:
                pass
    return Stopped(frozenset(due), frozenset(done))


def differing_views(store: Store, views: Views) -> Sequence[str]:
    """Names of views whose rows are not what a replay from zero, in memory, gives."""
    again = MemoryViews()
    ProjectionRunner(store, again, SHIPPED).catch_up()
    return [each.name for each in SHIPPED if list(views.rows(each)) != list(again.rows(each))]
