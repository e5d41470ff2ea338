"""The words in which the law is tested.

Two ways to tell a story, with the same commands:

* on one decider: ``campaign.given(rotation(ANN, BOB)).when(add_sender(CLEO)).then(…)``;
* in a whole workspace, where rules span aggregates: ``World().given(connect(ANN), …)``, which runs
  the real engine over the in-memory store, and whose clock stands still until ``at`` moves it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any, Final

import pytest

from adapters.stores.memory import MemoryStore, MemoryViews
from aggregates import campaign as campaigns
from aggregates import email_account as accounts
from aggregates import slot as slots
from aggregates import suppressions
from aggregates.campaign.commands import (
    AddSender,
    AssignRecipient,
    CreateCampaign,
    FinishRecipient,
    ImportRecipients,
    PauseCampaign,
    RecordAccepted,
    RecordAutoReply,
    RecordComplaint,
    RecordRefused,
    RecordSentFolderSearch,
    RecordSignal,
    RecordUnknown,
    RemoveSender,
    ReserveSend,
    ReserveStep,
    ResumeCampaign,
    SetSequence,
    StartCampaign,
    WithSenders,
)
from aggregates.campaign.pace import message_key
from aggregates.command import DEFAULT_POLICY, Command, Policy, Senders
from aggregates.email_account.commands import (
    ConnectAccount,
    DisconnectAccount,
    OneClickReconnect,
    ProveSentSearch,
    RecordCheck,
    RecordNoticeAttempt,
    RequestCheck,
    UpdateSettings,
)
from aggregates.rejections import Rejected
from aggregates.suppressions import ReleasePerson, SuppressPerson
from engine.answers.workspace_answers import Answers, ClockAnswer, RecipientAnswer
from engine.decoding import decode_page
from engine.engine import Engine
from engine.ports.clock import ManualClock
from engine.projecting import ProjectionRunner
from engine.reply import Reply
from engine.simulated import simulated_report
from events.base import Event
from events.campaign import (
    CampaignCreated,
    CampaignEvent,
    CampaignStarted,
    EmailAccepted,
    GracePeriodStarted,
    RecipientAdded,
    RecipientAssigned,
    SenderAdded,
    SenderRemoved,
    SendReserved,
    SequenceSet,
)
from events.email_account import AccountConnected, ConnectionFailed, EmailAccountEvent
from events.recorded import Recorded
from events.sequence import MailSequence, Step
from events.vocabulary import (
    Asker,
    ClockOutcome,
    ConnectionStatus,
    FailureClass,
    IncidentKind,
    Mode,
    NoticeKind,
    OnAccountTrouble,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Settings,
    Signal,
    SuppressedBecause,
)
from projections.accounts import AccountRow
from projections.campaigns import CampaignRow
from projections.shipped import SHIPPED

# People, places, times.

ANN, BOB, CLEO = "ann@acme.test", "bob@acme.test", "cleo@acme.test"
SLOTS = {ANN: "s1", BOB: "s2", CLEO: "s3"}
SPRING, SUMMER, SOLO = "spring", "summer", "solo"
R1, R2, R3, R4 = "r1", "r2", "r3", "r4"

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
NINE_DAYS = 9 * DAY

# The law's words.

PENDING, ACTIVE, HELD = RecipientStatus.PENDING, RecipientStatus.ACTIVE, RecipientStatus.HELD
STOPPED, FAILED = RecipientStatus.CAMPAIGN_STOPPED, RecipientStatus.FAILED
REPLIED: Final = RecipientStatus.REPLIED
BOUNCED: Final = RecipientStatus.BOUNCED
UNSUBSCRIBED: Final = RecipientStatus.UNSUBSCRIBED
FINISHED: Final = RecipientStatus.FINISHED
RUNNING, CURED = ClockOutcome.RUNNING, ClockOutcome.CURED
SUPERSEDED, EXPIRED = ClockOutcome.SUPERSEDED, ClockOutcome.EXPIRED
FAILURE, DISCONNECT = IncidentKind.FAILURE, IncidentKind.DISCONNECT
REVOKED, UNREACHABLE = FailureClass.AUTH_REVOKED, FailureClass.UNREACHABLE
HOLD_SENDER = Policy(on_account_trouble=OnAccountTrouble.HOLD_SENDER)

WELL = simulated_report(None)


# Commands.


def connect(
    account: str,
    slot: str | None = None,
    settings: Settings | None = None,
    credentials: str | None = None,
) -> Command:
    return ConnectAccount(
        account_id=account,
        slot_id=slot or SLOTS[account],
        provider="simulated",
        settings=settings or Settings(),
        report=WELL,
        configuration="imap.acme.test:993",
        credentials=credentials,
    )


def fail(account: str, found: FailureClass = REVOKED) -> Command:
    """A background check that fails."""
    return RecordCheck(
        account_id=account, asked_by=Asker.BACKGROUND, report=simulated_report(found)
    )


def pass_check(account: str) -> Command:
    """A background check that passes."""
    return RecordCheck(account_id=account, asked_by=Asker.BACKGROUND, report=WELL)


def user_check(
    account: str, found: FailureClass | None = None, check_id: str | None = None
) -> Command:
    return RecordCheck(
        account_id=account,
        asked_by=Asker.USER,
        report=simulated_report(found),
        check_id=check_id,
    )


def request_check(account: str, check_id: str) -> Command:
    return RequestCheck(account_id=account, check_id=check_id)


def one_click(
    account: str,
    refusal: str | None = None,
    *,
    found: FailureClass | None = None,
    configuration: str = "imap.acme.test:993",
    credentials: str | None = None,
    check_id: str | None = None,
) -> Command:
    return OneClickReconnect(
        account_id=account,
        report=simulated_report(found),
        refusal=refusal,
        configuration=configuration,
        credentials=credentials,
        check_id=check_id,
    )


def disconnect(account: str) -> Command:
    return DisconnectAccount(account_id=account)


def update_settings(account: str, settings: Settings) -> Command:
    return UpdateSettings(account_id=account, settings=settings)


def create(
    *senders: str,
    to: Sequence[str] = (R1, R2, R3),
    campaign: str = SPRING,
    mail_id: str | None = None,
) -> Command:
    return CreateCampaign(
        campaign_id=campaign,
        mode=Mode.ROTATION,
        account_ids=senders,
        recipient_ids=tuple(to),
        mail_id=mail_id,
    )


def create_single(slot: str, to: Sequence[str] = (R1, R2, R3), campaign: str = SOLO) -> Command:
    return CreateCampaign(
        campaign_id=campaign, mode=Mode.SINGLE, slot_id=slot, recipient_ids=tuple(to)
    )


def start(campaign: str = SPRING) -> Command:
    return StartCampaign(campaign_id=campaign)


def pause(campaign: str = SPRING) -> Command:
    return PauseCampaign(campaign_id=campaign)


def resume(campaign: str = SPRING, without: Iterable[str] = ()) -> Command:
    return ResumeCampaign(campaign_id=campaign, without=frozenset(without))


def add_sender(account: str, campaign: str = SPRING) -> Command:
    return AddSender(campaign_id=campaign, account_id=account)


def remove_sender(account: str, confirmed: int | None = None, campaign: str = SPRING) -> Command:
    return RemoveSender(campaign_id=campaign, account_id=account, confirmed=confirmed)


def import_recipients(*recipients: str, campaign: str = SPRING) -> Command:
    return ImportRecipients(campaign_id=campaign, recipient_ids=recipients)


def assign(recipient: str, account: str, campaign: str = SPRING) -> Command:
    return AssignRecipient(campaign_id=campaign, recipient_id=recipient, account_id=account)


def reserve(
    account: str, recipient: str, send_id: str = "send-1", campaign: str = SPRING
) -> Command:
    return ReserveSend(
        campaign_id=campaign, recipient_id=recipient, account_id=account, send_id=send_id
    )


def accepted(recipient: str, send_id: str = "send-1", campaign: str = SPRING) -> Command:
    return RecordAccepted(campaign_id=campaign, recipient_id=recipient, send_id=send_id)


def unknown(recipient: str, send_id: str = "send-1", campaign: str = SPRING) -> Command:
    return RecordUnknown(campaign_id=campaign, recipient_id=recipient, send_id=send_id)


def refused(
    recipient: str,
    send_id: str = "send-1",
    fault: RefusalFault = RefusalFault.TEMPORARY,
    campaign: str = SPRING,
) -> Command:
    return RecordRefused(campaign_id=campaign, recipient_id=recipient, send_id=send_id, fault=fault)


def search_sent_folder(
    recipient: str, send_id: str, *, found: bool, proves: bool = False
) -> Command:
    return search(
        recipient, send_id, SearchResult.FOUND if found else SearchResult.ABSENT, proves=proves
    )


def search(recipient: str, send_id: str, result: SearchResult, *, proves: bool = False) -> Command:
    """``proves``: an accepted message was found in that Sent folder before."""
    return RecordSentFolderSearch(
        campaign_id=SPRING, recipient_id=recipient, send_id=send_id, result=result, proves=proves
    )


def prove_search(account: str, send_id: str = "send-1") -> Command:
    """A search of the account's Sent folder found this accepted message."""
    return ProveSentSearch(account_id=account, send_id=send_id)


