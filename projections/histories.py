"""Which events concern this recipient, this account, this campaign?

One row a fact, never changed: an event's place under the one thing it is about. What is about an
incident stands under its account and its campaigns.
"""

from collections.abc import Callable
from typing import Any, NamedTuple, get_args

from events.campaign import CampaignEvent, RecipientEvent
from events.email_account import EmailAccountEvent
from events.recipient import PeopleCommitted, RecipientForgotten
from events.recorded import Recorded
from events.slot import SlotEvent
from events.suppression import (
    DomainReleased,
    DomainSuppressed,
    PersonReleased,
    PersonSuppressed,
)
from projections.projection import Projection

ACCOUNT, CAMPAIGN, RECIPIENT = "account", "campaign", "recipient"
DOMAIN, PEOPLE = "domain", "people"

Subject = tuple[str, str, str]
"""Kind, campaign and name; what a kind has none of is empty."""


def of_account(account_id: str) -> Subject:
    """Slots included: what happens to one concerns the account in it."""
    return ACCOUNT, "", account_id


def of_campaign(campaign_id: str) -> Subject:
    """Without what concerns one recipient."""
    return CAMPAIGN, campaign_id, ""


def of_recipient(campaign_id: str, recipient_id: str) -> Subject:
    return RECIPIENT, campaign_id, recipient_id


class HistoryRow(NamedTuple):
    workspace: str
    kind: str
    campaign_id: str
    name: str
    position: str
    """Twelve digits: text, because it is part of the key, and in the order of the log."""


def _about_account(event: Any) -> Subject:
    return ACCOUNT, "", event.account_id


def _about_campaign(event: Any) -> Subject:
    return CAMPAIGN, event.campaign_id, ""


def _about_recipient(event: Any) -> Subject:
    return RECIPIENT, event.campaign_id, event.recipient_id


def _about_person(event: Any) -> Subject:
    return RECIPIENT, "", event.recipient_id


def _about_domain(event: Any) -> Subject:
    return DOMAIN, "", event.domain


def _about_people(_event: Any) -> Subject:
    """Many at once, and nothing that anybody would ask of one of them."""
    return PEOPLE, "", ""


ABOUT: dict[type[Any], Callable[[Any], Subject]] = {
    **dict.fromkeys(get_args(EmailAccountEvent), _about_account),
    **dict.fromkeys(get_args(SlotEvent), _about_account),
    **dict.fromkeys((RecipientForgotten, PersonSuppressed, PersonReleased), _about_person),
    **dict.fromkeys((DomainSuppressed, DomainReleased), _about_domain),
    PeopleCommitted: _about_people,
    **{
        event: _about_recipient if issubclass(event, RecipientEvent) else _about_campaign
        for event in get_args(CampaignEvent)
    },
}


def key(recorded: Recorded) -> HistoryRow:
    position, _, _, event, envelope = recorded
    kind, campaign_id, name = ABOUT[type(event)](event)
    return HistoryRow(envelope.workspace, kind, campaign_id, name, str(position).zfill(12))


def evolve(_row: HistoryRow | None, recorded: Recorded) -> HistoryRow:
    return key(recorded)


HISTORIES = Projection(
    name="histories",
    version=1,
    row=HistoryRow,
    key_length=5,
    watches=frozenset(ABOUT),
    key=key,
    evolve=evolve,
    appends=True,
)
