"""Every question about one thing, in one table: its path, and what answers it.

The console's pages and the tools for other programs ask these same questions.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from adapters.http.problems import NotFound
from adapters.http.reading.answers import (
    EventInContext,
    LoggedEvents,
    Now,
    OneAccount,
    OneCampaign,
    OneRecipient,
)
from adapters.http.reading.collections import campaign_of
from adapters.http.reading.moments import View
from adapters.http.site import Site
from engine.answers.recipient_case import Case, case_of
from engine.answers.telling import rows
from engine.answers.telling.attention import Attention, attention
from engine.answers.telling.case import case_told
from engine.answers.telling.reader import Reader
from engine.answers.telling.whole import account_told, campaign_told, person_told, recipient_told
from engine.answers.telling.why import explained
from engine.answers.waits import account_pace, campaign_pace, waits
from engine.audit.by_stream import Asked
from engine.planning.why_not_now import Moment, why_not_now
from engine.ports.log import Log
from engine.work.mailing.inboxes import WorkspaceInboxes
from engine.work.masking import shown
from engine.work.permissions import Act, Caller
from engine.work.ports import Person
from events.vocabulary import instant_text
from projections.histories import of_account, of_campaign, of_recipient

Names = Mapping[str, str]
"""The names in the path."""


class Asking(NamedTuple):
    site: Site
    view: View
    names: Names
    caller: Caller


class Question(NamedTuple):
    path: str
    answers: str
    answer: Callable[[Asking], dict[str, Any]]
    act: Act = Act.READ
    told: Any = dict[str, Any]
    """The shape of the answer, for the document."""

    @property
    def name(self) -> str:
        """``/campaigns/{campaign_id}`` → ``campaign``."""
        return self.answer.__name__

    def about(self, workspace: str, names: Names) -> Asked | None:
        """The recipient that the question is about, if it is about one."""
        if "recipient_id" not in names or "campaign_id" not in names:
            return None
        return Asked(workspace, names["campaign_id"], names["recipient_id"])


def now(asking: Asking) -> dict[str, Any]:
    return attention_of(asking).to_json()


def attention_of(asking: Asking) -> Attention:
    site, view, *_ = asking
    found = attention(view.answers(), view.at, view.current.stopped if view.current else {})
    if view.current is None:
        return found
    campaigns = view.current.aggregates.campaigns()
    return found._replace(
        tells_owners=site.settings.tells_owners,
        fenced=view.current.fenced,
        waits=waits(moment_for(site, view), campaigns),
    )


def account(asking: Asking) -> dict[str, Any]:
    site, view, names, _ = asking
    answers, account_id = view.answers(), names["account_id"]
    if account_id not in answers.accounts:
        raise NotFound("account", account_id)
    if view.current is None:
        return account_told(answers, account_id, None, None)
    check = site.schedule.row(view.workspace, account_id)
    pace = account_pace(view.current.aggregates.account(account_id), view.at)
    return account_told(answers, account_id, check, pace)


def campaign(asking: Asking) -> dict[str, Any]:
    _, view, names, _ = asking
    answers = view.answers()
    campaign_id = campaign_of(answers, names["campaign_id"])
    found = view.current.aggregates.campaign(campaign_id) if view.current else None
    pace = campaign_pace(found, view.at) if found else None
    sequence = found.sequence if found else None
    return {
        **campaign_told(answers, campaign_id, pace),
        "sequence": sequence and sequence.model_dump(mode="json"),
    }


def recipient(asking: Asking) -> dict[str, Any]:
    _, view, names, caller = asking
    answers, name = view.answers(), names["recipient_id"]
    directory = view.opened.directory
    known = directory.recipient_at(view.workspace, name.strip().lower()) or name
    forgotten = directory.forgotten_at(view.workspace, known)
    person = person_of(view, known, caller)
    told = recipient_told(answers, known, person and person_told(*person), forgotten)
    if not (told["campaigns"] or person or forgotten):
        raise NotFound("recipient", name)
    return told


def case(asking: Asking) -> dict[str, Any]:
    """A recipient's case; the look at it is recorded before it is told."""
    found = case_in(asking)
    _, view, names, caller = asking
    person = person_of(view, names["recipient_id"], caller)
    sentences = explained(found, reader_of(names["recipient_id"], person))
    return case_told(found, view.workspace, person and person._asdict(), sentences)


