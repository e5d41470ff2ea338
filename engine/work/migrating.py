"""Import another program's list of people together with what it sent them, so that nobody gets a
message twice (M1, M2, M4, M7).

The line of a person who is still to be written to must be complete: which step came last, and
through which of the campaign's senders. For a person who has ended there, less is enough, because
nothing is sent to them again.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import NamedTuple

from aggregates.campaign import Campaign
from aggregates.campaign.commands import MigrateRecipients, Past
from engine.command_context import Neighbours
from engine.work.addresses import normalised
from engine.work.import_recipients import STOPPED_BEFORE, SUPPRESSED, Imported
from engine.work.ports import Line, Person, RejectedLine
from engine.work.suppressing import covers
from events.vocabulary import AccountId, CampaignId, RecipientId, RecipientStatus, Signal

EARLIEST_ZONE, LATEST_ZONE = timezone(timedelta(hours=14)), timezone(timedelta(hours=-12))
"""A time without a zone is read in the zone where the day ends last, so that no delay is too
short."""
UNNAMED = ""


class Lead(NamedTuple):
    """A line of the list; a field that the line does not give is empty."""

    person: Person
    ended: Signal | None = None
    contacted: bool | None = None
    """Whether the person has heard from the other program; None if the other fields tell."""
    step: str = UNNAMED
    """The last step received: its number, from 1, or its name."""
    sender: str = UNNAMED
    sent_at: str = UNNAMED
    numbered: bool = True
    """Whether a step's number is that of an email; if not, the user must say which step it is."""


Leads = Callable[[], Iterator[tuple[int, Lead | RejectedLine]]]


class Given(NamedTuple):
    """What the user says about the whole list."""

    step: str = UNNAMED
    sender: str = UNNAMED
    sent_at: str = UNNAMED
    """For lines of contacted people that have no time."""
    steps: Mapping[str, str] = {}
    """The other program's steps mapped to ours, if their numbers differ."""


class Unfit(Exception):
    """What is wrong with a line: column, problem and value."""


class Migration:
    """Implements ``Recipients``, and makes the command that takes the people into the campaign."""

    def __init__(
        self,
        workspace: Neighbours,
        campaign_id: CampaignId,
        leads: Leads,
        given: Given,
        now: datetime,
    ) -> None:
        self._campaign = workspace.campaign(campaign_id)
        self.senders = senders_of(workspace, self._campaign)
        self._leads, self._given, self._now = leads, given, now
        sequence = self._campaign.sequence
        self._steps = [each.name for each in sequence.steps] if sequence else []
        self._pasts: dict[str, Past] = {}

    def lines(self) -> Iterator[Line]:
        for line, found in self.pasts():
            if isinstance(found, RejectedLine):
                yield line, found
            else:
                person, self._pasts[person.address] = found
                yield line, person

    def pasts(self) -> Iterator[tuple[int, tuple[Person, Past] | RejectedLine]]:
        """The person and their past, line by line; the past does not have the recipient's id
        yet."""
        for line, lead in self._leads():
            if isinstance(lead, RejectedLine):
                yield line, lead
                continue
            try:
                yield line, (lead.person, self._past(lead))
            except Unfit as unfit:
                yield line, RejectedLine(line, *unfit.args)

    def command(
        self, campaign_id: CampaignId, ids: Sequence[RecipientId], people: Sequence[Person]
    ) -> MigrateRecipients:
        pasts = (self._pasts.pop(each.address) for each in people)
        known = zip(ids, pasts, strict=True)
        told = tuple(past._replace(recipient_id=each) for each, past in known)
        return MigrateRecipients(campaign_id=campaign_id, people=told)

    def _past(self, lead: Lead) -> Past:
        try:
            return self._received(lead)._replace(ended=lead.ended)
        except Unfit:
            if lead.ended is None:
                raise
            return Past(UNNAMED, ended=lead.ended)

    def _received(self, lead: Lead) -> Past:
        given = self._given
        nothing = lead.step in ("", "0") and lead.step not in given.steps
        contacted = lead.contacted
        if contacted is None:
            contacted = bool(lead.ended or lead.sender)
        if nothing and not contacted and not lead.sent_at:
            return Past(UNNAMED)
        return Past(
            UNNAMED,
            self._sender(lead.sender or given.sender),
            self._step(given.step if nothing else lead.step, lead.numbered or nothing),
            self._moment(lead.sent_at or given.sent_at),
        )

    def _step(self, told: str, numbered: bool) -> str:
        if not told:
            raise Unfit("step", "is missing: which was the last that was received?")
        named = self._given.steps.get(told, told)
        place = int(named) - 1 if named.isdecimal() and len(named) < 4 else -1
        if place >= 0 and not numbered and told not in self._given.steps:
            raise Unfit("step", "is not said to be one of the campaign's", told)
        if 0 <= place < len(self._steps):
            return self._steps[place]
        if named not in self._steps:
            raise Unfit("step", "is no step of the campaign", told)
        return named

    def _sender(self, told: str) -> AccountId:
        if not told and not self._campaign.rotates and self.senders:
            return self.senders[0]
        if not told:
            raise Unfit("sender", "is missing: from whom did this person hear?")
        if normalised(told) not in self.senders:
            raise Unfit("sender", "is no sender of the campaign", told)
        return normalised(told)

    def _moment(self, told: str) -> datetime | None:
        """None if no time is given: the delay then counts from the import."""
        if not told:
            return None
        try:
            earliest, latest = _between(datetime.fromisoformat(told), told)
        except (ValueError, OverflowError):
            raise Unfit("sent_at", "is no time like 2026-03-02T09:00:00Z", told) from None
        if earliest > self._now:
            raise Unfit("sent_at", "is in the future", told)
        return min(latest, self._now)


