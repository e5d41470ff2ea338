"""S3-S5, S8, M1, M2, M5, F1: recipients, what is sent to them, and how they end."""

from engine.audit import pace
from engine.audit.books import Books, Campaign, Lane, Lost, Person, Progress
from events import campaign as facts
from events.vocabulary import (
    CampaignStatus,
    ConnectionStatus,
    RecipientStatus,
    StopReason,
)

RUNNING, SUCCESSFUL = CampaignStatus.RUNNING, ConnectionStatus.SUCCESSFUL
PENDING, ACTIVE = RecipientStatus.PENDING, RecipientStatus.ACTIVE
STOPPED = RecipientStatus.CAMPAIGN_STOPPED
ENDED_AS: dict[type[facts.RecipientEnded], RecipientStatus] = {
    facts.RecipientReplied: RecipientStatus.REPLIED,
    facts.RecipientBounced: RecipientStatus.BOUNCED,
    facts.RecipientUnsubscribed: RecipientStatus.UNSUBSCRIBED,
    facts.RecipientFinished: RecipientStatus.FINISHED,
    facts.RecipientFailed: RecipientStatus.FAILED,
}


def added(books: Books, event: facts.RecipientAdded) -> None:
    """S4: nobody is added twice, least of all a stopped recipient; F1: ids are opaque."""
    campaign = books.campaign(event.campaign_id)
    name = event.recipient_id
    if name in campaign.people:
        books.report("S4", f"{name} was in {campaign.id} already.")
        return
    if "@" in name:
        books.report("F1", "The recipient's id is an address; it must be opaque.")
    if name in books.suppressed:
        books.report("M7", f"{name} is suppressed, and was added to {campaign.id}.")
    campaign.people[name] = Person()
    campaign.alive += 1


def migrated(books: Books, event: facts.RecipientMigrated) -> None:
    """M1, M2: a recipient is migrated right after being added, with a sender and the first steps of
    the sequence."""
    campaign, name = books.campaign(event.campaign_id), event.recipient_id
    person, account_id = books.person(campaign, name), event.account_id
    if person.emails or person.ended or person.send_id is not None or person.sender is not None:
        books.report("M2", f"{name} was under way before what was received elsewhere was told.")
    if account_id not in books.senders(campaign):
        books.report("M1", f"{account_id} is no sender of {campaign.id}.")
    if event.received_at > event.occurred_at:
        books.report("M3", f"{name} is said to have received a message later than that.")
    if campaign.rotates:
        person.sender = account_id
        campaign.lane(account_id).at_stake += 1
    person.status, person.emails = ACTIVE, len(event.steps)
    pace.migrated(books, campaign, person, event)


def import_refused(books: Books, event: facts.RecipientImportRefused) -> None:
    """S4, M7: only people are refused who were stopped, or are new to the campaign and
    suppressed."""
    campaign = books.campaign(event.campaign_id)
    if event.reason == "suppressed":
        known = event.recipient_id in campaign.people
        if known or not (event.recipient_id in books.suppressed or books.domains):
            books.report("M7", f"{event.recipient_id} was refused though it was not suppressed.")
        return
    if books.person(campaign, event.recipient_id).status is not STOPPED:
        books.report("S4", f"{event.recipient_id} was refused though it was not stopped.")


def assigned(books: Books, event: facts.RecipientAssigned) -> None:
    """M1: only recipients who received nothing are assigned, to a listed and connected account."""
    campaign = books.campaign(event.campaign_id)
    person = books.person(campaign, event.recipient_id)
    if person.emails or person.ended or person.send_id is not None:
        books.report("M1", f"{event.recipient_id} may not be assigned any more.")
    _require_sender(books, campaign, event.account_id)
    if not person.emails and person.sender != event.account_id:
        if person.sender is not None:
            campaign.lane(person.sender).soft -= 1
        campaign.lane(event.account_id).soft += 1
        person.sender = event.account_id


def released(books: Books, event: facts.AssignmentReleased) -> None:
    """M1: only soft assignments are released; S3: as many as the expiry says."""
    campaign = books.campaign(event.campaign_id)
    person = books.person(campaign, event.recipient_id)
    if person.emails or person.sender != event.account_id:
        books.report("M1", f"{event.recipient_id} was not softly assigned to {event.account_id}.")
        return
    campaign.lane(event.account_id).soft -= 1
    person.sender = None
    if books.owed.releases:
        books.owed.releases -= 1


def leaving(books: Books, event: facts.SendReserved) -> None:
    return lost(books, event) if books.lost_send else reserved(books, event)