# A campaign that sends by itself.

INTRO, NUDGE, LAST = "intro", "nudge", "last"
STEPS = (
    Step(name=INTRO, subject="Hello", text="Hello"),
    Step(name=NUDGE, after=3 * DAY, text="Again"),
    Step(name=LAST, after=7 * DAY, text="Goodbye"),
)


def sequence(*steps: Step, **told: Any) -> MailSequence:
    """Three steps with 3 and 7 days between them, in UTC, at any time, unless told otherwise."""
    defaults: dict[str, Any] = {"mail_id": "mail-1", "zone": "UTC"}
    return MailSequence(**{**defaults, **told}, steps=steps or STEPS)


def set_sequence(*steps: Step, campaign: str = SPRING, **told: Any) -> Command:
    return SetSequence(campaign_id=campaign, sequence=sequence(*steps, **told))


def message(recipient: str, step: str = INTRO) -> str:
    """The id of that message, for ever (M2)."""
    return message_key(sequence(), recipient, step)


def reserve_step(
    account: str,
    recipient: str,
    step: str = INTRO,
    *,
    read: datetime | None = None,
    campaign: str = SPRING,
) -> Command:
    """``read``: up to when the account's inbox was read."""
    return ReserveStep(
        campaign_id=campaign,
        recipient_id=recipient,
        account_id=account,
        step=step,
        inbox_read_until=read,
    )


