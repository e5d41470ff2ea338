"""Is what a refusal says true? By the facts recorded before it, as the law's auditor keeps them."""

import json
from collections.abc import Callable, Iterable
from typing import Any

from engine.audit.books import Account, Books, Campaign, Lane, Person
from events.recorded import Envelope
from events.vocabulary import CampaignStatus, ConnectionStatus, IncidentKind, RecipientStatus

DRAFT = CampaignStatus.DRAFT
WANTS = {"ResumeCampaign": CampaignStatus.PAUSED, "ReserveStep": CampaignStatus.RUNNING}
"""By command, in which status alone a campaign takes it."""


class Told:
    """What a refusal speaks of, in these books."""

    def __init__(self, books: Books, envelope: Envelope) -> None:
        told = json.loads(envelope.rejection or "{}")
        self.books, self.command = books, envelope.command
        self.code: str = told["code"]
        self.facts: dict[str, Any] | None = told.get("facts")
        """None where the refusal was kept without them."""

    def __getitem__(self, name: str) -> str:
        return str((self.facts or {}).get(name, ""))

    @property
    def account(self) -> Account:
        return self.books.accounts.get(self["account"]) or Account("")

    @property
    def campaign(self) -> Campaign:
        return self.books.campaigns.get(self["campaign"]) or Campaign("")

    @property
    def lane(self) -> Lane:
        return self.campaign.lanes.get(self["account"]) or Lane()

    def stakes(self) -> Iterable[str]:
        """Of the account, in any campaign."""
        name = self["account"]
        lanes = [each.lanes[name] for each in self.books.campaigns.values() if name in each.lanes]
        return [str(each.at_stake) for each in lanes]

    def people(self) -> Iterable[Person]:
        """In the campaign, where one is named, or in any."""
        named = self["campaign"]
        campaigns = [self.campaign] if named else self.books.campaigns.values()
        names = self["recipient"].split(", ")
        return [each.people[name] for each in campaigns for name in names if name in each.people]

    def any_of(self, holds: Callable[[Person], object]) -> bool:
        return any(holds(each) for each in self.people())


def _cause_holds(told: Told) -> bool:
    uses = told["account"] in told.books.senders(told.campaign)
    return uses and not told.books.works(told["account"])


def _is_missing(told: Told) -> bool:
    clock = told.lane.running
    return (
        clock is not None
        and clock.kind is IncidentKind.DISCONNECT
        and str(told.lane.at_stake) == told["contacted"]
    )


def _is_not_under_way(told: Told) -> bool:
    status = told.campaign.status
    return str(status) == told["status"] and status is not WANTS.get(told.command)


def _was_started(told: Told) -> bool:
    """Of a start, or of a resume."""
    status = told.campaign.status
    return str(status) == told["status"] and status not in (None, DRAFT, WANTS.get(told.command))


CLAIMS: dict[str, Callable[[Told], object]] = {
    "unknown_account": lambda t: t.account.status is None,
    "already_connected": lambda t: t.account.connected and t.account.slot_id == t["slot"],
    "not_connected": lambda t: t.account.status is ConnectionStatus.DISCONNECTED,
    "slot_occupied": lambda t: t.books.slots.get(t["slot"]) == t["account"],
    "unknown_campaign": lambda t: t.campaign.status is None,
    "name_taken": lambda t: t.campaign.status is not None,
    "not_a_rotation_campaign": lambda t: not t.campaign.rotates,
    "already_in_campaign": lambda t: t.lane.listed,
    "sender_not_in_campaign": lambda t: t["account"] not in t.books.senders(t.campaign),
    "sender_not_connected": lambda t: not t.books.works(t["account"]),
    "no_sender": lambda t: not t.books.senders(t.campaign),
    "sender_missing": _is_missing,
    "pause_cause_holds": _cause_holds,
    "campaign_not_running": _is_not_under_way,
    "already_running": _was_started,
    "not_confirmed": lambda t: t["held"] in t.stakes(),
    "not_set_up": lambda t: t.campaign.sequence is None,
    "unknown_recipient": lambda t: t["recipient"] not in t.campaign.people,
    "recipient_stopped": lambda t: t.any_of(lambda p: p.status is RecipientStatus.CAMPAIGN_STOPPED),
    "recipient_terminal": lambda t: t.any_of(lambda p: p.ended and p.status == t["status"]),
    "fixed_sender_is_other": lambda t: t.any_of(lambda p: p.emails and p.sender == t["sender"]),
    "already_received_email": lambda t: t.any_of(lambda p: p.emails),
    "sender_held": lambda t: t.any_of(lambda p: p.held_until is not None),
    "send_in_flight": lambda t: t.any_of(lambda p: p.via == t["account"]),
    "outcome_unknown": lambda t: t.any_of(lambda p: p.unknown),
    "suppressed": lambda t: {*t["recipient"].split(", ")} <= t.books.suppressed,
}
"""By code. Codes that are not here claim what the facts alone do not tell."""


def false_claim(books: Books, envelope: Envelope) -> str:
    """Empty where the refusal speaks the truth."""
    told = Told(books, envelope)
    claim = CLAIMS.get(told.code)
    if claim is None or told.facts is None or claim(told):
        return ""
    return f"{told.command} was refused as {told.code} of {told.facts}, which is not so"