def reserved(books: Books, event: facts.SendReserved) -> None:
    """S4, S8: nothing is reserved for terminal recipients; M1, M2, M5: once, from the sender, not
    while held."""
    campaign = books.campaigns.get(event.campaign_id) or books.campaign(event.campaign_id)
    name, account_id = event.recipient_id, event.account_id
    person = campaign.people.get(name) or books.person(campaign, name)
    if person.ended:
        rule = "S8" if person.status is STOPPED else "S4"
        books.report(rule, f"A message to {name}, who is {person.status}, was reserved.")
    if campaign.status is not RUNNING:
        books.report("P1", f"A send was reserved in {campaign.id}, which is {campaign.status}.")
    if campaign.rotates:
        lane = campaign.lanes.get(account_id) or campaign.lane(account_id)
        if not lane.listed:
            books.report("P3", f"{account_id} is not in FROM EMAIL of {campaign.id}.")
        if not person.emails:
            _first_send(campaign, person, lane, name, account_id)
        elif person.sender != account_id:
            books.report("M1", f"{name} hears from {person.sender}, not from {account_id}.")
    elif books.slots.get(campaign.slot_id or "") != account_id:
        books.report("P3", f"{account_id} does not sit in the slot of {campaign.id}.")
    account = books.accounts.get(account_id)
    if account is None or account.status is not SUCCESSFUL:
        books.report("P3", f"A send was reserved through {account_id}, which is not successful.")
    if person.held_until is not None and person.held_until > event.occurred_at:
        books.report("M5", f"{name} is held until {person.held_until}.")
    if person.send_id is not None:
        books.report("M2", f"Another message to {name} is on its way.")
    if any(each.send_id == event.send_id for each in person.unknown):
        books.report("M2", f"{event.send_id} was reserved again though its outcome is unknown.")
    pace.reserved(books, campaign, person, event)
    person.send_id, person.via, person.reserved_at = event.send_id, account_id, event.occurred_at


def lost(books: Books, event: facts.SendReserved) -> None:
    """M6: the message left at an unknown time before this was recorded."""
    campaign, account_id = books.campaign(event.campaign_id), event.account_id
    person = books.person(campaign, event.recipient_id)
    if campaign.rotates and not person.emails:
        lane = campaign.lanes.get(account_id) or campaign.lane(account_id)
        _first_send(campaign, person, lane, event.recipient_id, account_id)
    pace.lost(books, campaign, person, event)
    person.send_id, person.via, person.reserved_at = event.send_id, account_id, event.occurred_at


def _first_send(campaign: Campaign, person: Person, lane: Lane, name: str, account_id: str) -> None:
    if person.sender != account_id:
        if person.sender is not None:
            campaign.lane(person.sender).soft -= 1
        lane.soft += 1
        person.sender = account_id
    lane.first_sends.add(name)


def received(books: Books, event: facts.EmailAccepted | facts.EmailOutcomeUnknown) -> None:
    """M2: only a reserved send is received; M1: from one account only; S8: too late means
    stopped."""
    campaign = books.campaigns.get(event.campaign_id) or books.campaign(event.campaign_id)
    name, account_id = event.recipient_id, event.account_id
    person = campaign.people.get(name) or books.person(campaign, name)
    if person.send_id != event.send_id or person.via != account_id:
        books.report("M2", f"An outcome of {event.send_id}, which was not on its way.")
    if campaign.rotates:
        lane = campaign.lanes.get(account_id) or campaign.lane(account_id)
        if not person.emails:
            _fix(person, lane, name, account_id)
        elif person.sender != account_id:
            books.report("M1", f"{name} heard from {person.sender} and now from {account_id}.")
        if person.doomed is not None and not person.ended:
            books.owed.received_late = name
        elif not lane.listed:
            books.touch(account_id)
    progress = person.progress
    if type(event) is facts.EmailOutcomeUnknown:
        reserved_at, so_far = person.reserved_at or event.occurred_at, progress or Progress()
        tried = so_far.tries, so_far.first_tried_at
        lost = Lost(event.send_id, account_id, reserved_at, so_far.step, *tried)
        person.unknown = (*person.unknown, lost)
    if progress is not None and progress.step is not None:
        pace.received(campaign, progress, event.occurred_at)
    person.emails += 1
    person.send_id = person.via = None
    if person.status is PENDING:
        person.status = ACTIVE


def _fix(person: Person, lane: Lane, name: str, account_id: str) -> None:
    lane.first_sends.discard(name)
    if person.ended:
        lane.skipped[person.status] = lane.skipped.get(person.status, 0) + 1
    else:
        lane.at_stake += 1
        if person.sender == account_id:
            lane.soft -= 1
    person.sender = account_id


def refused(books: Books, event: facts.EmailRefused) -> None:
    """M2: only a reserved send is refused."""
    campaign = books.campaign(event.campaign_id)
    person = books.person(campaign, event.recipient_id)
    if person.send_id != event.send_id or person.via != event.account_id:
        books.report("M2", f"An outcome of {event.send_id}, which was not on its way.")
    if campaign.rotates:
        campaign.lane(event.account_id).first_sends.discard(event.recipient_id)
    if person.progress is not None and person.progress.step is not None:
        pace.refused(books, campaign, person, event)
    person.send_id = person.via = person.doomed = None


