"""What the law says of planned sending (M1-M5, M7, M8, S8), held to a log.

In the law's own words and with its default figures; counted anew for every message from a list of
all messages before it. It shares nothing with the engine but the facts.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from events import campaign as of
from events import email_account as by
from events.recorded import Recorded
from events.sequence import MailSequence, Window
from events.suppression import PersonReleased, PersonSuppressed
from events.vocabulary import ConnectionStatus, Mode, RefusalFault, SearchResult, Settings

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
FRESHNESS, LONELY_STEP, MOST_TRIES = 2 * MINUTE, 3 * DAY, 5
Unread = Callable[[str, datetime, datetime], bool]
"""The account's inbox could not be read at any moment from the first (inclusive) to the second."""


@dataclass
class Message:
    campaign: str
    recipient: str
    account: str
    step: str
    send_id: str
    at: datetime
    outcome: str | None = None
    """accepted, unknown or refused; none while it is on its way."""
    known_at: datetime | None = None
    fault: RefusalFault | None = None
    answer: SearchResult | None = None

    @property
    def received(self) -> bool:
        return self.outcome in ("accepted", "unknown")

    @property
    def not_sent(self) -> bool:
        return self.answer is SearchResult.ABSENT


@dataclass
class Campaign:
    mode: Mode
    slot: str | None
    status: str = "draft"
    senders: set[str] = field(default_factory=set)
    sequence: MailSequence | None = None
    alive: set[str] = field(default_factory=set)
    held: dict[str, datetime] = field(default_factory=dict)


@dataclass
class Account:
    settings: Settings
    slot: str | None
    status: ConnectionStatus = ConnectionStatus.SUCCESSFUL
    since: datetime | None = None
    """Connected, reconnected or restored."""
    held_until: datetime | None = None
    held_for: timedelta = timedelta()
    first_day: date | None = None


