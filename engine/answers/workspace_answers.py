"""Answers that need more than one view, for one workspace.

Everything is read from the views, which derive from the events (F3); nothing is decided here.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from aggregates.campaign.state import BOUNCES_CAUSE
from engine.ports.views import ReadableViews
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    ConnectionStatus,
    IncidentKind,
    Mode,
    RecipientStatus,
)
from projections.accounts import ACCOUNTS, AccountRow
from projections.campaigns import CAMPAIGNS, CampaignRow
from projections.clocks import CLOCKS, ClockRow
from projections.notices import NOTICES, NoticeRow
from projections.projection import RowKey
from projections.recipient_status import RECIPIENT_STATUS, RecipientRow
from projections.slots import SLOTS, SlotRow


class RecipientAnswer(NamedTuple):
    """A recipient in the law's terms, including ``held``."""

    campaign_id: str
    recipient_id: str
    status: RecipientStatus
    sender: str | None
    sender_fixed: bool
    emails_received: int
    held_until: datetime | None
    stopped_at: datetime | None
    stop_reason: str | None
    incident_id: str | None


class ClockAnswer(NamedTuple):
    campaign_id: str
    account_id: str
    incident_id: str
    kind: IncidentKind
    started_at: datetime
    deadline_at: datetime
    outcome: ClockOutcome
    ended_at: datetime | None
    at_stake: int
    stopped: int
    skipped: dict[str, int]
    cheapest_cure: str | None
    """What has to be done before the deadline; None once the clock has ended."""


class WaitingCampaign(NamedTuple):
    """A paused campaign, and what keeps it paused (P2, P3)."""

    campaign_id: str
    pause_causes: tuple[str, ...]
    holding: tuple[str, ...]
    """Connection causes that still hold; if there are none, it only waits for the user to resume
    it."""


class Reason(NamedTuple):
    """Why a campaign does not send. ``code`` is stable and for programs, the text for people."""

    code: str
    text: str


class NotSending(NamedTuple):
    campaign_id: str
    status: CampaignStatus
    reasons: tuple[Reason, ...]

    @property
    def waits(self) -> bool:
        """Whether the campaign only waits for a person to resume it (P2)."""
        return [reason.code for reason in self.reasons] == ["waits_to_be_resumed"]


BOUNCED = (
    "Too many of its messages bounced (M8). Look at the list that was imported; then resume the "
    "campaign by name."
)