def sent(
    account: str,
    recipient: str,
    step: str = INTRO,
    *,
    read: datetime | None = None,
    campaign: str = SPRING,
) -> list[Command]:
    """The step is reserved and accepted."""
    return [
        reserve_step(account, recipient, step, read=read, campaign=campaign),
        accepted(recipient, message(recipient, step), campaign),
    ]


def finish(recipient: str, read: datetime, campaign: str = SPRING) -> Command:
    return FinishRecipient(campaign_id=campaign, recipient_id=recipient, inbox_read_until=read)


def complaint(recipient: str, campaign: str = SPRING) -> Command:
    return RecordComplaint(campaign_id=campaign, recipient_id=recipient)


def suppress(recipient: str) -> Command:
    """An operator does."""
    return SuppressPerson(recipient_id=recipient, because=SuppressedBecause.OPERATOR)


def release(recipient: str, reason: str = "asked for it by phone") -> Command:
    return ReleasePerson(recipient_id=recipient, reason=reason)


_sends = count(1)


def hear_from(account: str, *recipients: str, campaign: str = SPRING) -> list[Command]:
    """Each recipient gets an email through the account: reserved and accepted."""
    told: list[Command] = []
    for recipient in recipients:
        send_id = f"email-{next(_sends)}"
        told += [
            reserve(account, recipient, send_id, campaign),
            accepted(recipient, send_id, campaign),
        ]
    return told