class SendingJudge:
    """Raises ``AssertionError`` at the first fact that the law does not allow."""

    def __init__(self, unread: Unread = lambda *_: False) -> None:
        self._unread = unread
        self.messages: list[Message] = []
        self.campaigns: dict[str, Campaign] = {}
        self.accounts: dict[str, Account] = {}
        self.suppressed: set[str] = set()
        self._ids: dict[str, tuple[str, str, str]] = {}

    def read(self, log: Iterable[Recorded]) -> "SendingJudge":
        for recorded in log:
            self._fact(recorded)
        return self

    # Facts.

    def _fact(self, recorded: Recorded) -> None:  # noqa: C901, PLR0912, PLR0915 one case a fact
        at = recorded.event.occurred_at
        match recorded.event:
            case of.SendReserved(step=str()) as event:
                self._reserved(event)
            case of.EmailAccepted() as event:
                self._known(event, "accepted")
                self._well(event.account_id, at)
            case of.EmailOutcomeUnknown() as event:
                self._known(event, "unknown")
            case of.EmailRefused() as event:
                self._known(event, "refused")
                self._refused(event)
            case of.SentSearched() as event:
                last = self._last(event)
                last.answer = event.result
            case of.CampaignCreated() as event:
                self.campaigns[event.campaign_id] = Campaign(event.mode, event.slot_id)
            case of.CampaignStarted() | of.CampaignResumed() | of.CampaignReopened() as event:
                self.campaigns[event.campaign_id].status = "running"
            case of.CampaignPaused() as event:
                self.campaigns[event.campaign_id].status = "paused"
            case of.CampaignFinished() as event:
                self.campaigns[event.campaign_id].status = "finished"
            case of.SequenceSet() as event:
                self.campaigns[event.campaign_id].sequence = event.sequence
            case of.SenderAdded() as event:
                self.campaigns[event.campaign_id].senders.add(event.account_id)
            case of.SenderRemoved() | of.GracePeriodExpired() as event:
                self.campaigns[event.campaign_id].senders.discard(event.account_id)
            case of.RecipientAdded() as event:
                self.campaigns[event.campaign_id].alive.add(event.recipient_id)
            case of.RecipientFinished() as event:
                self._finished(event, recorded.envelope.recorded_at)
            case of.RecipientEnded() | of.RecipientStopped() as event:
                self.campaigns[event.campaign_id].alive.remove(event.recipient_id)
            case of.AutoReplyReceived() as event:
                held, until = self.campaigns[event.campaign_id].held, event.until
                if until is not None and until > at:
                    held[event.recipient_id] = max(until, held.get(event.recipient_id, until))
            case PersonSuppressed() as event:
                self.suppressed.add(event.recipient_id)
            case PersonReleased() as event:
                self.suppressed.discard(event.recipient_id)
            case by.AccountConnected() as event:
                account = self.accounts.setdefault(event.account_id, Account(Settings(), None))
                account.settings, account.slot = event.settings, event.slot_id
                account.status, account.since = ConnectionStatus.SUCCESSFUL, at
            case by.AccountDisconnected() as event:
                account = self.accounts[event.account_id]
                account.settings, account.slot = event.settings_after, None
                account.status = ConnectionStatus.DISCONNECTED
            case by.SettingsUpdated() as event:
                self.accounts[event.account_id].settings = event.settings
            case by.ConnectionFailed() as event:
                self.accounts[event.account_id].status = ConnectionStatus.FAILED
            case by.ConnectionRestored() as event:
                account = self.accounts[event.account_id]
                account.status, account.since = ConnectionStatus.SUCCESSFUL, at
            case by.OneClickReconnected() as event:
                self.accounts[event.account_id].since = at
            case _:
                pass

    # M2, M8: what became of a message.

    def _last(self, event: of.SendEvent) -> Message:
        return next(each for each in reversed(self.messages) if each.send_id == event.send_id)

    def _known(self, event: of.SendEvent, outcome: str) -> None:
        message = self._last(event)
        assert message.outcome is None, f"{event} has an outcome already"
        message.outcome, message.known_at = outcome, event.occurred_at

    def _refused(self, event: of.EmailRefused) -> None:
        self._last(event).fault = event.fault
        if event.fault is not RefusalFault.LIMIT:
            return
        account, told = self.accounts[event.account_id], event.told_until
        account.held_for = min(2 * account.held_for or HOUR, DAY)
        theirs = told if told is not None and told > event.occurred_at else None
        account.held_until = theirs or event.occurred_at + account.held_for

    def _well(self, account_id: str, at: datetime) -> None:
        """The next hold is as short as the first."""
        account = self.accounts[account_id]
        if account.held_until is None or at >= account.held_until:
            account.held_for = timedelta()

    # M3, M4: the end.

    def _finished(self, event: of.RecipientFinished, recorded_at: datetime) -> None:
        campaign, name = self.campaigns[event.campaign_id], event.recipient_id
        campaign.alive.remove(name)
        mine = self._to(event.campaign_id, name)
        steps = campaign.sequence.steps if campaign.sequence else ()
        received = [each for each in mine if each.received]
        assert received, f"{name} received nothing"
        assert all(each.outcome for each in mine), f"a message to {name} is on its way"
        assert self._next(event.campaign_id, name) is None, f"{name} is to receive more"
        wait = steps[-1].after if len(steps) > 1 else LONELY_STEP
        due = received[-1].known_at
        assert due is not None
        assert event.occurred_at == due + wait <= recorded_at, f"{name} was to finish at {due}"
        sender = mine[-1].account if campaign.mode is Mode.ROTATION else self._occupant(campaign)
        assert sender is not None, "nobody's inbox was read"
        assert not self._unread(sender, due + wait, recorded_at), (
            f"{sender} was not read up to {due}"
        )

    # M1-M5, M7, M8: a message.

    def _reserved(self, event: of.SendReserved) -> None:
        about = event.campaign_id, event.recipient_id, event.step or ""
        message = _message(event)
        assert self._ids.setdefault(event.send_id, about) == about, f"{event}: an id of another"
        self._allowed(event, message)
        self.messages.append(message)

    def would_allow(self, event: of.SendReserved) -> bool:
        """May this message be reserved as of now?"""
        account = self.accounts[event.account_id]
        first_day = account.first_day
        try:
            self._allowed(event, _message(event))
        except AssertionError:
            return False
        finally:
            account.first_day = first_day
        return True

    def _allowed(self, event: of.SendReserved, message: Message) -> None:
        campaign, account = self.campaigns[event.campaign_id], self.accounts[event.account_id]
        self._may_be_written_to(event, campaign)
        self._sender(event, campaign, account)
        self._in_order(event, campaign)
        self._pace(message, campaign, account)

    def _may_be_written_to(self, event: of.SendReserved, campaign: Campaign) -> None:
        name, at = event.recipient_id, event.occurred_at
        assert campaign.status == "running", f"{event}: {campaign.status}"
        assert name in campaign.alive, f"{event}: ended"
        assert name not in self.suppressed, f"{event}: suppressed"
        assert campaign.held.get(name, at) <= at, f"{event}: held"
        first = not any(each.received for each in self._to(event.campaign_id, name))
        assert campaign.sequence is not None
        if first and campaign.sequence.exclusive:
            for other, theirs in self.campaigns.items():
                under_way = theirs.status in ("running", "paused") and name in theirs.alive
                contacted = any(each.outcome != "refused" for each in self._to(other, name))
                elsewhere = other != event.campaign_id and under_way and contacted
                assert not elsewhere, f"{event}: contacted by {other}"

    def _sender(self, event: of.SendReserved, campaign: Campaign, account: Account) -> None:
        assert account.status is ConnectionStatus.SUCCESSFUL, f"{event}: {account.status}"
        if campaign.mode is Mode.SINGLE:
            assert campaign.slot is not None
            assert account.slot == campaign.slot, f"{event}: not in the slot"
            return
        assert event.account_id in campaign.senders, f"{event}: not in FROM EMAIL"
        heard = [each for each in self._to(event.campaign_id, event.recipient_id) if each.received]
        assert all(each.account == event.account_id for each in heard), f"{event}: another sender"

    def _in_order(self, event: of.SendReserved, campaign: Campaign) -> None:
        mine, at = self._to(event.campaign_id, event.recipient_id), event.occurred_at
        assert all(each.outcome for each in mine), f"{event}: another is on its way"
        received = [each for each in mine if each.received]
        copies = [each for each in received if each.step == event.step and not each.not_sent]
        assert not copies, f"{event}: a second copy"
        assert all(each.answer or each.outcome == "accepted" for each in received), "not searched"
        tries = [each for each in mine if each.fault is RefusalFault.TEMPORARY]
        tried = sum(each.send_id == event.send_id for each in tries)
        assert tried < MOST_TRIES, f"{event}: tried {tried} times"
        assert self._next(event.campaign_id, event.recipient_id) == event.step, f"{event}: order"
        if not received:
            return
        self._fresh(event)
        assert campaign.sequence is not None
        if not received[-1].not_sent:
            after = next(each.after for each in campaign.sequence.steps if each.name == event.step)
            assert received[-1].known_at is not None
            assert at >= received[-1].known_at + after, f"{event}: before its delay"

    def _fresh(self, event: of.SendReserved) -> None:
        at, account = event.occurred_at, self.accounts[event.account_id]
        read = event.inbox_read_until
        assert read is not None, f"{event}: without a look into the inbox"
        assert read >= at - FRESHNESS, f"{event}: {read}"
        assert account.since is None or read >= account.since, f"{event}: before {account.since}"
        assert not self._unread(event.account_id, read, read), f"{event}: could not be read"

    def _pace(self, message: Message, campaign: Campaign, account: Account) -> None:
        at, sequence, settings = message.at, campaign.sequence, account.settings
        assert sequence is not None
        through = [each for each in self.messages if each.account == message.account]
        inside = [each for each in self.messages if each.campaign == message.campaign]
        most = settings.sending_speed
        account.first_day = account.first_day or day(at, settings.zone)
        if "ramp_start" in settings.limits:
            days = max(0, (day(at, settings.zone) - account.first_day).days)
            ramp = settings.limits["ramp_start"] + settings.limits.get("ramp_step", 0) * days
            most = min(most, ramp)
        assert used(through, at, settings.zone) < most, f"{message}: the account's day"
        assert all(at - each.at >= settings.gap for each in through), f"{message}: the gap"
        assert account.held_until is None or at >= account.held_until, f"{message}: throttled"
        limit = sequence.daily_limit
        assert limit is None or used(inside, at, sequence.zone) < limit, f"{message}: its day"
        assert covers(sequence.window, at, sequence.zone), f"{message}: outside the window"

    def _to(self, campaign: str, recipient: str) -> list[Message]:
        about = campaign, recipient
        return [each for each in self.messages if (each.campaign, each.recipient) == about]

    def _next(self, campaign: str, recipient: str) -> str | None:
        """The first step after the last one received, as the sequence stands."""
        sequence = self.campaigns[campaign].sequence
        mine = self._to(campaign, recipient)
        received = {each.step for each in mine if each.received and not each.not_sent}
        left: list[str] = []
        for step in reversed(sequence.steps if sequence else ()):
            if step.name in received:
                break
            left.insert(0, step.name)
        return left[0] if left else None

    def _occupant(self, campaign: Campaign) -> str | None:
        found = (name for name, each in self.accounts.items() if each.slot == campaign.slot)
        return next(found, None)


def _message(event: of.SendReserved) -> Message:
    assert event.step is not None
    return Message(
        event.campaign_id,
        event.recipient_id,
        event.account_id,
        event.step,
        event.send_id,
        event.occurred_at,
    )


def day(at: datetime, zone: str) -> date:
    return at.astimezone(ZoneInfo(zone)).date()


def used(messages: Iterable[Message], at: datetime, zone: str) -> int:
    """Of that day, by reservation; what was refused uses up nothing."""
    today = day(at, zone)
    return sum(each.outcome != "refused" and day(each.at, zone) == today for each in messages)


def covers(window: Window, at: datetime, zone: str) -> bool:
    there = at.astimezone(ZoneInfo(zone))
    if there.fold:
        return False
    told, crosses = f"{there:%H:%M}", window.ends <= window.begins
    today, before = (f"{each:%a}".lower() in window.days for each in (there, there - DAY))
    if not crosses:
        return today and window.begins <= told < window.ends
    return (today and told >= window.begins) or (before and told < window.ends)