def searched(books: Books, event: facts.SentFolderSearched) -> None:
    """M2: only a send of unknown outcome is searched for."""
    person = books.person(books.campaign(event.campaign_id), event.recipient_id)
    if all(each.send_id != event.send_id for each in person.unknown):
        books.report("M2", f"The outcome of {event.send_id} was not unknown.")
    if not event.found:
        person.unknown = tuple(each for each in person.unknown if each.send_id != event.send_id)


def ended(books: Books, event: facts.RecipientEnded) -> None:
    """S4: nobody ends twice; the fixed sender is named."""
    campaign = books.campaign(event.campaign_id)
    person = books.person(campaign, event.recipient_id)
    if person.ended:
        books.report("S4", f"{event.recipient_id} was {person.status} already.")
        return
    if event.account_id != (person.sender if person.emails else None):
        books.report("M1", f"{event.recipient_id} did not hear from {event.account_id}.")
    if isinstance(event, facts.RecipientFinished) and books.envelope.command == "FinishRecipient":
        pace.finished(books, campaign, person, event)
    campaign.bounces += isinstance(event, facts.RecipientBounced)
    if books.owed.failed == event.recipient_id and isinstance(event, facts.RecipientFailed):
        books.owed.failed = None
    _end(campaign, person, ENDED_AS[type(event)])


def stopped(books: Books, event: facts.RecipientStopped) -> None:
    """S3, F0: a stop belongs to an expiry earlier in the same command; S8: or to a late outcome."""
    campaign = books.campaigns.get(event.campaign_id) or books.campaign(event.campaign_id)
    name, owed = event.recipient_id, books.owed
    person = campaign.people.get(name) or books.person(campaign, name)
    if person.ended:
        books.report("S4", f"{name} was {person.status} already.")
        return
    if not person.emails or person.sender != event.account_id:
        books.report("S3", f"{name} received nothing from {event.account_id}.")
    if owed.received_late == name and person.doomed == event.incident_id:
        owed.received_late = None
    elif owed.stops and (owed.stop_account, owed.stop_incident) == (
        event.account_id,
        event.incident_id,
    ):
        owed.stops -= 1
    else:
        books.report("F0", f"{name} was stopped without an expiry in the same command.")
    incident = books.account(event.account_id).incidents.get(event.incident_id)
    if incident is None or event.reason is not StopReason.of(incident.kind):
        books.report("S3", f"{event.reason} is not what {event.incident_id} stops for.")
    _end(campaign, person, STOPPED)


def _end(campaign: Campaign, person: Person, status: RecipientStatus) -> None:
    person.ended, person.status = True, status
    campaign.alive -= 1
    if not campaign.rotates or person.sender is None:
        return
    lane = campaign.lane(person.sender)
    if not person.emails:
        lane.soft -= 1
        return
    lane.at_stake -= 1
    if status is not STOPPED:
        lane.skipped[status] = lane.skipped.get(status, 0) + 1


def late_signal(books: Books, event: facts.LateSignalRecorded) -> None:
    """S4: a signal is late only if the recipient is terminal."""
    person = books.person(books.campaign(event.campaign_id), event.recipient_id)
    if not person.ended:
        books.report("S4", f"{event.recipient_id} is not terminal; the signal must end it.")


def auto_replied(books: Books, event: facts.AutoReplyReceived) -> None:
    """M5: an out-of-office holds until the latest date named."""
    person = books.person(books.campaign(event.campaign_id), event.recipient_id)
    dates = [each for each in (person.held_until, event.until) if each is not None]
    dates = [each for each in dates if each > event.occurred_at]
    due = max(dates) if dates and not person.ended else None
    if event.held_until != due:
        books.report("M5", f"{event.recipient_id} is held until {event.held_until}, not {due}.")
    person.held_until = event.held_until


def hold_ended(books: Books, event: facts.HoldEnded) -> None:
    """M5, S7: a hold ends on its date."""
    person = books.person(books.campaign(event.campaign_id), event.recipient_id)
    if person.held_until != event.occurred_at or books.envelope.recorded_at < event.occurred_at:
        books.report("M5", f"{event.recipient_id} was held until {person.held_until}.")
    person.held_until = None


def _require_sender(books: Books, campaign: Campaign, account_id: str) -> None:
    if not campaign.rotates or not campaign.lane(account_id).listed:
        books.report("M1", f"{account_id} is not in FROM EMAIL of {campaign.id}.")
    elif not books.works(account_id):
        books.report("M1", f"{account_id} is not successful.")