def signal(status: Signal, *recipients: str, campaign: str = SPRING) -> list[Command]:
    """The recipients reply, bounce, unsubscribe or come to the end of the sequence."""
    return [
        RecordSignal(campaign_id=campaign, recipient_id=recipient, signal=status)
        for recipient in recipients
    ]


def out_of_office(recipient: str, until: datetime | None, campaign: str = SPRING) -> Command:
    return RecordAutoReply(campaign_id=campaign, recipient_id=recipient, until=until)


def attempt_notice(account: str, incident: str, *, delivered: bool) -> Command:
    return RecordNoticeAttempt(
        account_id=account,
        incident_id=incident,
        number=1,
        channel="maildir",
        delivered=delivered,
    )


# Histories of one decider.


def incident(account: str, number: int = 1) -> str:
    return f"{account}#{number}"


def rotation(*senders: str, to: Sequence[str] = (R1, R2, R3)) -> list[CampaignEvent]:
    """A running rotation campaign."""
    return [
        CampaignCreated(campaign_id=SPRING, mode=Mode.ROTATION, occurred_at=NOON),
        *(SenderAdded(campaign_id=SPRING, account_id=each, occurred_at=NOON) for each in senders),
        *(RecipientAdded(campaign_id=SPRING, recipient_id=each, occurred_at=NOON) for each in to),
        CampaignStarted(
            campaign_id=SPRING,
            on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
            occurred_at=NOON,
        ),
    ]


def planned(**told: Any) -> list[CampaignEvent]:
    """A running rotation campaign of Ann and Bob that sends by itself."""
    set_up = SequenceSet(campaign_id=SPRING, sequence=sequence(**told), occurred_at=NOON)
    return [*rotation(ANN, BOB), set_up]


def step_reserved(
    recipient: str, step: str = INTRO, account: str = ANN, at: datetime = NOON
) -> SendReserved:
    return SendReserved(
        campaign_id=SPRING,
        recipient_id=recipient,
        account_id=account,
        send_id=message(recipient, step),
        step=step,
        day=at.date(),
        occurred_at=at,
    )


def heard_from(account: str, *recipients: str) -> list[CampaignEvent]:
    events: list[CampaignEvent] = []
    for recipient in recipients:
        about: dict[str, Any] = {
            "campaign_id": SPRING,
            "recipient_id": recipient,
            "account_id": account,
            "send_id": f"first-to-{recipient}",
            "occurred_at": NOON,
        }
        events += [SendReserved(**about), EmailAccepted(**about)]
    return events


def reserved(account: str, recipient: str, send_id: str = "send-1") -> CampaignEvent:
    return SendReserved(
        campaign_id=SPRING,
        recipient_id=recipient,
        account_id=account,
        send_id=send_id,
        occurred_at=NOON,
    )


def assigned(recipient: str, account: str) -> CampaignEvent:
    return RecipientAssigned(
        campaign_id=SPRING, recipient_id=recipient, account_id=account, occurred_at=NOON
    )


def removed(account: str, held: int = 0) -> CampaignEvent:
    return SenderRemoved(campaign_id=SPRING, account_id=account, held=held, occurred_at=NOON)


def clock_started(account: str, kind: IncidentKind, at_stake: int = 0) -> GracePeriodStarted:
    """A clock that began at noon."""
    return GracePeriodStarted(
        campaign_id=SPRING,
        account_id=account,
        incident_id=incident(account),
        kind=kind,
        started_at=NOON,
        deadline_at=NOON + (NINE_DAYS if kind is FAILURE else HOUR),
        at_stake=at_stake,
        occurred_at=NOON,
    )


