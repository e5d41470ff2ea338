"""One recipient's case: every fact that answers why it stands where it stands (F3).

Read through ``engine.answers.history``: a few dozen events, however long the log is.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from engine.answers.history import History
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
from projections.histories import of_account, of_campaign, of_recipient

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
"""After these, misses count from zero (C2)."""


class Notice(NamedTuple):
    issued: Recorded
    attempts: Sequence[Recorded]


class Trouble(NamedTuple):
    """One incident of an account, as far as it concerns one campaign."""

    account_id: str
    opened: Recorded
    led_to: Sequence[Recorded]
    """The failed checks without a success between them and the incident."""
    clock: Recorded | None
    """None where none started: single-sender campaigns have no clocks (S1)."""
    ended: Recorded | None
    """How the clock ended; None while it runs."""
    notices: Sequence[Notice]
    tried: Sequence[Recorded]
    """Checks, reconnects and refused reconnects, up to the end of the incident."""
    added: Sequence[Recorded]
    """The account back in FROM EMAIL of the campaign, in time or not."""
    too_late: Recorded | None
    """The account works again, after the clock ran out."""

    @property
    def deadline(self) -> datetime:
        deadline: datetime = (self.clock or self.opened).event.deadline_at  # type: ignore[attr-defined]
        return deadline

    @property
    def running(self) -> bool:
        return self.clock is not None and self.ended is None


class Case(NamedTuple):
    answer: RecipientAnswer
    campaign: CampaignRow
    own: Sequence[Recorded]
    """What concerns the recipient alone."""
    about_campaign: Sequence[Recorded]
    sender: str | None
    """Who it hears or heard from; in single-sender campaigns who sits or last sat in the slot."""
    sender_works: bool
    troubles: Sequence[Trouble]
    """Of the sender, oldest first; of a stopped recipient those that ended in the stop."""
    now: datetime

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
    history: History, answers: Answers, campaign_id: str, recipient_id: str, now: datetime
) -> Case | None:
    """None for a recipient whom the campaign never had. The views stand at the log's end."""
    answer = answers.recipient(campaign_id, recipient_id)
    if answer is None:
        return None
    campaign = answers.campaigns[campaign_id]
    own = history.of(of_recipient(campaign_id, recipient_id))
    about_campaign = history.of(of_campaign(campaign_id))
    stop = last(own, RecipientStopped)
    sender = stop.event.account_id if stop else answer.sender  # type: ignore[attr-defined]
    if sender is None and campaign.mode is Mode.SINGLE:
        sender = _last_in_the_slot(about_campaign)
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
    )


def _last_in_the_slot(about_campaign: Sequence[Recorded]) -> str | None:
    found = last(about_campaign, CampaignCreated, SenderReplaced)
    return found.event.account_id if found else None  # type: ignore[attr-defined]


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
        _trouble(opened, account, about_campaign)
        for opened in chosen(account, *OPENINGS)
        if opened.position <= (stop.position if stop else opened.position)
    ]
    if stop is not None:
        return _that_ended_in(stop, found)
    if mode is Mode.SINGLE:
        return [each for each in found if each.opened.position >= since]
    return [each for each in found if each.clock is not None or each is found[-1]]


def _that_ended_in(stop: Recorded, troubles: Sequence[Trouble]) -> list[Trouble]:
    """The incident of the stop, and the failure it superseded, if it did."""
    event: Any = stop.event
    ids = {event.incident_id}
    for each in troubles:
        opened: Any = each.opened.event
        if opened.incident_id in ids:
            ids.add(getattr(opened, "supersedes", None))
    return [each for each in troubles if each.opened.event.incident_id in ids]  # type: ignore[attr-defined]


def _trouble(
    opened: Recorded, account: Sequence[Recorded], about_campaign: Sequence[Recorded]
) -> Trouble:
    event: Any = opened.event
    here = {"account_id": event.account_id, "incident_id": event.incident_id}
    clock = last(about_campaign, GracePeriodStarted, **here)
    ended = last(about_campaign, *ENDINGS, **here) if clock else None
    over = ended or _next_turn(opened, account)
    after = [each for each in account if each.position > opened.position]
    end = over.position if over else None
    tried = [
        each
        for each in chosen(after, *TRIES)
        if end is None or each.position < end or _brought_about(each, over)
    ]
    added = chosen(about_campaign, SenderAdded, account_id=event.account_id)
    return Trouble(
        account_id=event.account_id,
        opened=opened,
        led_to=_led_to(opened, account),
        clock=clock,
        ended=ended,
        notices=_notices(after, event.incident_id),
        tried=tried,
        added=[each for each in added if each.position > opened.position],
        too_late=next(
            (each for each in chosen(after, *ANEW) if ended and each.position > ended.position),
            None,
        ),
    )


def _next_turn(opened: Recorded, account: Sequence[Recorded]) -> Recorded | None:
    """Where an incident without a clock here is over: works again, or the next one begins."""
    turns = chosen(account, *OPENINGS, ConnectionRestored, AccountConnected)
    return next((each for each in turns if each.position > opened.position), None)


def _brought_about(tried: Recorded, over: Recorded | None) -> bool:
    """The cure itself, which stands in one command with the end of the incident."""
    return over is not None and tried.envelope.correlation_id == over.envelope.correlation_id


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
        Notice(issued, chosen(attempts, NoticeAttempted, number=issued.event.number))  # type: ignore[attr-defined]
        for issued in chosen(after, NoticeIssued, incident_id=incident_id)
    ]
