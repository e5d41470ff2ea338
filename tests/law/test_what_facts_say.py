"""What facts say: each repeats, field by field, what it was told and what it follows from."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import pytest

from aggregates import people
from aggregates import recipient as recipients
from aggregates.campaign.commands import (
    ClearPauseCause,
    CreateCampaign,
    CureClock,
    EndHold,
    ImportRecipients,
    MigrateRecipients,
    Past,
    PauseForConnection,
    RecordRefused,
    RemoveDisconnectedSender,
    ReplaceSender,
    StartClock,
    SupersedeClock,
)
from aggregates.command import ClockReading, Command, Senders
from aggregates.email_account.commands import (
    ConnectAccount,
    CountSend,
    EndThrottling,
    IssueNotice,
    RecordCheck,
    RecordNoticeAttempt,
    UncountSend,
)
from aggregates.people import CommitPeople
from aggregates.recipient import ForgetRecipient
from aggregates.rejections import Rejected, StillFailing, StoppedForGood, Suppressed
from aggregates.slot import OccupySlot, VacateSlot
from aggregates.suppressions import ReleaseDomain, SuppressDomain
from engine.simulated import simulated_report
from events.base import Event
from events.campaign import (
    AssignmentReleased,
    AutoReplyReceived,
    CampaignCreated,
    CampaignFinished,
    CampaignPaused,
    CampaignReopened,
    CampaignResumed,
    CampaignStarted,
    ComplaintReceived,
    EmailAccepted,
    EmailOutcomeUnknown,
    EmailRefused,
    GracePeriodCured,
    GracePeriodExpired,
    GracePeriodStarted,
    GracePeriodSuperseded,
    HoldEnded,
    LateSignalRecorded,
    PauseCauseCleared,
    RecipientAdded,
    RecipientAssigned,
    RecipientBounced,
    RecipientEnded,
    RecipientFailed,
    RecipientFinished,
    RecipientImportRefused,
    RecipientMigrated,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
    SenderAdded,
    SenderRemoved,
    SenderReplaced,
    SendReserved,
    SentFolderSearched,
    SentSearched,
    SequenceSet,
)
from events.catalogue import CATALOGUE
from events.email_account import (
    AccountConnected,
    AccountDisconnected,
    CheckFailed,
    CheckPassed,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    ConnectRejected,
    NoticeAttempted,
    NoticeIssued,
    OneClickReconnected,
    OneClickRejected,
    SendCounted,
    SendingThrottled,
    SendUncounted,
    SentSearchProved,
    SettingsUpdated,
    ThrottlingEnded,
)
from events.recipient import PeopleCommitted, RecipientForgotten
from events.sequence import Step
from events.slot import SlotOccupied, SlotVacated
from events.suppression import DomainReleased, DomainSuppressed, PersonReleased, PersonSuppressed
from events.vocabulary import (
    Asker,
    ClockOutcome,
    FailureClass,
    GivenUp,
    Mode,
    NoticeKind,
    OnAccountTrouble,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Settings,
    Signal,
    Stake,
    StopReason,
    SuppressedBecause,
)
from tests.law.story import (
    ALL_WORK,
    ANN,
    BOB,
    BOUNCED,
    CLEO,
    DAY,
    DISCONNECT,
    FAILURE,
    FINISHED,
    HOUR,
    INTRO,
    MINUTE,
    NINE_DAYS,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    REPLIED,
    REVOKED,
    SECOND,
    SOLO,
    SPRING,
    SUMMER,
    UNSUBSCRIBED,
    WELL,
    Decider,
    accepted,
    add_sender,
    ann,
    assign,
    assigned,
    clock_started,
    complaint,
    connected,
    create,
    disconnect,
    failed,
    finish,
    first_slot,
    heard_from,
    import_recipients,
    incident,
    message,
    nobody_suppressed,
    one_click,
    out_of_office,
    pause,
    planned,
    prove_search,
    refused,
    release,
    remove_sender,
    removed,
    request_check,
    reserve,
    reserve_step,
    reserved,
    resume,
    rotation,
    search_sent_folder,
    sequence,
    set_sequence,
    signal,
    solo,
    spring,
    start,
    step_reserved,
    suppress,
    unknown,
    update_settings,
)

NOW = NOON + 20 * MINUTE
HERS = Settings(signature="Best, Ann", sending_speed=40)
PAUSE, HOLD = OnAccountTrouble.PAUSE_CAMPAIGN, OnAccountTrouble.HOLD_SENDER

RUNNING = rotation(ANN, BOB)
HEARD = [*RUNNING, *heard_from(ANN, R1)]
ON_ITS_WAY = [*RUNNING, reserved(ANN, R2)]
IN_SPRING: dict[str, Any] = {"campaign_id": SPRING, "occurred_at": NOW}
OF_ANN: dict[str, Any] = {"account_id": ANN, "occurred_at": NOW}
ANNS = {**IN_SPRING, **OF_ANN}
UNTIL_NOON: dict[str, Any] = {"campaign_id": SPRING, "occurred_at": NOON}
TO_R1, TO_R2 = {**IN_SPRING, "recipient_id": R1}, {**IN_SPRING, "recipient_id": R2}
ABOUT_ANN: dict[str, Any] = {"campaign_id": SPRING, "account_id": ANN}
HER_INCIDENT = {**ANNS, "incident_id": incident(ANN)}


class Case(NamedTuple):
    who: Decider
    history: Sequence[Event]
    command: Command
    facts: Sequence[Event]
    senders: Senders = ALL_WORK
    at: datetime = NOW


class Remembered(NamedTuple):
    """A refused command, and the facts that stand all the same."""

    who: Decider
    history: Sequence[Event]
    command: Command
    because: type[Rejected]
    facts: Sequence[Event]


def of_the_campaign() -> Iterator[Case]:
    created = CampaignCreated(**IN_SPRING, mode=Mode.ROTATION)
    added = [SenderAdded(**IN_SPRING, account_id=each) for each in (ANN, BOB)]
    imported = [RecipientAdded(**TO_R1), RecipientAdded(**TO_R2)]
    twice = create(ANN, BOB, ANN, to=(R1, R2, R1))
    yield Case(spring, [], twice, [created, *added, *imported])
    single = CreateCampaign(campaign_id=SOLO, mode=Mode.SINGLE, slot_id="s1")
    in_slot = {"slot_id": "s1", "account_id": ANN}
    yield Case(
        solo,
        [],
        single,
        [CampaignCreated(campaign_id=SOLO, mode=Mode.SINGLE, **in_slot, occurred_at=NOW)],
        Senders(occupant=ANN),
    )
    started = CampaignStarted(**IN_SPRING, on_account_trouble=PAUSE)
    yield Case(spring, RUNNING[:-1], start(), [started])
    ended = [RecipientReplied(campaign_id=SPRING, recipient_id=R1, occurred_at=NOON)]
    alone = rotation(ANN, to=(R1,))
    finished = CampaignFinished(**IN_SPRING)
    yield Case(spring, [*alone[:-1], *ended], start(), [started, finished])
    nobody = rotation(ANN, to=())
    by_user = CampaignPaused(**IN_SPRING, cause="user")
    yield Case(spring, nobody[:-1], start(), [started])
    yield Case(spring, nobody, pause(), [by_user])
    yield Case(spring, RUNNING, pause(), [by_user])
    trouble = PauseForConnection(**ABOUT_ANN, on_account_trouble=PAUSE)
    by_ann = CampaignPaused(**IN_SPRING, cause=f"connection:{ANN}")
    yield Case(spring, RUNNING, trouble, [by_ann])
    cleared = PauseCauseCleared(**IN_SPRING, cause=f"connection:{ANN}")
    yield Case(spring, [*RUNNING, by_user, by_ann], ClearPauseCause(**ABOUT_ANN), [cleared])
    yield Case(spring, [*RUNNING, by_user], ClearPauseCause(**ABOUT_ANN), [])
    lost = GivenUp(account_id=ANN, at_stake=1, deadline_at=NOON + HOUR)
    resumed = CampaignResumed(**IN_SPRING, on_account_trouble=PAUSE, given_up=(lost,))
    gone = [clock_started(ANN, DISCONNECT, at_stake=1), removed(ANN, held=1)]
    yield Case(spring, [*HEARD, by_user, *gone], resume(without=[ANN]), [resumed])
    no_more = CampaignFinished(campaign_id=SPRING, occurred_at=NOON)
    reopened = CampaignReopened(**IN_SPRING)
    yield Case(
        spring, [*alone, *ended, no_more], import_recipients(R1, R2), [imported[1], reopened]
    )


def of_senders() -> Iterator[Case]:
    yield Case(spring, RUNNING, add_sender(CLEO), [SenderAdded(**IN_SPRING, account_id=CLEO)])
    gone = [*HEARD, clock_started(ANN, DISCONNECT, at_stake=1), removed(ANN, held=1)]
    cured = GracePeriodCured(**HER_INCIDENT, kind=DISCONNECT)
    yield Case(spring, gone, add_sender(ANN), [SenderAdded(**ANNS), cured])
    soft = [*HEARD, assigned(R3, ANN)]
    released = AssignmentReleased(**ANNS, recipient_id=R3)
    yield Case(spring, soft, remove_sender(ANN, 1), [SenderRemoved(**ANNS, held=1), released])
    let_go = [*HEARD, assigned(R3, ANN), released]
    yield Case(spring, let_go, remove_sender(ANN, 1), [SenderRemoved(**ANNS, held=1)])
    disconnected = RemoveDisconnectedSender(**ABOUT_ANN, incident_id=incident(ANN))
    yield Case(spring, soft, disconnected, [SenderRemoved(**HER_INCIDENT, held=1)])
    yield Case(spring, [*soft, removed(ANN, held=1)], disconnected, [])
    from_slot = [
        CampaignCreated(
            campaign_id=SOLO, mode=Mode.SINGLE, slot_id="s1", account_id=ANN, occurred_at=NOON
        ),
        CampaignPaused(campaign_id=SOLO, cause=f"connection:{ANN}", occurred_at=NOON),
        CampaignPaused(campaign_id=SOLO, cause="user", occurred_at=NOON),
    ]
    cleared = PauseCauseCleared(campaign_id=SOLO, cause=f"connection:{ANN}", occurred_at=NOW)
    for account, replaced in (
        (ANN, []),
        (BOB, [SenderReplaced(campaign_id=SOLO, account_id=BOB, occurred_at=NOW)]),
    ):
        by_this = ReplaceSender(campaign_id=SOLO, account_id=account)
        yield Case(solo, from_slot, by_this, [*replaced, cleared])
        yield Case(solo, [*from_slot, *replaced, cleared], by_this, [])


def of_clocks() -> Iterator[Case]:
    started = GracePeriodStarted(
        **HER_INCIDENT, kind=FAILURE, started_at=NOON, deadline_at=NOON + NINE_DAYS, at_stake=1
    )
    begin = StartClock(
        **ABOUT_ANN,
        incident_id=incident(ANN),
        kind=FAILURE,
        started_at=NOON,
        deadline_at=NOON + NINE_DAYS,
    )
    yield Case(spring, HEARD, begin, [started])
    ill = [*HEARD, clock_started(ANN, FAILURE, at_stake=1)]
    cured = GracePeriodCured(**HER_INCIDENT, kind=FAILURE)
    yield Case(spring, ill, CureClock(**ABOUT_ANN), [cured])
    superseded = GracePeriodSuperseded(**HER_INCIDENT, kind=FAILURE, superseded_by=incident(ANN, 2))
    by_the_hour = SupersedeClock(**ABOUT_ANN, superseded_by=incident(ANN, 2))
    yield Case(spring, ill, by_the_hour, [superseded])


def of_recipients() -> Iterator[Case]:
    chosen = RecipientAssigned(**ANNS, recipient_id=R1)
    yield Case(spring, RUNNING, assign(R1, ANN), [chosen])
    endings: dict[Signal, type[RecipientEnded]] = {
        REPLIED: RecipientReplied,
        BOUNCED: RecipientBounced,
        UNSUBSCRIBED: RecipientUnsubscribed,
        FINISHED: RecipientFinished,
        RecipientStatus.FAILED: RecipientFailed,
    }
    for status, kind in endings.items():
        uncontacted = [*RUNNING, assigned(R1, ANN)]
        (told,) = signal(status, R1)
        yield Case(spring, HEARD, told, [kind(**ANNS, recipient_id=R1)])
        yield Case(spring, uncontacted, told, [kind(**TO_R1)])
    yield from _of_a_migration()
    gone = RecipientReplied(campaign_id=SPRING, recipient_id=R1, occurred_at=NOON)
    (late,) = signal(BOUNCED, R1)
    yield Case(spring, [*HEARD, gone], late, [LateSignalRecorded(**TO_R1, signal=BOUNCED)])
    back = NOON + 2 * DAY
    away = AutoReplyReceived(**TO_R1, until=back, held_until=back)
    yield Case(spring, HEARD, out_of_office(R1, back), [away])
    over = AutoReplyReceived(
        campaign_id=SPRING, recipient_id=R1, until=NOW, held_until=NOW, occurred_at=NOON
    )
    end = EndHold(campaign_id=SPRING, recipient_id=R1)
    yield Case(spring, [*HEARD, over], end, [HoldEnded(**TO_R1)])


def _of_a_migration() -> Iterator[Case]:
    new: dict[str, Any] = {**IN_SPRING, "recipient_id": "r9"}
    people = (Past("r9", ANN, NUDGE, NOON, BOUNCED),)
    migrated = RecipientMigrated(**new, account_id=ANN, steps=(INTRO, NUDGE), received_at=NOON)
    bounced = RecipientBounced(**new, account_id=ANN)
    told = MigrateRecipients(campaign_id=SPRING, people=people)
    yield Case(spring, planned(), told, [RecipientAdded(**new), migrated, bounced])


def of_messages() -> Iterator[Case]:
    about: dict[str, Any] = {**ANNS, "recipient_id": R2, "send_id": "send-1"}
    yield Case(spring, RUNNING, reserve(ANN, R2), [SendReserved(**about)])
    yield Case(spring, ON_ITS_WAY, accepted(R2), [EmailAccepted(**about)])
    yield Case(spring, ON_ITS_WAY, unknown(R2), [EmailOutcomeUnknown(**about)])
    doomed = [*ON_ITS_WAY, clock_started(ANN, DISCONNECT), ran_out()]
    stopped = RecipientStopped(
        **HER_INCIDENT, recipient_id=R2, reason=StopReason.GRACE_PERIOD_EXPIRED
    )
    yield Case(spring, doomed, accepted(R2), [EmailAccepted(**about), stopped])
    again = EmailRefused(**about, fault=RefusalFault.TEMPORARY)
    yield Case(spring, ON_ITS_WAY, refused(R2), [again])
    released = AssignmentReleased(**ANNS, recipient_id=R2)
    yield Case(spring, doomed, refused(R2), [again, released])
    follow_up = [*RUNNING, *heard_from(ANN, R2), reserved(ANN, R2)]
    for fault, kind in (
        (RefusalFault.RECIPIENT, RecipientBounced),
        (RefusalFault.OTHER, RecipientFailed),
    ):
        for_good = EmailRefused(**about, fault=fault)
        told = refused(R2, fault=fault)
        yield Case(spring, ON_ITS_WAY, told, [for_good, kind(**TO_R2)])
        yield Case(spring, follow_up, told, [for_good, kind(**ANNS, recipient_id=R2)])
    lost = EmailOutcomeUnknown(**{**about, "occurred_at": NOON})
    search = search_sent_folder(R2, "send-1", found=True)
    found = SentSearched(**about, result=SearchResult.FOUND)
    yield Case(spring, [*ON_ITS_WAY, lost], search, [found])


def of_steps() -> Iterator[Case]:
    intro, nudge = (Step(name=INTRO), Step(name=NUDGE, after=5 * MINUTE))
    mails = [*RUNNING, SequenceSet(**UNTIL_NOON, sequence=sequence(intro, nudge))]
    set_up = SequenceSet(**IN_SPRING, sequence=sequence(intro, nudge))
    yield Case(spring, RUNNING, set_sequence(intro, nudge), [set_up])
    mail: dict[str, Any] = {**ANNS, "recipient_id": R1, "send_id": message(R1)}
    first = SendReserved(**mail, step=INTRO, day=NOW.date())
    yield Case(spring, mails, reserve_step(ANN, R1), [first])
    on_its_way = [*mails, step_reserved(R1)]
    got_it = [*on_its_way, EmailAccepted(**{**mail, "occurred_at": NOON})]
    second = SendReserved(
        **{**mail, "send_id": message(R1, NUDGE)},
        step=NUDGE,
        day=NOW.date(),
        inbox_read_until=NOW,
        freshness=2 * MINUTE,
    )
    yield Case(spring, got_it, reserve_step(ANN, R1, NUDGE, read=NOW), [second])
    yield from _refusals_of_steps(on_its_way, mail)
    complained = ComplaintReceived(**TO_R1)
    for history, sender in ((got_it, ANN), (mails, None)):
        ended = RecipientUnsubscribed(**TO_R1, account_id=sender)
        yield Case(spring, history, complaint(R1), [complained, ended])
    only = [*RUNNING, SequenceSet(**UNTIL_NOON, sequence=sequence(intro))]
    done = [*only, step_reserved(R1), EmailAccepted(**{**mail, "occurred_at": NOON})]
    over = NOON + 3 * DAY
    finished = RecipientFinished(**{**ANNS, "occurred_at": over}, recipient_id=R1)
    yield Case(spring, done, finish(R1, over), [finished], at=over + HOUR)


def _refusals_of_steps(on_its_way: Sequence[Event], mail: dict[str, Any]) -> Iterator[Case]:
    about: dict[str, Any] = {"campaign_id": SPRING, "recipient_id": R1, "send_id": message(R1)}
    refusal: dict[str, Any] = {**mail, "reserved_at": NOON}
    later = EmailRefused(
        **refusal,
        fault=RefusalFault.TEMPORARY,
        tries=1,
        most_tries=5,
        tries_span=2 * DAY,
        retry_at=NOW + 15 * MINUTE,
    )
    yield Case(spring, on_its_way, refused(R1, message(R1)), [later])
    too_much = RecordRefused(**about, fault=RefusalFault.LIMIT, told_until=NOW + HOUR)
    limit = EmailRefused(**refusal, fault=RefusalFault.LIMIT, told_until=NOW + HOUR)
    yield Case(spring, on_its_way, too_much, [limit])
    nobody = RecordRefused(**about, fault=RefusalFault.RECIPIENT, address_unknown=True)
    for_good = EmailRefused(**refusal, fault=RefusalFault.RECIPIENT)
    bounced = RecipientBounced(**TO_R1, address_unknown=True)
    yield Case(spring, on_its_way, nobody, [for_good, bounced])


def of_usage() -> Iterator[Case]:
    there = [connected(ANN, HERS)]
    about: dict[str, Any] = {"account_id": ANN, "campaign_id": SPRING, "send_id": "send-1"}
    counted = SendCounted(
        **about,
        day=NOW.date(),
        day_began_at=NOW.replace(hour=0, minute=0),
        used=1,
        limit=40,
        gap=90 * SECOND,
        occurred_at=NOW,
    )
    yield Case(ann, there, CountSend(**about), [counted])
    refusal = UncountSend(**about, reserved_at=NOW, throttled=True)
    uncounted = SendUncounted(**about, reserved_at=NOW, occurred_at=NOW)
    held = SendingThrottled(**OF_ANN, until=NOW + HOUR, held_for=HOUR)
    yield Case(ann, [*there, counted], refusal, [uncounted, held])
    yield Case(ann, there, refusal, [held])
    earlier = SendingThrottled(account_id=ANN, until=NOON, held_for=HOUR, occurred_at=NOON)
    works_again = EndThrottling(account_id=ANN)
    yield Case(ann, [*there, earlier], works_again, [ThrottlingEnded(**OF_ANN)])
    yield Case(ann, there, works_again, [])
    proved = SentSearchProved(**OF_ANN, send_id="send-1")
    yield Case(ann, there, prove_search(ANN), [proved])
    yield Case(ann, [*there, proved], prove_search(ANN), [])


def of_suppressions() -> Iterator[Case]:
    operator = SuppressedBecause.OPERATOR
    person = PersonSuppressed(recipient_id=R1, because=operator, occurred_at=NOW)
    let_go = PersonReleased(recipient_id=R1, reason="asked for it by phone", occurred_at=NOW)
    domain = DomainSuppressed(domain="acme.test", occurred_at=NOW)
    open_again = DomainReleased(domain="acme.test", reason="a new contract", occurred_at=NOW)
    contract = ReleaseDomain(domain="acme.TEST", reason="a new contract")
    listed = nobody_suppressed
    yield Case(listed, [], suppress(R1), [person])
    yield Case(listed, [person], suppress(R1), [])
    yield Case(listed, [person], release(R1), [let_go])
    yield Case(listed, [person, let_go], release(R1), [])
    yield Case(listed, [], SuppressDomain(domain=" ACME.test. "), [domain])
    yield Case(listed, [domain], SuppressDomain(domain="acme.test"), [])
    yield Case(listed, [domain], contract, [open_again])
    yield Case(listed, [domain, open_again], contract, [])


def ran_out() -> GracePeriodExpired:
    return GracePeriodExpired(
        **{**HER_INCIDENT, "occurred_at": NOON},
        kind=DISCONNECT,
        deadline_at=NOON,
        stopped=0,
        released=0,
        in_flight=1,
        skipped={},
    )


def of_connections() -> Iterator[Case]:
    into_slot = ConnectAccount(
        account_id=ANN,
        slot_id="s1",
        provider="simulated",
        settings=HERS,
        report=WELL,
        configuration="imap.acme.test:993",
        credentials="secret/ann/1",
    )
    told = AccountConnected(
        **OF_ANN,
        slot_id="s1",
        provider="simulated",
        settings=HERS,
        configuration="imap.acme.test:993",
        credentials="secret/ann/1",
    )
    yield Case(ann, [], into_slot, [told])
    well, ill = [connected(ANN, HERS)], [connected(ANN, HERS), failed(ANN)]
    yield Case(ann, well, update_settings(ANN, HERS), [SettingsUpdated(**OF_ANN, settings=HERS)])
    renewed = one_click(ANN, credentials="secret/ann/2", check_id="check-1")
    reconnected = OneClickReconnected(
        **OF_ANN, report=WELL, credentials="secret/ann/2", check_id="check-1"
    )
    restored = ConnectionRestored(**OF_ANN, incident_id=incident(ANN))
    yield Case(ann, ill, renewed, [reconnected, restored])
    left = AccountDisconnected(
        **OF_ANN,
        slot_id="s1",
        incident_id=incident(ANN, 2),
        supersedes=incident(ANN),
        settings_before=HERS,
        settings_after=Settings(),
        grace_period=HOUR,
        deadline_at=NOW + HOUR,
        remind_at=(NOW + 45 * MINUTE,),
        on_account_trouble=PAUSE,
    )
    yield Case(ann, ill, disconnect(ANN), [left])


def of_checks() -> Iterator[Case]:
    well = [connected(ANN)]
    ended = NOW + 60 * SECOND
    asked = CheckRequested(**OF_ANN, check_id="check-1", patience_ends_at=ended)
    yield Case(ann, well, request_check(ANN, "check-1"), [asked])
    passed = CheckPassed(**OF_ANN, asked_by=Asker.USER, report=WELL, check_id="check-1")
    restored = ConnectionRestored(**OF_ANN, incident_id=incident(ANN))
    check = checked(Asker.USER, None)
    yield Case(ann, [*well, failed(ANN)], check, [passed, restored])
    missed = CheckFailed(
        **OF_ANN,
        asked_by=Asker.BACKGROUND,
        report=simulated_report(FailureClass.UNREACHABLE),
        misses=1,
        misses_before_failure=3,
        misses_span=15 * MINUTE,
        check_id="check-1",
    )
    yield Case(ann, well, checked(Asker.BACKGROUND, FailureClass.UNREACHABLE), [missed])
    lapsed = CheckFailed(
        **OF_ANN,
        asked_by=Asker.USER,
        report=simulated_report(REVOKED),
        misses=0,
        check_id="check-1",
    )
    incident_opened = ConnectionFailed(
        **OF_ANN,
        incident_id=incident(ANN),
        failure_class=REVOKED,
        reason="The permission to use this mailbox was revoked or has lapsed.",
        resolution_window=NINE_DAYS,
        deadline_at=NOW + NINE_DAYS,
        remind_at=(NOW + 3 * DAY, NOW + 7 * DAY, NOW + 8 * DAY),
        on_account_trouble=PAUSE,
    )
    yield Case(ann, well, checked(Asker.USER, REVOKED), [lapsed, incident_opened])


def checked(asked_by: Asker, found: FailureClass | None) -> RecordCheck:
    return RecordCheck(
        account_id=ANN, asked_by=asked_by, report=simulated_report(found), check_id="check-1"
    )


def of_notices() -> Iterator[Case]:
    clocks = tuple(
        ClockReading(
            campaign_id=campaign,
            outcome=ClockOutcome.RUNNING,
            ended_at=None,
            at_stake=at_stake,
            stopped=0,
        )
        for campaign, at_stake in ((SPRING, 2), (SUMMER, 3))
    )
    tell = IssueNotice(
        account_id=ANN, incident_id=incident(ANN), kind=NoticeKind.FAILURE, clocks=clocks
    )
    issued = NoticeIssued(
        **OF_ANN,
        incident_id=incident(ANN),
        incident_kind=FAILURE,
        kind=NoticeKind.FAILURE,
        number=1,
        at_stake=5,
        campaigns=(
            Stake(campaign_id=SPRING, recipients=2),
            Stake(campaign_id=SUMMER, recipients=3),
        ),
        deadline_at=NOON + NINE_DAYS,
        due_at=NOW,
    )
    ill = [connected(ANN), failed(ANN)]
    yield Case(ann, ill, tell, [issued])
    attempt: dict[str, Any] = {
        "account_id": ANN,
        "incident_id": incident(ANN),
        "number": 1,
        "channel": "maildir",
        "delivered": False,
        "detail": "The disk is full.",
    }
    command = RecordNoticeAttempt(**attempt)
    yield Case(ann, [*ill, issued], command, [NoticeAttempted(**attempt, occurred_at=NOW)])


def of_slots() -> Iterator[Case]:
    into, out = (command(slot_id="s1", account_id=ANN) for command in (OccupySlot, VacateSlot))
    occupied = SlotOccupied(slot_id="s1", account_id=ANN, occurred_at=NOW)
    vacated = SlotVacated(slot_id="s1", account_id=ANN, occurred_at=NOW)
    yield Case(first_slot, [], into, [occupied])
    yield Case(first_slot, [occupied], into, [])
    yield Case(first_slot, [occupied], out, [vacated])
    yield Case(first_slot, [occupied, vacated], out, [])
    yield Case(first_slot, [occupied, vacated], into, [occupied])


def of_persons() -> Iterator[Case]:
    somebody = Decider(recipients.initial("r1"), recipients.decide, recipients.evolve)
    forgotten = RecipientForgotten(recipient_id="r1", occurred_at=NOW)
    yield Case(somebody, [], ForgetRecipient(recipient_id="r1"), [forgotten])
    yield Case(somebody, [forgotten], ForgetRecipient(recipient_id="r1"), [])
    everybody = Decider(people.initial("all"), people.decide, people.evolve)
    committed = PeopleCommitted(digests={"r1": "9f2c"}, written=True, occurred_at=NOW)
    commit = CommitPeople(digests={"r1": "9f2c"}, written=True)
    yield Case(everybody, [committed], commit, [committed])


def of_refusals() -> Iterator[Remembered]:
    in_vain = one_click(ANN, found=FailureClass.UNREACHABLE, check_id="check-1")
    rejected = OneClickRejected(**OF_ANN, reason="still_failing", check_id="check-1")
    yield Remembered(ann, [connected(ANN)], in_vain, StillFailing, [rejected])
    gone = AccountDisconnected(
        account_id=ANN,
        slot_id="s1",
        incident_id=incident(ANN),
        settings_before=Settings(),
        settings_after=Settings(),
        grace_period=HOUR,
        deadline_at=NOON + HOUR,
        remind_at=(),
        on_account_trouble=HOLD,
        occurred_at=NOON,
    )
    elsewhere = ConnectAccount(
        account_id=ANN,
        slot_id="s2",
        provider="simulated",
        report=simulated_report(FailureClass.UNREACHABLE),
    )
    not_connected = ConnectRejected(**OF_ANN, slot_id="s2", reason="still_failing")
    yield Remembered(ann, [connected(ANN), gone], elsewhere, StillFailing, [not_connected])
    yield Remembered(ann, [], elsewhere, StillFailing, [])
    stop = RecipientStopped(
        **{**HER_INCIDENT, "occurred_at": NOON},
        recipient_id=R1,
        reason=StopReason.GRACE_PERIOD_EXPIRED,
    )
    added = RecipientAdded(**IN_SPRING, recipient_id="r9")
    refusal = RecipientImportRefused(**TO_R1, reason="recipient_stopped")
    yield Remembered(
        spring, [*HEARD, stop], import_recipients(R1, "r9"), StoppedForGood, [added, refusal]
    )
    never_again = RecipientImportRefused(**IN_SPRING, recipient_id="r8", reason="suppressed")
    some = ImportRecipients(
        campaign_id=SPRING, recipient_ids=("r8", R1, "r9"), suppressed=frozenset({"r8", R1})
    )
    both = [added, refusal, never_again]
    yield Remembered(spring, HEARD, some, Suppressed, [added, never_again])
    yield Remembered(spring, [*HEARD, stop], some, StoppedForGood, both)


CASES = [
    *of_the_campaign(),
    *of_senders(),
    *of_clocks(),
    *of_recipients(),
    *of_messages(),
    *of_steps(),
    *of_usage(),
    *of_suppressions(),
    *of_connections(),
    *of_checks(),
    *of_notices(),
    *of_slots(),
    *of_persons(),
]
REMEMBERED = list(of_refusals())


def named(case: Case | Remembered) -> str:
    return type(case.command).__name__


@pytest.mark.rule("F2", "P1", "P2", "S1", "S10", "T1", "T2", "T3", "C2", "N1")
@pytest.mark.rule("M1", "M2", "M3", "M4", "M5", "M7", "M8")
@pytest.mark.parametrize("case", CASES, ids=named)
def test_a_fact_says_what_it_was_told_and_what_it_follows_from(case: Case) -> None:
    decider = case.who.given(*case.history)

    decider.when(case.command, at=case.at, senders=case.senders).then(*case.facts)


@pytest.mark.rule("F2", "R2", "S4")
@pytest.mark.parametrize("case", REMEMBERED, ids=named)
def test_what_is_remembered_of_a_refusal_says_what_was_asked(case: Remembered) -> None:
    decider = case.who.given(*case.history)

    decider.when(case.command, at=NOW).refused(case.because, *case.facts)


def test_every_kind_of_fact_was_looked_at() -> None:
    told = [case.facts for case in CASES] + [case.facts for case in REMEMBERED]
    seen = {type(fact) for facts in told for fact in facts}

    assert set(CATALOGUE.classes.values()) - seen == {GracePeriodExpired, SentFolderSearched}