class Answers:
    """What the views say about one workspace; small views are read once, at construction."""

    def __init__(self, views: ReadableViews, workspace: str) -> None:
        self._views = views
        self._workspace = workspace
        self.accounts: dict[str, AccountRow] = {
            row.account_id: row for row in views.rows(ACCOUNTS, workspace)
        }
        self.campaigns: dict[str, CampaignRow] = {
            row.campaign_id: row for row in views.rows(CAMPAIGNS, workspace)
        }
        self._slots: dict[str, SlotRow] = {row.slot_id: row for row in views.rows(SLOTS, workspace)}

    def recipients(self, campaign_id: str, **equal: str) -> Iterator[RecipientAnswer]:
        """The recipients, in order of id. ``equal`` filters by stored columns:
        ``status="campaign_stopped"``."""
        campaign = self.campaigns[campaign_id]
        working = self._working_senders(campaign)
        for row in self._views.rows(RECIPIENT_STATUS, self._workspace, campaign_id, **equal):
            yield self._recipient(campaign, row, working)

    def recipients_page(
        self, campaign_id: str, after: str | None, limit: int, **equal: str
    ) -> list[RecipientAnswer]:
        """Up to ``limit`` of the ``recipients`` whose id is greater than ``after``."""
        campaign, prefix = self.campaigns[campaign_id], (self._workspace, campaign_id)
        beyond = (*prefix, after) if after is not None else None
        found = self._views.page(RECIPIENT_STATUS, prefix, beyond, limit, **equal)
        working = self._working_senders(campaign)
        return [self._recipient(campaign, row, working) for row in found]

    def recipient(self, campaign_id: str, recipient_id: str) -> RecipientAnswer | None:
        """The recipient; None if the campaign never had them."""
        campaign = self.campaigns[campaign_id]
        key = (self._workspace, campaign_id, recipient_id)
        row = self._views.fetch(RECIPIENT_STATUS, [key]).get(key)
        return self._recipient(campaign, row, self._working_senders(campaign)) if row else None

    def everywhere(self, recipient_id: str) -> list[RecipientAnswer]:
        """The recipient's state in every campaign that has them."""
        keys = [(self._workspace, name, recipient_id) for name in self.campaigns]
        found: dict[RowKey, RecipientRow] = self._views.fetch(RECIPIENT_STATUS, keys)
        campaigns = [(row, self.campaigns[row.campaign_id]) for row in found.values()]
        return [
            self._recipient(campaign, row, self._working_senders(campaign))
            for row, campaign in campaigns
        ]

    def recipients_by_status(self, campaign_id: str) -> dict[str, int]:
        """The number of the campaign's recipients in each status, including ``held``."""
        campaign = self.campaigns[campaign_id]
        working = self._working_senders(campaign)
        found: Counter[RecipientStatus] = Counter()
        columns = ("status", "sender", "held_until")
        tally = self._views.tally(RECIPIENT_STATUS, columns, self._workspace, campaign_id)
        for (status, sender, held_until), count in tally.items():
            hears_from = sender if campaign.mode is Mode.ROTATION else self.occupant(campaign)
            held = is_held(status, hears_from, working, held_until)
            found[RecipientStatus.HELD if held else status] += count
        return {str(each): found[each] for each in RecipientStatus if found[each]}

    def clocks(self) -> list[ClockAnswer]:
        """The clocks, one per incident and campaign, in order of start."""
        rows: list[ClockRow] = list(self._views.rows(CLOCKS, self._workspace))
        return [self._clock(row) for row in sorted(rows, key=lambda row: row.position)]

    def notices(self) -> list[NoticeRow]:
        """The notices, in order of time."""
        rows: list[NoticeRow] = list(self._views.rows(NOTICES, self._workspace))
        return sorted(rows, key=lambda row: (row.issued_at, row.position))

    def waiting_campaigns(self) -> list[WaitingCampaign]:
        return [
            WaitingCampaign(row.campaign_id, row.pause_causes, self._holding(row))
            for row in self.campaigns.values()
            if row.status is CampaignStatus.PAUSED
        ]

    def not_sending(self) -> list[NotSending]:
        """Campaigns that do not send although they are not finished, and why (F3, P1, P3)."""
        hours = [
            clock
            for clock in self.clocks()
            if clock.outcome is ClockOutcome.RUNNING and clock.kind is IncidentKind.DISCONNECT
        ]
        found = [
            NotSending(name, row.status, tuple(self._reasons(row, hours)))
            for name, row in self.campaigns.items()
        ]
        return [each for each in found if each.reasons]

    def _reasons(self, campaign: CampaignRow, hours: Sequence[ClockAnswer]) -> Iterator[Reason]:
        status = campaign.status
        if status is CampaignStatus.FINISHED:
            return
        reasons = [*self._sender_reasons(campaign)]
        if status is CampaignStatus.RUNNING:
            yield from (reasons if not self._working_senders(campaign) else ())
            return
        if status is CampaignStatus.DRAFT:
            yield Reason("never_started", "It is a draft that nobody has started.")
        elif campaign.pause_causes == ("user",):
            yield Reason("paused_by_user", "Somebody paused it; it goes on when it is resumed.")
        elif BOUNCES_CAUSE in campaign.pause_causes:
            yield Reason("too_many_bounces", BOUNCED)
        yield from reasons
        hour = [
            Reason(
                "hour_running",
                f"The one-hour clock of {clock.account_id} runs: add it again, or resume without "
                "it.",
            )
            for clock in hours
            if clock.campaign_id == campaign.campaign_id and status is CampaignStatus.PAUSED
        ]
        yield from hour
        causes = campaign.pause_causes
        kept = status is CampaignStatus.DRAFT or causes == ("user",) or BOUNCES_CAUSE in causes
        if not (kept or reasons or hour):
            yield Reason("waits_to_be_resumed", "It waits to be resumed.")

    def _sender_reasons(self, campaign: CampaignRow) -> Iterator[Reason]:
        senders = self.senders(campaign)
        holding = self._holding(campaign)
        if not senders:
            yield Reason("no_sender", "It has no sender.")
        for account in senders:
            if self._works(account):
                continue
            if f"connection:{account}" in holding:
                yield Reason("pause_cause_holds", f"{account} is not connected, which paused it.")
            else:
                yield Reason("sender_not_connected", f"{account} is not connected.")

    def occupant(self, campaign: CampaignRow) -> str | None:
        slot = self._slots.get(campaign.slot_id or "")
        return slot.account_id if slot else None

    def senders(self, campaign: CampaignRow) -> tuple[str, ...]:
        """FROM EMAIL, or the account in the slot."""
        if campaign.mode is Mode.ROTATION:
            return campaign.from_email
        occupant = self.occupant(campaign)
        return (occupant,) if occupant else ()

    def _works(self, account_id: str) -> bool:
        account = self.accounts.get(account_id)
        return account is not None and account.status is ConnectionStatus.SUCCESSFUL

    def _working_senders(self, campaign: CampaignRow) -> frozenset[str]:
        return frozenset(each for each in self.senders(campaign) if self._works(each))

    def _holding(self, campaign: CampaignRow) -> tuple[str, ...]:
        troubled = {
            f"connection:{each}" for each in self.senders(campaign) if not self._works(each)
        }
        return tuple(cause for cause in campaign.pause_causes if cause in troubled)

    def _recipient(
        self, campaign: CampaignRow, row: RecipientRow, working: frozenset[str]
    ) -> RecipientAnswer:
        rotates = campaign.mode is Mode.ROTATION
        sender = row.sender if rotates else self.occupant(campaign)
        held = is_held(row.status, sender, working, row.held_until)
        return RecipientAnswer(
            campaign_id=row.campaign_id,
            recipient_id=row.recipient_id,
            status=RecipientStatus.HELD if held else row.status,
            sender=sender,
            sender_fixed=rotates and row.emails_received > 0,
            emails_received=row.emails_received,
            held_until=row.held_until,
            stopped_at=row.stopped_at,
            stop_reason=row.stop_reason,
            incident_id=row.incident_id,
        )

    def _clock(self, row: ClockRow) -> ClockAnswer:
        assert row.started_at is not None
        assert row.deadline_at is not None
        running = row.outcome is ClockOutcome.RUNNING
        return ClockAnswer(
            campaign_id=row.campaign_id,
            account_id=row.account_id,
            incident_id=row.incident_id,
            kind=row.kind,
            started_at=row.started_at,
            deadline_at=row.deadline_at,
            outcome=row.outcome,
            ended_at=row.ended_at,
            at_stake=self._at_stake(row) if running else 0,
            stopped=row.stopped,
            skipped=row.skipped,
            cheapest_cure=self._cheapest_cure(row) if running else None,
        )

    def _at_stake(self, clock: ClockRow) -> int:
        return self._views.count(
            RECIPIENT_STATUS,
            self._workspace,
            clock.campaign_id,
            sender=clock.account_id,
            status=RecipientStatus.ACTIVE,
        )

    def _cheapest_cure(self, clock: ClockRow) -> str:
        if clock.kind is IncidentKind.FAILURE:
            return f"One-Click Reconnect {clock.account_id}"
        add = f"add it to FROM EMAIL of {clock.campaign_id} again"
        if self._works(clock.account_id):
            return f"{clock.account_id} is connected: {add}"
        return f"Connect {clock.account_id}, then {add}"


def is_held(
    status: RecipientStatus,
    sender: str | None,
    working: Collection[str],
    held_until: datetime | None,
) -> bool:
    """Whether a contacted recipient waits: for the sender, or for a date (M5)."""
    active = status is RecipientStatus.ACTIVE
    return active and (sender not in working or held_until is not None)
