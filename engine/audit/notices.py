"""N1-N3: the owner is told of each incident, once for each moment, and never after it is over."""

from engine.audit.books import Books, Incident
from events.email_account import NoticeAttempted, NoticeIssued
from events.vocabulary import IncidentKind, NoticeKind

STARTS = {NoticeKind.FAILURE: IncidentKind.FAILURE, NoticeKind.DISCONNECT: IncidentKind.DISCONNECT}


def issued(books: Books, event: NoticeIssued) -> None:
    """N1: notices are numbered, one for each moment, with the stakes of that moment."""
    incident = books.account(event.account_id).incidents.get(event.incident_id)
    if incident is None:
        books.report("N1", f"{event.incident_id} is no incident of {event.account_id}.")
        return
    if event.number != incident.notices + 1:
        books.report("N1", f"Notice {event.number} follows notice {incident.notices}.")
    if (event.kind, event.due_at) in incident.told:
        books.report("N1", f"The owner was told of {event.kind} at that moment already.")
    if event.at_stake != sum(stake.recipients for stake in event.campaigns):
        books.report("N1", "The notice does not add up its campaigns.")
    if event.deadline_at != incident.deadline_at or event.incident_kind is not incident.kind:
        books.report("N1", f"The notice is not about {event.incident_id} as it is.")
    at_once = event.kind in (NoticeKind.ENDED, NoticeKind.CURED)
    if at_once and event.due_at != event.occurred_at:
        books.report("N1", f"A notice of {event.kind} is due at once, and was not issued then.")
    match event.kind:
        case NoticeKind.ENDED:
            _ended(books, incident)
        case NoticeKind.CURED:
            _cured(books, incident)
            books.tells_every_cure |= not incident.clocks
        case _:
            _trouble(books, event, incident)
    incident.notices = event.number
    incident.told.add((event.kind, event.due_at))
    incident.told_of = event.due_at


def _trouble(books: Books, event: NoticeIssued, incident: Incident) -> None:
    """N1, N3: a notice of an open incident is issued at once, or is a reminder that was due before
    the deadline."""
    if STARTS[event.kind] is not incident.kind:
        books.report("N1", f"A notice of {event.kind} about a {incident.kind}.")
    first = event.due_at == incident.opened_at
    if not first and event.due_at not in incident.remind_at:
        books.report("N1", "A reminder at a moment at which none was due.")
    if event.due_at >= incident.deadline_at:
        books.report("N1", "A reminder that was due at or after the deadline.")
    if not first and incident.told_of is not None and event.due_at < incident.told_of:
        books.report("N1", "A reminder that a later one has overtaken.")
    if event.occurred_at < event.due_at:
        books.report("N1", "A reminder before it was due.")
    in_vain = incident.kind is IncidentKind.DISCONNECT and not incident.running and not first
    if incident.over or in_vain:
        books.report("N3", f"A reminder of {event.incident_id}, which is over.")
    _stakes(books, event)


def _stakes(books: Books, event: NoticeIssued) -> None:
    for stake in event.campaigns:
        campaign = books.campaigns.get(stake.campaign_id)
        lane = campaign.lane(event.account_id) if campaign else None
        if lane is None or lane.running is None or lane.at_stake != stake.recipients:
            books.report("N1", f"{stake.recipients} at stake in {stake.campaign_id} is wrong.")


def _ended(books: Books, incident: Incident) -> None:
    """N1: ``ended`` is issued only if clocks ran out, and once all have ended."""
    if not incident.expired or incident.running:
        books.report("N1", "The owner was told of an end that has not come.")


def _cured(books: Books, incident: Incident) -> None:
    """N3: ``cured`` is issued once, when a failure is cured, or a disconnect's last clock, and no
    clock ran out."""
    cured = incident.restored if incident.kind is IncidentKind.FAILURE else incident.clocks
    if not cured or incident.running or incident.expired:
        books.report("N3", "'All is well' was told when it is not.")
    if NoticeKind.CURED in {kind for kind, _ in incident.told}:
        books.report("N3", "'All is well' was told already.")


def attempted(books: Books, event: NoticeAttempted) -> None:
    """N2: an attempt is one to deliver an issued notice."""
    incident = books.account(event.account_id).incidents.get(event.incident_id)
    if incident is None or not 1 <= event.number <= incident.notices:
        books.report("N2", f"There is no notice {event.number} of {event.incident_id}.")


def told_at_once(books: Books, account_id: str) -> None:
    """N1: a failure or a disconnect is notified at once."""
    incidents = books.account(account_id).incidents
    newest = next(reversed(incidents.items()), None)
    if newest is not None and not newest[1].notices:
        books.report("N1", f"Nobody was told of {newest[0]} at once.")


def told_of_the_end(books: Books, incident_id: str, account_id: str) -> None:
    """N1, N3: when an incident is over and its last clock has ended, the owner is told how."""
    incident = books.account(account_id).incidents.get(incident_id)
    if incident is None or incident.running:
        return
    if not incident.clocks and not books.tells_every_cure:
        return
    due = NoticeKind.ENDED if incident.expired else NoticeKind.CURED
    if due not in {kind for kind, _ in incident.told}:
        rule = "N1" if incident.expired else "N3"
        books.report(rule, f"{incident_id} ended, and nobody was told.")