def connected(account: str, settings: Settings | None = None) -> EmailAccountEvent:
    return AccountConnected(
        account_id=account,
        slot_id=SLOTS[account],
        provider="simulated",
        settings=settings or Settings(),
        configuration="imap.acme.test:993",
        occurred_at=NOON,
    )


def failed(account: str) -> EmailAccountEvent:
    """The connection failed at noon."""
    return ConnectionFailed(
        account_id=account,
        incident_id=incident(account),
        failure_class=REVOKED,
        reason="The permission to use this mailbox was revoked or has lapsed.",
        resolution_window=NINE_DAYS,
        deadline_at=NOON + NINE_DAYS,
        remind_at=(NOON + 3 * DAY, NOON + 7 * DAY, NOON + 8 * DAY),
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
        occurred_at=NOON,
    )


ALL_WORK = Senders(statuses=dict.fromkeys((ANN, BOB, CLEO), ConnectionStatus.SUCCESSFUL))
History = Event | Sequence[Event]
Decide = Callable[[Any, Any], Sequence[Event]]


class Decider:
    """One aggregate's rules: ``given`` a history, ``when`` a command, ``then`` these facts.

    ``state`` is what it remembers of the history.
    """

    def __init__(self, initial: Any, decide: Decide, evolve: Callable[[Any, Any], Any]) -> None:
        self.state, self._decide, self._evolve = initial, decide, evolve

    def given(self, *history: History) -> "Decider":
        state = self.state
        for event in _events(history):
            state = self._evolve(state, event)
        return Decider(state, self._decide, self._evolve)

    def when(
        self, command: Command, at: datetime = NOON, senders: Senders = ALL_WORK
    ) -> "Decision":
        """``senders`` is what the engine would see of the accounts and the slot."""
        if isinstance(command, WithSenders):
            command = replace(command, senders=senders)
        return Decision(lambda: self._decide(self.state, replace(command, at=at)))


class Decision:
    def __init__(self, decide: Callable[[], Sequence[Event]]) -> None:
        self._decide = decide

    def facts(self) -> list[Event]:
        return list(self._decide())

    def then(self, *facts: History) -> None:
        assert self.facts() == list(_events(facts))

    def then_nothing(self) -> None:
        assert self.facts() == []

    def refused(self, because: type[Rejected], *facts: Event) -> None:
        """Refused for this reason, and of it only these facts are remembered."""
        assert list(self._refusal(because).facts) == list(facts)

    def tells(self, because: type[Rejected]) -> str:
        """Refused for this reason. Answers what the user is told."""
        return self._refusal(because).message

    def _refusal(self, because: type[Rejected]) -> Rejected:
        with pytest.raises(because) as refusal:
            self._decide()
        return refusal.value


def _events(history: Iterable[History]) -> Iterator[Event]:
    for each in history:
        if isinstance(each, Event):
            yield each
        else:
            yield from each


spring = Decider(campaigns.initial(SPRING), campaigns.decide, campaigns.evolve)
solo = Decider(campaigns.initial(SOLO), campaigns.decide, campaigns.evolve)
ann = Decider(accounts.initial(ANN), accounts.decide, accounts.evolve)
nobody_suppressed = Decider(
    suppressions.initial(suppressions.ONE), suppressions.decide, suppressions.evolve
)
first_slot = Decider(slots.initial(SLOTS[ANN]), slots.decide, slots.evolve)


# A whole workspace.

Move = Command | Sequence[Command]


