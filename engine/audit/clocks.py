"""S1-S3, S5-S7, F0, T2: each clock starts correctly and ends once, neither early nor late."""

from engine.audit.books import NEVER, Account, Books, Campaign, Clock, Incident
from engine.audit.senders import alive_first_sends
from events.campaign import (
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
)
from events.vocabulary import IncidentKind

Ended = GracePeriodCured | GracePeriodSuperseded | GracePeriodExpired


def started(books: Books, event: GracePeriodStarted) -> None:
    """S1, S2, S6: a clock starts only in a rotation campaign that depends on the account, where no
    other runs for it, with the incident's deadline."""
    campaign = books.campaign(event.campaign_id)
    account, lane = books.account(event.account_id), campaign.lane(event.account_id)
    incident = account.incidents.get(event.incident_id)
    if not campaign.rotates or not (lane.listed or lane.at_stake):
        books.report("S1", f"{campaign.id} does not depend on {account.id}.")
    if lane.running is not None:
        books.report("S6", f"A clock of {account.id} runs in {campaign.id} already.")
    elif lane.clock is not None and lane.clock.incident_id == event.incident_id:
        books.report("S6", f"{event.incident_id} had its clock in {campaign.id} already.")
    if event.at_stake != lane.at_stake:
        books.report("S1", f"{event.at_stake} are said to be at stake, but {lane.at_stake} are.")
    _of_its_incident(books, event, account, incident)
    clock = lane.clock = Clock(
        event.incident_id, event.kind, event.occurred_at, event.deadline_at, event.deadline_at
    )
    if clock.kind is IncidentKind.FAILURE:
        asked = [each[1] for each in account.checks.values() if each[0] <= clock.deadline_at]
        clock.due_at = max([clock.deadline_at, *asked])
    books.clocks[campaign.id, account.id] = clock
    books.of_account.setdefault(account.id, {})[campaign.id] = None
    books.reckon()
    if incident is not None:
        incident.clocks += 1
        incident.running += 1


def _of_its_incident(
    books: Books, event: GracePeriodStarted, account: Account, incident: Incident | None
) -> None:
    if incident is None or incident.over:
        books.report("S1", f"{event.incident_id} is no open incident of {account.id}.")
    elif (event.kind, event.started_at, event.deadline_at) != (
        incident.kind,
        incident.opened_at,
        incident.deadline_at,
    ):
        books.report("S2", f"The clock is not that of {event.incident_id}.")


def cured(books: Books, event: GracePeriodCured) -> None:
    """C5, T4, S2: a clock is cured by a full check or by re-adding, at the deadline at the
    latest."""
    clock, account = _end(books, event), books.account(event.account_id)
    if clock is None:
        return
    if event.occurred_at > clock.deadline_at and event.occurred_at != clock.began_at:
        books.report("S2", f"A clock was cured after its deadline, {clock.deadline_at}.")
    if books.root == "CureLostClock":  # M6: the cure itself is lost
        return
    if clock.kind is IncidentKind.DISCONNECT:
        if books.owed.cure != account.id:
            books.report("T4", f"{account.id} was not re-added; its hour cannot be cured.")
        books.owed.cure = None
    elif account.healthy_at is None or event.occurred_at != max(account.healthy_at, clock.began_at):
        books.report("C5", f"No full successful check of {account.id} cures this clock.")


def superseded(books: Books, event: GracePeriodSuperseded) -> None:
    """T2: a disconnect ends the clock of the failure, in time."""
    clock, account = _end(books, event), books.account(event.account_id)
    if clock is None:
        return
    by = account.incidents.get(event.superseded_by)
    if clock.kind is not IncidentKind.FAILURE or by is None or by.kind is IncidentKind.FAILURE:
        books.report("T2", "Only a disconnect supersedes, and only a failure's clock.")
    elif event.occurred_at != by.opened_at or event.occurred_at > clock.deadline_at:
        books.report("T2", f"A clock was superseded at another moment than {by.opened_at}.")


def expired(books: Books, event: GracePeriodExpired) -> None:
    """S2, S3, S5, S7, F0: a clock expires as of its deadline, never early, with correct counts."""
    campaign, lane = books.campaign(event.campaign_id), None
    clock, account = _end(books, event), books.account(event.account_id)
    lane = campaign.lane(event.account_id)
    if clock is not None:
        _as_of_the_deadline(books, event, clock, account)
    in_flight = alive_first_sends(books, campaign.id, account.id)
    if (event.stopped, event.released) != (lane.at_stake, lane.soft - in_flight):
        books.report(
            "S3",
            f"{event.stopped} stopped and {event.released} released are told; "
            f"{lane.at_stake} were at stake and {lane.soft - in_flight} softly assigned.",
        )
    if event.in_flight != in_flight:
        books.report("S8", f"{event.in_flight} in flight are told, {in_flight} were.")
    if event.skipped != lane.skipped:
        books.report("S5", "Those spared because they were terminal are counted wrongly.")
    _doom(campaign, event)
    lane.listed = False
    owed = books.owed
    owed.stops, owed.releases = event.stopped, event.released
    owed.stop_account, owed.stop_incident = account.id, event.incident_id


def _as_of_the_deadline(
    books: Books, event: GracePeriodExpired, clock: Clock, account: Account
) -> None:
    now = books.envelope.recorded_at
    if event.deadline_at != clock.deadline_at:
        books.report("S2", f"The clock's deadline was {clock.deadline_at}.")
    if event.occurred_at != max(clock.deadline_at, clock.began_at):
        books.report("S7", f"The expiry is not dated at its deadline, {clock.deadline_at}.")
    if now < clock.deadline_at:
        books.report("S2", f"A clock ran out before its deadline, {clock.deadline_at}.")
    if clock.kind is IncidentKind.FAILURE and any(
        asked <= clock.deadline_at and patience >= now
        for asked, patience in account.checks.values()
    ):
        books.report("C6", "A clock ran out while a check asked for in time was waited for.")


def _doom(campaign: Campaign, event: GracePeriodExpired) -> None:
    """S8: recipients whose first email is on its way stop once its outcome is known."""
    for name in campaign.lane(event.account_id).first_sends:
        if not campaign.people[name].ended:
            campaign.people[name].doomed = event.incident_id


def _end(books: Books, event: Ended) -> Clock | None:
    """S6: a clock has exactly one outcome, so only a running one can end."""
    campaign = books.campaign(event.campaign_id)
    clock = campaign.lane(event.account_id).running
    if clock is None or clock.incident_id != event.incident_id or clock.kind is not event.kind:
        books.report("S6", f"No clock of {event.incident_id} runs in {campaign.id}.")
        return None
    clock.running = False
    books.clocks.pop((campaign.id, event.account_id), None)
    books.reckon()
    incident = books.account(event.account_id).incidents.get(event.incident_id)
    if incident is not None:
        incident.running -= 1
        incident.expired += isinstance(event, GracePeriodExpired)
        if not isinstance(event, GracePeriodSuperseded):
            books.end_notice_due[event.incident_id] = event.account_id
    return clock


def nothing_overdue(books: Books) -> None:
    """S7: before anything is decided, everything that was due before is settled; no clock is
    lost."""
    now = books.envelope.recorded_at
    for (campaign, account), clock in list(books.clocks.items()):
        if clock.due_at < now:
            books.report("S7", f"The clock of {account} in {campaign} was due and is not settled.")
            clock.due_at = NEVER
    books.reckon()
