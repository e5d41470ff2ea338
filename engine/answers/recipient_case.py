"""One recipient's case: every fact that explains the recipient's status (F3).

Read through ``engine.answers.history``: a few dozen events, however long the log is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, Protocol

from aggregates.waiting import NotBefore
from engine.answers.workspace_answers import Answers, RecipientAnswer
from events.base import Event
from events.campaign import (
    CampaignCreated,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    RecipientStopped,
    SenderAdded,
    SenderReplaced,
)
from events.email_account import (
    AccountConnected,
    AccountDisconnected,
    CheckFailed,
    CheckPassed,
    ConnectionFailed,
    ConnectionRestored,
    ConnectRejected,
    NoticeAttempted,
    NoticeIssued,
    OneClickReconnected,
    OneClickRejected,
)
from events.recorded import Recorded
from events.vocabulary import Mode
from projections.campaigns import CampaignRow
from projections.histories import Subject, of_account, of_campaign, of_recipient

OPENINGS = (ConnectionFailed, AccountDisconnected)
ENDINGS = (GracePeriodCured, GracePeriodSuperseded, GracePeriodExpired)
TRIES = (
    OneClickRejected,
    OneClickReconnected,
    ConnectRejected,
    AccountConnected,
    CheckFailed,
    CheckPassed,
)
ANEW = (CheckPassed, AccountConnected, OneClickReconnected, ConnectionRestored)
"""After one of these, misses are counted from zero (C2)."""


class Facts(Protocol):
    """The facts, as ``engine.answers.history`` reads them from a log."""

    def of(self, subject: Subject) -> list[Recorded]:
        """Every event that concerns the subject, in order of position."""
        ...


class Notice(NamedTuple):
    number: int
    issued: Recorded
    attempts: Sequence[Recorded]


class Trouble(NamedTuple):
    """One incident of an account, as far as it concerns one campaign."""

    account_id: str
    incident_id: str
    supersedes: str | None
    """The failure whose clock this disconnect superseded."""
    opened: Recorded
    led_to: Sequence[Recorded]
    """The failed checks without a success between them and the incident."""
    started: Recorded | None
    """The start of its clock; None in a single-sender campaign, which has no clocks (S1)."""
    deadline: datetime
    at_stake: int
    """The number at stake when the clock started."""
    ended: Recorded | None
    """The end of the clock; None while it runs."""
    notices: Sequence[Notice]
    tried: Sequence[Recorded]
    """Checks, reconnects and refused reconnects, up to the end of the incident."""
    added: Sequence[Recorded]
    """The account's re-adding to FROM EMAIL of the campaign, in time or not."""
    too_late: Recorded | None
    """The first sign that the account worked again, if that was after the clock ran out."""

    @property
    def running(self) -> bool:
        return self.started is not None and self.ended is None


class Case(NamedTuple):
    answer: RecipientAnswer
    campaign: CampaignRow
    own: Sequence[Recorded]
    """Facts about the recipient alone."""
    about_campaign: Sequence[Recorded]
    sender: str | None
    """The account that the recipient hears or heard from; in a single-sender campaign, the slot's
    present or last one."""
    sender_works: bool
    troubles: Sequence[Trouble]
    """The sender's troubles, oldest first; for a stopped recipient, only those that led to the
    stop."""
    now: datetime
    recorded_until: int | None = None
    """Facts after this position are due by the law and not recorded yet; None if there are none."""
    waits: NotBefore | None = None
    """Why nothing is sent to the recipient now, in a campaign that sends by itself (M3)."""

    @property
    def stop(self) -> Recorded | None:
        return self.last(RecipientStopped)

    def last(self, *kinds: type[Event]) -> Recorded | None:
        """The recipient's last fact of these kinds."""
        return last(self.own, *kinds)


def last(facts: Sequence[Recorded], *kinds: type[Event], **equal: Any) -> Recorded | None:
    """The last of these kinds whose fields have these values."""
    return next(iter(chosen(facts[::-1], *kinds, **equal)), None)


def chosen(facts: Iterable[Recorded], *kinds: type[Event], **equal: Any) -> list[Recorded]:
    return [
        each
        for each in facts
        if isinstance(each.event, kinds)
        and all(getattr(each.event, name, None) == value for name, value in equal.items())
    ]


def case_of(
    history: Facts,
    answers: Answers,
    campaign_id: str,
    recipient_id: str,
    now: datetime,
    *,
    recorded_until: int | None = None,
) -> Case | None:
    """The recipient's case; None if the campaign never had the recipient. The views must be up to
    date with the log."""
    answer = answers.recipient(campaign_id, recipient_id)
    if answer is None:
        return None
    campaign = answers.campaigns[campaign_id]
    own = history.of(of_recipient(campaign_id, recipient_id))
    about_campaign = history.of(of_campaign(campaign_id))
    stop = last(own, RecipientStopped)
    sender = _sender(answer, campaign, about_campaign, stop)
    account = answers.accounts.get(sender or "")
    facts = history.of(of_account(sender)) if sender else []
    return Case(
        answer=answer,
        campaign=campaign,
        own=own,
        about_campaign=about_campaign,
        sender=sender,
        sender_works=account is not None and account.incident_id is None,
        troubles=_troubles(facts, about_campaign, campaign.mode, _since(own), stop),
        now=now,
        recorded_until=recorded_until,
    )