class World:
    """One workspace, told command by command through the real engine in memory."""

    def __init__(self, policy: Policy = DEFAULT_POLICY, workspace: str = "acme") -> None:
        self.time = ManualClock(NOON)
        self.store = MemoryStore(self.time)
        self.engine = Engine(self.store, policy)
        self.workspace = workspace
        self._ids = count(1)

    def at(self, moment: datetime) -> "World":
        """Time moves to this moment, and no worker runs meanwhile."""
        self.time.time = moment
        return self

    def tick(self, at: datetime | None = None) -> "World":
        """A worker takes its turn, and takes what is due at this very moment as well."""
        self.time.time = at or self.time.time
        self.engine.tick(self.workspace, inclusive=True)
        return self

    def given(self, *moves: Move) -> "World":
        """These commands are accepted, one after the other."""
        for command in _commands(moves):
            answer = self.tell(command)
            assert answer.refusal is None, f"{command} was refused: {answer.refusal}"
        return self

    when = given

    def refuses(self, command: Command, because: str) -> str:
        """This command is refused for that reason. Answers what the user is told."""
        refusal = self.tell(command).refusal
        assert refusal is not None, f"{command} was not refused"
        assert refusal.code == because
        return refusal.message

    def tell(self, command: Command, command_id: str | None = None) -> Reply:
        return self.engine.execute(
            self.workspace,
            command,
            command_id=command_id or f"command-{next(self._ids)}",
            actor=_actor(command),
        )

    @property
    def log(self) -> list[Recorded]:
        return list(decode_page(self.store.read(0, 1_000_000), 0))

    def facts(self, *kinds: type[Event]) -> list[Event]:
        return [recorded.event for recorded in self.log if isinstance(recorded.event, kinds)]

    def recorded(self, kind: type[Event]) -> Recorded:
        """The one fact of this kind, with its envelope."""
        (only,) = (recorded for recorded in self.log if isinstance(recorded.event, kind))
        return only

    @property
    def answers(self) -> Answers:
        views = MemoryViews()
        ProjectionRunner(self.store, views, SHIPPED).catch_up()
        return Answers(views, self.workspace)

    def account(self, account: str) -> AccountRow:
        return self.answers.accounts[account]

    def campaign(self, campaign: str = SPRING) -> CampaignRow:
        return self.answers.campaigns[campaign]

    def recipient(self, recipient: str, campaign: str = SPRING) -> RecipientAnswer:
        (found,) = (
            each for each in self.answers.recipients(campaign) if each.recipient_id == recipient
        )
        return found

    def statuses(self, campaign: str = SPRING) -> dict[str, RecipientStatus]:
        return {each.recipient_id: each.status for each in self.answers.recipients(campaign)}

    def clocks(self, account: str = ANN, campaign: str = SPRING) -> list[ClockAnswer]:
        return [
            clock
            for clock in self.answers.clocks()
            if (clock.account_id, clock.campaign_id) == (account, campaign)
        ]

    def clock(self, account: str = ANN, campaign: str = SPRING) -> ClockAnswer:
        """The only clock that this campaign ever had for the account."""
        (only,) = self.clocks(account, campaign)
        return only

    def notices(self) -> list[tuple[NoticeKind, timedelta]]:
        """What the owners were told, and how long after noon."""
        return [
            (notice.kind, notice.issued_at - NOON)
            for notice in self.answers.notices()
            if notice.issued_at is not None
        ]


def office(policy: Policy = DEFAULT_POLICY, *senders: str) -> World:
    """A workspace in which a rotation campaign runs, from Ann and Bob unless told otherwise."""
    from_email = senders or (ANN, BOB)
    world = World(policy)
    return world.given(*(connect(each) for each in from_email), create(*from_email), start())


NO_GAP = Settings(limits={"gap": 0})


def mailing(
    *steps: Step,
    to: Sequence[str] = (R1, R2, R3),
    settings: Settings = NO_GAP,
    policy: Policy = DEFAULT_POLICY,
    **told: Any,
) -> World:
    """A workspace in which a rotation campaign of Ann and Bob sends by itself."""
    world = World(policy).given(connect(ANN, settings=settings), connect(BOB, settings=settings))
    created = create(ANN, BOB, to=to, mail_id="mail-1")
    return world.given(created, set_sequence(*steps, **told), start())


def _commands(moves: Iterable[Move]) -> Iterator[Command]:
    for move in moves:
        if isinstance(move, Command):
            yield move
        else:
            yield from move


def _actor(command: Command) -> str:
    match command:
        case RecordCheck(asked_by=Asker.BACKGROUND):
            return "check"
        case _:
            return "user:test"