def _between(moment: datetime, told: str) -> tuple[datetime, datetime]:
    """The earliest and the latest moment that may be meant."""
    if moment.tzinfo is not None:
        return moment.astimezone(UTC), moment.astimezone(UTC)
    day = timedelta(days=len(told) <= len("2026-03-02"))
    latest = (moment + day).replace(tzinfo=LATEST_ZONE).astimezone(UTC)
    return moment.replace(tzinfo=EARLIEST_ZONE).astimezone(UTC), latest


def senders_of(workspace: Neighbours, campaign: Campaign) -> Sequence[AccountId]:
    """FROM EMAIL, or the account in the slot."""
    if campaign.slot_id is None:
        return campaign.from_email
    occupant = workspace.slot(campaign.slot_id).occupant
    return (occupant,) if occupant else ()


class Rehearsed(NamedTuple):
    """What an import would do: totals, and the people taken counted by status, last step and
    sender."""

    imported: Imported
    statuses: Counter[str]
    steps: Counter[str]
    senders: Counter[str]


def rehearse(
    migration: Migration,
    workspace: Neighbours,
    campaign_id: CampaignId,
    recipient_at: Callable[[str], RecipientId | None],
    reject: Callable[[RejectedLine], object],
) -> Rehearsed:
    """What an import would do; nothing is done."""
    there = workspace.campaign(campaign_id).recipients
    suppressions = workspace.suppressions()
    done = Rehearsed(Imported(), Counter(), Counter(), Counter())
    counted = Counter[str]()
    for line, found in migration.pasts():
        counted["lines"] += 1
        if isinstance(found, RejectedLine):
            counted["rejected"] += 1
            reject(found)
            continue
        recipient_id = recipient_at(found[0].address)
        known = there.get(recipient_id) if recipient_id else None
        if known is not None and known.status is RecipientStatus.CAMPAIGN_STOPPED:
            counted["stopped"] += 1
            reject(RejectedLine(line, "email", STOPPED_BEFORE))
        elif known is not None:
            counted["known"] += 1
        elif recipient_id in suppressions.people or covers(suppressions, found[0].address):
            counted["suppressed"] += 1
            reject(RejectedLine(line, "email", SUPPRESSED))
        else:
            counted["taken"] += 1
            _count(done, found[1])
    return done._replace(imported=Imported(**counted))


def _count(done: Rehearsed, past: Past) -> None:
    contacted = RecipientStatus.ACTIVE if past.step else RecipientStatus.PENDING
    done.statuses[past.ended or contacted] += 1
    if past.step is not None:
        done.steps[past.step] += 1
        done.senders[past.account_id or UNNAMED] += 1
