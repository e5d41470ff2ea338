"""What waits for nobody: it is done by workers alone, and so must not wait while all is well.

Told before and after a round of rest, what is told twice has waited in vain. By what the facts
say (the books of the law's auditor, the judge of sending) and what servers know, not the engine.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import NamedTuple

from engine.audit.books import Account, Books, Campaign, Incident, Person
from events import campaign as of
from events.email_account import (
    AccountConnected,
    NoticeAttempted,
    NoticeIssued,
    OneClickReconnected,
)
from events.recorded import Recorded
from events.vocabulary import CampaignStatus, IncidentKind
from tests.proof.sending_judge import LONELY_STEP, SendingJudge
from tests.simulation.workers import World

TRIED_AGAIN = timedelta(minutes=62)
"""After a failed attempt to deliver a notice, at the latest (N2)."""
SEARCHABLE = timedelta(minutes=12)
"""After a reservation its message may be searched for, whoever reserved it (M2)."""
FRESH = timedelta(seconds=120)
"""Whatever may be done for so long has had its turn: a day of sending may have just begun."""


class Seen(NamedTuple):
    """One workspace by its facts."""

    name: str
    books: Books
    judge: SendingJudge


class Waiting:
    def __init__(self, world: World) -> None:
        self._world = world
        self._credentials: dict[tuple[str, str], str | None] = {}
        self._untold: dict[tuple[str, str, str, int], datetime | None] = {}
        """Notices that their owner did not get, as far as is recorded, by the last attempt."""

    def take_in(self, recorded: Recorded) -> None:
        event, workspace = recorded.event, recorded.workspace
        match event:
            case AccountConnected() | OneClickReconnected():
                self._credentials[workspace, event.account_id] = event.credentials
            case NoticeIssued():
                told = workspace, event.account_id, event.incident_id, event.number
                self._untold[told] = None
            case NoticeAttempted():
                told = workspace, event.account_id, event.incident_id, event.number
                self._untold[told] = event.occurred_at
                if event.delivered:
                    del self._untold[told]

    def sentences(self, seen: Mapping[str, Seen]) -> set[str]:
        now = self._world.disk.store.now()
        found = {
            f"N2: notice {told} was never delivered"
            for told, tried_at in self._untold.items()
            if tried_at is None or tried_at < now - TRIED_AGAIN
        }
        for each in seen.values():
            found |= {*self._of_workspace(each, now)}
        return found

    def _of_workspace(self, seen: Seen, now: datetime) -> Iterator[str]:
        for campaign in seen.books.campaigns.values():
            for name, person in campaign.people.items():
                if not person.ended and (seen.name, name) not in self._world.people.forgotten:
                    yield from self._of_person(seen, campaign, name, person, now)
        for account in seen.books.accounts.values():
            yield from self._unread(seen, account)
            for incident_id, incident in account.incidents.items():
                if _reminder_is_due(account, incident, now):
                    yield f"N1: nobody was reminded of {incident_id}"

    def _of_person(
        self, seen: Seen, campaign: Campaign, name: str, person: Person, now: datetime
    ) -> Iterator[str]:
        about = f"{name} of {campaign.id} in {seen.name}"
        for each in person.unknown:
            late = each.step and each.answer is None and each.reserved_at < now - SEARCHABLE
            if late and self._is_well(seen, each.account_id):
                yield f"M2: message {each.send_id} to {about} was never searched for"
        if person.send_id and person.reserved_at and person.reserved_at < now - SEARCHABLE:
            yield f"M2: nobody said what became of the message on its way to {about}"
        senders = [person.sender] if person.sender else seen.books.senders(campaign)
        working = [each for each in senders if self._is_well(seen, each)]
        if self._is_over(campaign, person, now) and working:
            yield f"M4: {about} was never finished"
        for account_id in working:
            if self._may_be_sent(seen, campaign, name, person, account_id, now):
                yield f"M3: nothing keeps the next message to {about} through {account_id}"

    def _is_over(self, campaign: Campaign, person: Person, now: datetime) -> bool:
        sequence, progress = campaign.sequence, person.progress
        if sequence is None or progress is None or progress.last_at is None or person.send_id:
            return False
        steps = sequence.steps
        last = bool(steps) and steps[-1].name in progress.done
        wait = steps[-1].after if len(steps) > 1 else LONELY_STEP
        return last and progress.last_at + wait <= now

    def _may_be_sent(
        self,
        seen: Seen,
        campaign: Campaign,
        name: str,
        person: Person,
        account_id: str,
        now: datetime,
    ) -> bool:
        progress = person.progress
        retry_at = progress.retry_at if progress else None
        if campaign.status is not CampaignStatus.RUNNING or campaign.sequence is None:
            return False
        since = now - FRESH
        if person.send_id or (retry_at is not None and since < retry_at):
            return False
        step = seen.judge._next(campaign.id, name)
        if step is None:
            return False
        events = (
            of.SendReserved(
                campaign_id=campaign.id,
                recipient_id=name,
                account_id=account_id,
                send_id=f"{name} {step}",
                step=step,
                inbox_read_until=at,
                occurred_at=at,
            )
            for at in (since, now)
        )
        return all(map(seen.judge.would_allow, events))

    def _unread(self, seen: Seen, account: Account) -> Iterator[str]:
        """M4: an inbox of whoever writes to somebody is read."""
        campaigns = (
            seen.books.of_account.get(account.id),
            seen.books.of_slot.get(account.slot_id or ""),
        )
        if not any(campaigns) or not self._is_well(seen, account.id):
            return
        cursor = self._world.disk.cursors.get((seen.name, account.id))
        place = int(cursor.place or 0) if cursor else 0
        here = len(self._world.mail.server(seen.name, account.id).inbox)
        if place < here:
            yield f"M4: answer {place} of {here} to {account.id} in {seen.name} was never read"

    def _is_well(self, seen: Seen, account_id: str) -> bool:
        """Its server lets us in and takes messages, and the facts say so."""
        server = self._world.mail.server(seen.name, account_id)
        known = self._credentials.get((seen.name, account_id)) == server.password
        takes = server.refuses is None and server.limit is None
        takes = takes and server.greylists_until <= self._world.machine.seconds
        return known and takes and seen.books.works(account_id)


def _reminder_is_due(account: Account, incident: Incident, now: datetime) -> bool:
    """N1, N3: the latest of an open incident; of a disconnect, as long as a clock runs."""
    due = max((each for each in incident.remind_at if each <= now - FRESH), default=None)
    is_newest = next(reversed(account.incidents.values())) is incident
    if due is None or incident.over or not is_newest:
        return False
    if incident.kind is IncidentKind.DISCONNECT and not incident.running:
        return False
    return incident.told_of is None or incident.told_of < due
