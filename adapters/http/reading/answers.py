"""Shapes of answers, only for the document: answers are not checked against them."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, create_model

from engine.stream.headers import COMMON, OF_EVENTS
from engine.work.permissions import Act, Role
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    ConnectionStatus,
    IncidentKind,
    Mode,
    NoticeKind,
)

Position = Annotated[int, Field(ge=1)]


class LoggedEvent(BaseModel):
    position: Position
    type: str
    stream: str
    occurred_at: datetime
    recorded_at: datetime
    data: dict[str, Any]
    """The facts of the event, as its type defines them."""


class LoggedEvents(BaseModel):
    events: list[LoggedEvent]


class EventAndCommand(LoggedEvent):
    """With the command that brought it about."""

    event_id: str
    version: int
    actor: str
    command: str
    command_id: str
    correlation_id: str
    causation_id: str | None


class EventsPage(BaseModel):
    events: list[EventAndCommand]
    next: int | None
    """The ``start`` of the following page."""


class Place(BaseModel):
    first_position: Position
    events: int


class BriefEvent(BaseModel):
    position: Position
    type: str
    at: datetime
    actor: str


class EventInContext(EventAndCommand):
    """With its causes, from the first, and what it brought about."""

    place: Place
    causes: list[BriefEvent]
    brought_about: list[BriefEvent]


class StoppedProjection(BaseModel):
    name: str
    stopped_at: int
    error: str
    stopped_since: datetime


class RunningClock(BaseModel):
    campaign_id: str
    account_id: str
    kind: IncidentKind
    deadline_at: datetime
    seconds_left: int
    at_stake: int
    """Recipients who are stopped at the deadline unless it is cured."""
    cheapest_cure: str | None


class WhyNot(BaseModel):
    code: str
    text: str


class CampaignNotSending(BaseModel):
    campaign_id: str
    status: CampaignStatus
    reasons: list[WhyNot]


class UndeliveredNotice(BaseModel):
    account_id: str
    incident_id: str
    number: int
    kind: NoticeKind
    issued_at: datetime
    attempts: int
    detail: str | None


class WaitingRecipients(BaseModel):
    campaign_id: str
    reason: str
    recipients: int
    at: datetime | None


class Now(BaseModel):
    """What needs a human, the most urgent first."""

    at: datetime
    fenced: str | None
    """Why nothing is sent until the store is reconciled; None if it is not fenced."""
    stopped_projections: list[StoppedProjection]
    clocks: list[RunningClock]
    waiting: list[str]
    """Campaigns that only wait to be resumed."""
    not_sending: list[CampaignNotSending]
    undelivered_notices: list[UndeliveredNotice]
    waits: list[WaitingRecipients]


class ClockOfOne(BaseModel):
    campaign_id: str
    account_id: str
    kind: IncidentKind
    started_at: datetime
    deadline_at: datetime
    outcome: ClockOutcome
    at_stake: int
    stopped: int
    cheapest_cure: str | None


class AccountItself(BaseModel):
    account_id: str
    status: ConnectionStatus
    slot_id: str | None
    since: datetime | None
    reason: str | None
    deadline_at: datetime | None
    provider: str
    settings: dict[str, Any]
    background_check: dict[str, Any] | None
    pace: dict[str, Any] | None
    """Known only for the present."""


class OneAccount(BaseModel):
    account: AccountItself
    campaigns: list[str]
    clocks: list[ClockOfOne]


class CampaignItself(BaseModel):
    campaign_id: str
    mode: Mode
    slot_id: str | None
    status: CampaignStatus
    pause_causes: list[str]
    from_email: list[str]


class OneCampaign(BaseModel):
    campaign: CampaignItself
    recipients: dict[str, int]
    """The number of recipients by status."""
    not_sending: list[WhyNot]
    clocks: list[ClockOfOne]
    pace: dict[str, Any] | None
    sequence: dict[str, Any] | None


class RecipientInCampaign(BaseModel):
    campaign_id: str
    status: str
    sender: str | None
    sender_fixed: bool
    emails_received: int
    stopped_at: datetime | None
    stop_reason: str | None


class OneRecipient(BaseModel):
    recipient_id: str
    person: dict[str, Any] | None
    """The person, as far as the caller may see it."""
    forgotten_at: datetime | None
    campaigns: list[RecipientInCampaign]


class Asker(BaseModel):
    name: str
    role: Role
    workspace: str
    may: list[Act]


class LookAtCase(BaseModel):
    number: int
    at: datetime
    by: str
    workspace: str
    campaign_id: str
    recipient_id: str


class LooksPage(BaseModel):
    looks: list[LookAtCase]
    next: int | None
    """The ``after`` of the following page."""


def _feed_event() -> type[BaseModel]:
    fields: dict[str, Any] = {
        name.removeprefix("ce_"): (str, Field(default=... if always else None, description=says))
        for name, (says, _, always) in {**COMMON, **OF_EVENTS}.items()
        if name != "content-type"
    }
    fields |= {"datacontenttype": (str, ...), "data": (dict[str, Any], ...)}
    told = "A CloudEvent, with the extensions of the stream's contract."
    return create_model("FeedEvent", __doc__=told, **fields)


FeedEvent = _feed_event()