def _sender(
    answer: RecipientAnswer,
    campaign: CampaignRow,
    about_campaign: Sequence[Recorded],
    stop: Recorded | None,
) -> str | None:
    if stop is not None and isinstance(stop.event, RecipientStopped):
        return stop.event.account_id
    if answer.sender is None and campaign.mode is Mode.SINGLE:
        return _last_in_the_slot(about_campaign)
    return answer.sender


def _last_in_the_slot(about_campaign: Sequence[Recorded]) -> str | None:
    found = last(about_campaign, CampaignCreated, SenderReplaced)
    match found and found.event:
        case CampaignCreated(account_id=account) | SenderReplaced(account_id=account):
            return account
        case _:
            return None


def _since(own: Sequence[Recorded]) -> int:
    return own[0].position if own else 0


def _troubles(
    account: Sequence[Recorded],
    about_campaign: Sequence[Recorded],
    mode: Mode,
    since: int,
    stop: Recorded | None,
) -> list[Trouble]:
    found = [
        _trouble(opened, opened.event, account, about_campaign)
        for opened in account
        if isinstance(opened.event, OPENINGS)
        and opened.position <= (stop.position if stop else opened.position)
    ]
    if stop is not None and isinstance(stop.event, RecipientStopped):
        return _that_ended_in(stop.event, found)
    if mode is Mode.SINGLE:
        return [each for each in found if each.opened.position >= since]
    return [each for each in found if each.started is not None or each is found[-1]]


def _that_ended_in(stop: RecipientStopped, troubles: Sequence[Trouble]) -> list[Trouble]:
    """The incident of the stop, and the failure that it superseded, if any."""
    superseded = {each.supersedes for each in troubles if each.incident_id == stop.incident_id}
    return [each for each in troubles if each.incident_id in {stop.incident_id, *superseded}]


def _trouble(
    opened: Recorded,
    incident: ConnectionFailed | AccountDisconnected,
    account: Sequence[Recorded],
    about_campaign: Sequence[Recorded],
) -> Trouble:
    here = {"account_id": incident.account_id, "incident_id": incident.incident_id}
    started = last(about_campaign, GracePeriodStarted, **here)
    ended = last(about_campaign, *ENDINGS, **here) if started else None
    over = ended or _next_turn(opened, account)
    after = [each for each in account if each.position > opened.position]
    added = chosen(about_campaign, SenderAdded, account_id=incident.account_id)
    deadline, at_stake = _clock(started) or (incident.deadline_at, 0)
    return Trouble(
        account_id=incident.account_id,
        incident_id=incident.incident_id,
        supersedes=incident.supersedes if isinstance(incident, AccountDisconnected) else None,
        opened=opened,
        led_to=_led_to(opened, account),
        started=started,
        deadline=deadline,
        at_stake=at_stake,
        ended=ended,
        notices=_notices(after, incident.incident_id),
        tried=[each for each in chosen(after, *TRIES) if _before_the_end(each, over)],
        added=[each for each in added if each.position > opened.position],
        too_late=next(
            (each for each in chosen(after, *ANEW) if ended and each.position > ended.position),
            None,
        ),
    )


def _clock(started: Recorded | None) -> tuple[datetime, int] | None:
    match started and started.event:
        case GracePeriodStarted(deadline_at=deadline, at_stake=at_stake):
            return deadline, at_stake
        case _:
            return None


def _next_turn(opened: Recorded, account: Sequence[Recorded]) -> Recorded | None:
    """The end of an incident that has no clock in this campaign: the account works again, or its
    next incident begins."""
    turns = chosen(account, *OPENINGS, ConnectionRestored, AccountConnected)
    return next((each for each in turns if each.position > opened.position), None)


def _before_the_end(tried: Recorded, over: Recorded | None) -> bool:
    """Whether it came before the end, or is the cure itself, which has the same correlation as the
    end of the incident."""
    return (
        over is None
        or tried.position < over.position
        or tried.envelope.correlation_id == over.envelope.correlation_id
    )


def _led_to(opened: Recorded, account: Sequence[Recorded]) -> list[Recorded]:
    if not isinstance(opened.event, ConnectionFailed):
        return []
    before = [each for each in account if each.position < opened.position]
    anew = last(before, *ANEW)
    since = anew.position if anew else 0
    return [each for each in chosen(before, CheckFailed) if each.position > since]


def _notices(after: Sequence[Recorded], incident_id: str) -> list[Notice]:
    attempts = chosen(after, NoticeAttempted, incident_id=incident_id)
    return [
        Notice(number, issued, chosen(attempts, NoticeAttempted, number=number))
        for issued in after
        if isinstance(issued.event, NoticeIssued) and issued.event.incident_id == incident_id
        for number in (issued.event.number,)
    ]