def case_in(asking: Asking) -> Case:
    """The case. Raises ``NotFound``, and any error that keeps the look from being recorded."""
    site, view, names, caller = asking
    campaign_id, recipient_id = names["campaign_id"], names["recipient_id"]
    answers = view.answers()
    found = case_of(
        view.history,
        answers,
        campaign_of(answers, campaign_id),
        recipient_id,
        view.at,
        recorded_until=view.recorded_until,
    )
    if found is None:
        raise NotFound("recipient", recipient_id)
    site.looks.record(caller, view.workspace, campaign_id, recipient_id)
    if view.current is None:
        return found
    planned = view.current.aggregates.campaign(campaign_id)
    if planned.sequence is None or recipient_id not in planned.recipients:
        return found
    return found._replace(waits=why_not_now(moment_for(site, view), planned, recipient_id))


def recipient_events(asking: Asking) -> dict[str, Any]:
    subject = of_recipient(asking.names["campaign_id"], asking.names["recipient_id"])
    return {"events": [rows.event(each) for each in asking.view.history.of(subject)]}


def account_events(asking: Asking) -> dict[str, Any]:
    subject = of_account(asking.names["account_id"])
    return {"events": [rows.event(each) for each in asking.view.history.of(subject)]}


def campaign_events(asking: Asking) -> dict[str, Any]:
    subject = of_campaign(asking.names["campaign_id"])
    return {"events": [rows.event(each) for each in asking.view.history.of(subject)]}


def event(asking: Asking) -> dict[str, Any]:
    """An event with its parent, and the commands that it brought about."""
    history, position = asking.view.history, asking.names["position"]
    is_there = is_in_log(asking.view.opened.store, position)
    found = next(history.at([int(position)]), None) if is_there else None
    if found is None or found.workspace != asking.view.workspace:
        raise NotFound("event", position)
    envelope = found.envelope
    return {
        **rows.event_and_command(found),
        "place": {"first_position": envelope.first_position, "events": envelope.event_count},
        "causes": [_brief(each) for each in history.causes(found)[:-1]],
        "brought_about": [_brief(each) for each in history.commands_caused_by(envelope)]
        + [_brief(each) for each in history.later(found)],
    }


def person_of(view: View, recipient_id: str, caller: Caller) -> Person | None:
    """The person, as far as the caller may see it."""
    found = view.opened.directory.person(view.workspace, recipient_id)
    return shown(found, caller) if found else None


def reader_of(recipient_id: str, person: Person | None) -> Reader:
    return Reader(names={recipient_id: person.name} if person and person.name else {})


def moment_for(site: Site, view: View) -> Moment:
    assert view.current is not None
    inboxes = WorkspaceInboxes(site.cursors, view.workspace)
    fenced = view.current.fenced is not None
    return Moment(view.current.aggregates, view.at, site.settings.policy, inboxes, fenced)


def is_in_log(log: Log, position: str) -> bool:
    end = log.last_position()
    return position.isascii() and position.isdecimal() and 0 < int(position[:19]) <= end


def _brief(recorded: Any) -> dict[str, Any]:
    return {
        "position": recorded.position,
        "type": type(recorded.event).__name__,
        "at": instant_text(recorded.event.occurred_at),
        "actor": recorded.envelope.actor,
    }


RECIPIENT = "/campaigns/{campaign_id}/recipients/{recipient_id}"

QUESTIONS = (
    Question("/now", "What needs a human now?", now, told=Now),
    Question(
        *("/accounts/{account_id}", "How is the account, and what depends on it?", account),
        told=OneAccount,
    ),
    Question(
        "/accounts/{account_id}/events",
        "What happened to it?",
        account_events,
        Act.READ_LOG,
        LoggedEvents,
    ),
    Question("/campaigns/{campaign_id}", "How is the campaign?", campaign, told=OneCampaign),
    Question(
        "/campaigns/{campaign_id}/events",
        "What happened to it?",
        campaign_events,
        Act.READ_LOG,
        LoggedEvents,
    ),
    Question(
        *("/recipients/{recipient_id}", "Where is this recipient, by id or address?", recipient),
        told=OneRecipient,
    ),
    Question(RECIPIENT, "Why is the recipient in this state?", case, Act.READ_CASE),
    Question(
        f"{RECIPIENT}/events", "What happened to it?", recipient_events, Act.READ_LOG, LoggedEvents
    ),
    Question(
        "/events/{position}",
        "What is recorded there, and why?",
        event,
        Act.READ_LOG,
        EventInContext,
    ),
)
