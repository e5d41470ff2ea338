"""Refusals: each says in one sentence why, with the facts in it, and what to do next."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

import pytest

from aggregates.campaign.commands import (
    EndHold,
    MigrateRecipients,
    Past,
    ReserveStep,
    ResumeCampaign,
    SetSequence,
)
from aggregates.command import Command, Senders
from aggregates.email_account.commands import ConnectAccount, CountSend
from aggregates.rejections import (
    AccountNotYet,
    AccountRejected,
    AlreadyConnected,
    AlreadyInCampaign,
    AlreadyReceivedEmail,
    AlreadyRunning,
    BadSequence,
    CampaignNotRunning,
    CampaignRejected,
    ConfigurationChanged,
    ContactedElsewhere,
    FixedSenderIsOther,
    IdentityMismatch,
    InboxNotRead,
    InsufficientScope,
    NameTaken,
    NoReason,
    NoSender,
    NotARotationCampaign,
    NotConfirmed,
    NotConnected,
    NotFinished,
    NotSetUp,
    NotTheNextStep,
    NotYet,
    OutcomeUnknown,
    PauseCauseHolds,
    PausedByUser,
    RecipientRejected,
    RecipientTerminal,
    Rejected,
    SenderHeld,
    SenderMissing,
    SenderNotConnected,
    SenderNotInCampaign,
    SendInFlight,
    SlotTaken,
    StillFailing,
    StoppedForGood,
    Suppressed,
    UnknownAccount,
    UnknownCampaign,
    UnknownNotice,
    UnknownRecipient,
    UnknownSend,
    UnknownSlot,
    UnknownStep,
    ZoneIsFixed,
)
from aggregates.slot import OccupySlot
from engine.simulated import simulated_report
from events.base import Event
from events.campaign import (
    AutoReplyReceived,
    CampaignCreated,
    CampaignFinished,
    CampaignPaused,
    CampaignStarted,
    EmailAccepted,
    EmailOutcomeUnknown,
    RecipientAdded,
    RecipientReplied,
    RecipientStopped,
    SequenceSet,
)
from events.email_account import AccountDisconnected
from events.sequence import MailSequence, Step, Window
from events.slot import SlotOccupied
from events.suppression import PersonSuppressed
from events.vocabulary import (
    ConnectionStatus,
    FailureClass,
    Mode,
    OnAccountTrouble,
    Settings,
    StopReason,
    SuppressedBecause,
)
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    DISCONNECT,
    FAILURE,
    HOUR,
    INTRO,
    NOON,
    NUDGE,
    R1,
    R2,
    R3,
    REPLIED,
    SOLO,
    SPRING,
    STEPS,
    Decider,
    accepted,
    add_sender,
    ann,
    assign,
    attempt_notice,
    clock_started,
    connect,
    connected,
    create,
    create_single,
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
    pass_check,
    pause,
    planned,
    refused,
    release,
    remove_sender,
    removed,
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
    unknown,
    user_check,
)

NOBODY_KNOWN = Senders()
ANN_FAILS = Senders(statuses={ANN: ConnectionStatus.FAILED}, occupant=ANN)
ANN_IN_SLOT = Senders(statuses=dict.fromkeys((ANN, BOB), ConnectionStatus.SUCCESSFUL), occupant=ANN)


class Refusal(NamedTuple):
    who: Decider
    history: Sequence[Event | Sequence[Event]]
    command: Command
    because: type[Rejected]
    told: str
    senders: Senders | None = None


def gone() -> AccountDisconnected:
    return AccountDisconnected(
        account_id=ANN,
        slot_id="s1",
        incident_id=incident(ANN),
        settings_before=Settings(),
        settings_after=Settings(),
        grace_period=HOUR,
        deadline_at=NOON + HOUR,
        remind_at=(),
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
        occurred_at=NOON,
    )


def paused(cause: str = "user", campaign: str = SPRING) -> CampaignPaused:
    return CampaignPaused(campaign_id=campaign, cause=cause, occurred_at=NOON)


def stopped(recipient: str) -> RecipientStopped:
    return RecipientStopped(
        campaign_id=SPRING,
        recipient_id=recipient,
        account_id=ANN,
        incident_id=incident(ANN),
        reason=StopReason.GRACE_PERIOD_EXPIRED,
        occurred_at=NOON,
    )


def replied(recipient: str) -> RecipientReplied:
    return RecipientReplied(campaign_id=SPRING, recipient_id=recipient, occurred_at=NOON)


def away(recipient: str, until: datetime) -> AutoReplyReceived:
    return AutoReplyReceived(
        campaign_id=SPRING, recipient_id=recipient, until=until, held_until=until, occurred_at=NOON
    )


RUNNING, DRAFT = rotation(ANN, BOB), rotation(ANN, BOB)[:-1]
ENDED = [*RUNNING, CampaignFinished(campaign_id=SPRING, occurred_at=NOON)]
HEARD = [*RUNNING, *heard_from(ANN, R1)]
STOPPED = [*HEARD, *heard_from(ANN, R2), stopped(R1), stopped(R2)]
ON_ITS_WAY = [*RUNNING, reserved(ANN, R1)]
UNCERTAIN = [
    *ON_ITS_WAY,
    EmailOutcomeUnknown(
        campaign_id=SPRING, recipient_id=R1, account_id=ANN, send_id="send-1", occurred_at=NOON
    ),
]
FROM_A_SLOT = [
    CampaignCreated(
        campaign_id=SOLO, mode=Mode.SINGLE, slot_id="s1", account_id=ANN, occurred_at=NOON
    ),
    RecipientAdded(campaign_id=SOLO, recipient_id=R1, occurred_at=NOON),
    CampaignStarted(
        campaign_id=SOLO, on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN, occurred_at=NOON
    ),
]
THERE = [connected(ANN)]
HERS_IS_LOST = [*HEARD, paused(), clock_started(ANN, DISCONNECT, at_stake=1), removed(ANN, held=1)]


def of_accounts() -> Iterator[Refusal]:
    never = f"There is no email account {ANN}. Connect it first."
    one_slot = OccupySlot(slot_id="s1", account_id=BOB)
    occupied = SlotOccupied(slot_id="s1", account_id=ANN, occurred_at=NOON)
    scope, mismatch = FailureClass.AUTH_INSUFFICIENT_SCOPE, FailureClass.IDENTITY_MISMATCH
    failing = f"The connection check of {ANN} still fails. Correct the cause and try again."
    unscoped = f"{ANN} was not granted full mail access. Tick the box on the next Reconnect."
    other = f"Another mailbox than {ANN} answered. To change mailboxes, use Two-Step Reconnect."
    servers = f"The mail servers of {ANN} changed. Disconnect and connect it (Two-Step Reconnect)."

    yield Refusal(ann, [], pass_check(ANN), UnknownAccount, never)
    yield Refusal(
        ann, [*THERE, gone()], pass_check(ANN), NotConnected,
        f"{ANN} is disconnected. Connect it to a slot first.",
    )  # fmt: skip
    yield Refusal(
        ann, THERE, connect(ANN, slot="s2"), AlreadyConnected,
        f"{ANN} is connected in slot s1 already. Use One-Click Reconnect to repair it.",
    )  # fmt: skip
    yield Refusal(
        first_slot, [occupied], one_slot, SlotTaken,
        f"Slot s1 holds {ANN}. Disconnect it or choose another slot.",
    )  # fmt: skip
    for found, because, told in (
        (FailureClass.UNREACHABLE, StillFailing, failing),
        (scope, InsufficientScope, unscoped),
        (mismatch, IdentityMismatch, other),
    ):
        yield Refusal(ann, THERE, one_click(ANN, found=found), because, told)
        yield Refusal(ann, [], connect_that_finds(found), because, told)
    yield Refusal(ann, THERE, user_check(ANN, mismatch), IdentityMismatch, other)
    elsewhere = one_click(ANN, configuration="imap.elsewhere.test:993")
    yield Refusal(ann, THERE, elsewhere, ConfigurationChanged, servers)
    yield Refusal(
        ann, [*THERE, failed(ANN)], attempt_notice(ANN, incident(ANN), delivered=True),
        UnknownNotice,
        f"No notice 1 was issued about incident {ANN}#1. Name one that was.",
    )  # fmt: skip


def connect_that_finds(found: FailureClass) -> Command:
    command = connect(ANN)
    assert isinstance(command, ConnectAccount)
    return replace(command, report=simulated_report(found))


def of_campaigns() -> Iterator[Refusal]:
    no_slot = replace(NOBODY_KNOWN, slot_known=False)
    yield Refusal(
        solo, [], create_single("s9"), UnknownSlot,
        "There is no slot s9. Connect an account there first.", no_slot,
    )  # fmt: skip
    yield Refusal(
        spring, [], pause(), UnknownCampaign, "There is no campaign spring. Create it first."
    )
    yield Refusal(
        spring, RUNNING, create(ANN), NameTaken,
        "There is a campaign spring already. Choose another name.",
    )  # fmt: skip
    for command in (add_sender(ANN, SOLO), remove_sender(ANN, 0, SOLO), assign(R1, ANN, SOLO)):
        yield Refusal(
            solo, FROM_A_SLOT, command, NotARotationCampaign,
            "Campaign solo sends from one slot; only Inbox Rotation campaigns have a sender list.",
        )  # fmt: skip
    yield from of_from_email()
    yield from of_starting_and_resuming()


def of_from_email() -> Iterator[Refusal]:
    never = f"There is no email account {CLEO}. Connect it first."
    for history, command in (
        ([], create(CLEO)),
        (RUNNING, add_sender(CLEO)),
        (RUNNING, reserve(CLEO, R1)),
    ):
        yield Refusal(spring, history, command, UnknownAccount, never, NOBODY_KNOWN)
    yield Refusal(
        spring, RUNNING, add_sender(ANN), AlreadyInCampaign,
        f"{ANN} is in FROM EMAIL of spring already.",
    )  # fmt: skip
    for command in (remove_sender(CLEO), assign(R1, CLEO), reserve(CLEO, R1)):
        yield Refusal(
            spring, RUNNING, command, SenderNotInCampaign,
            f"{CLEO} is no sender of spring. Add it to FROM EMAIL first.",
        )  # fmt: skip
    yield Refusal(
        solo, FROM_A_SLOT, reserve(BOB, R1, campaign=SOLO), SenderNotInCampaign,
        f"{BOB} is no sender of solo. Add it to FROM EMAIL first.", ANN_IN_SLOT,
    )  # fmt: skip
    yield Refusal(
        spring, HEARD, remove_sender(ANN, 7), NotConfirmed,
        f"Removing {ANN} leaves 1 contacted recipients held until it is re-added. "
        "Confirm with that number.",
    )  # fmt: skip
    broken = f"{ANN} is not connected. Reconnect it first."
    ill = [*RUNNING, clock_started(ANN, FAILURE)]
    yield Refusal(spring, [], create(ANN), SenderNotConnected, broken, ANN_FAILS)
    yield Refusal(
        spring, [*RUNNING, removed(ANN)], add_sender(ANN), SenderNotConnected, broken, ANN_FAILS
    )
    yield Refusal(spring, ill, assign(R1, ANN), SenderNotConnected, broken)
    yield Refusal(spring, ill, reserve(ANN, R1), SenderNotConnected, broken, ANN_FAILS)
    yield Refusal(
        solo, FROM_A_SLOT, reserve(ANN, R1, campaign=SOLO), SenderNotConnected, broken, ANN_FAILS
    )


def fails(account: str) -> Senders:
    well = {ANN: ConnectionStatus.SUCCESSFUL, BOB: ConnectionStatus.SUCCESSFUL}
    return Senders(statuses={**well, account: ConnectionStatus.FAILED})


def of_starting_and_resuming() -> Iterator[Refusal]:
    for account in (ANN, BOB):
        yield Refusal(
            spring, [*DRAFT, clock_started(account, FAILURE)], start(), SenderNotConnected,
            f"{account} is not connected. Reconnect it first.", fails(account),
        )  # fmt: skip
    yield Refusal(
        solo, FROM_A_SLOT[:-1], start(SOLO), NoSender,
        "Campaign solo has no sender. Add an account or connect one in its slot.",
    )  # fmt: skip
    yield Refusal(
        spring, HERS_IS_LOST, resume(without=[BOB]), SenderMissing,
        f"{ANN} left FROM EMAIL of spring: whoever heard from it (1 recipients) is stopped for "
        "good at 2026-03-02T13:00:00Z, unless it is added again. Add it, or name it to resume "
        "without it.",
    )  # fmt: skip
    because_of_ann = paused(f"connection:{ANN}"), paused(f"connection:{ANN}", SOLO)
    yield Refusal(
        spring, [*RUNNING, clock_started(ANN, FAILURE), because_of_ann[0]], resume(),
        PauseCauseHolds,
        f"Campaign spring is paused because {ANN} is not connected. Reconnect it, or remove it.",
        fails(ANN),
    )  # fmt: skip
    yield Refusal(
        solo, [*FROM_A_SLOT, because_of_ann[1]], resume(SOLO), PauseCauseHolds,
        f"Campaign solo is paused because {ANN} is not connected. Reconnect it, or remove it.",
        ANN_FAILS,
    )  # fmt: skip
    sparing = ResumeCampaign(campaign_id=SPRING, unless_paused_by_user=True)
    yield Refusal(
        spring, [*RUNNING, because_of_ann[0], paused()], sparing, PausedByUser,
        "Campaign spring was paused by a user. Whoever wants it to go on resumes it by name.",
    )  # fmt: skip
    for history, status, commands in (
        (DRAFT, "draft", [pause(), resume()]),
        (ENDED, "finished", [pause(), resume(), start()]),
        ([*RUNNING, paused()], "paused", [reserve(ANN, R1)]),
    ):
        for command in commands:
            yield Refusal(
                spring, history, command, CampaignNotRunning,
                f"Campaign spring is {status}; that needs a campaign under way.",
            )  # fmt: skip
    for history, status, commands in (
        (RUNNING, "running", [start(), resume()]),
        ([*RUNNING, paused()], "paused", [start()]),
    ):
        for command in commands:
            yield Refusal(
                spring, history, command, AlreadyRunning,
                f"Campaign spring was started already and is {status}. "
                "Only a paused campaign can be resumed.",
            )  # fmt: skip


def of_recipients() -> Iterator[Refusal]:
    for command in (
        reserve(ANN, "r9"),
        assign("r9", ANN),
        accepted("r9"),
        refused("r9"),
        search_sent_folder("r9", "send-1", found=True),
        *signal(REPLIED, "r9"),
        out_of_office("r9", None),
        EndHold(campaign_id=SPRING, recipient_id="r9"),
    ):
        yield Refusal(
            spring, RUNNING, command, UnknownRecipient,
            "There is no recipient r9 in campaign spring. Import the recipient first.",
        )  # fmt: skip
    for_good = "Campaign Stopped in spring, for good. Another campaign may take the recipient."
    for command in (reserve(ANN, R1), assign(R1, ANN), import_recipients(R1, R3)):
        yield Refusal(spring, STOPPED, command, StoppedForGood, f"{R1} is {for_good}")
    yield Refusal(
        spring, STOPPED, import_recipients(R1, R2), StoppedForGood, f"r1, r2 is {for_good}"
    )
    for command in (reserve(ANN, R1), assign(R1, ANN)):
        yield Refusal(
            spring, [*RUNNING, replied(R1)], command, RecipientTerminal,
            "r1 is replied already; nothing more is sent.",
        )  # fmt: skip
    yield Refusal(
        spring, HEARD, reserve(BOB, R1), FixedSenderIsOther,
        f"r1 hears from {ANN} in this campaign, and from nobody else.",
    )  # fmt: skip
    yield Refusal(
        spring, HEARD, assign(R1, BOB), AlreadyReceivedEmail,
        f"r1 received an email already, so the sender is fixed to {ANN}.",
    )  # fmt: skip
    yield from of_messages()


def of_messages() -> Iterator[Refusal]:
    yield Refusal(
        spring, [*HEARD, away(R1, NOON + 5 * DAY)], reserve(ANN, R1), SenderHeld,
        "r1 is out of office until 2026-03-07T12:00:00Z. Send after that.",
    )  # fmt: skip
    for command in (assign(R1, BOB), reserve(BOB, R1, "send-2")):
        yield Refusal(
            spring, ON_ITS_WAY, command, SendInFlight,
            f"A message to r1 is on its way through {ANN}. Wait for its outcome.",
        )  # fmt: skip
    for command in (
        accepted(R1, "send-7"),
        unknown(R1, "send-7"),
        refused(R1, "send-7"),
        search_sent_folder(R1, "send-7", found=False),
    ):
        for history in (RUNNING, ON_ITS_WAY, UNCERTAIN):
            yield Refusal(
                spring, history, command, UnknownSend,
                "No message send-7 to r1 is on its way. Reserve the send first.",
            )  # fmt: skip
    yield Refusal(
        spring, HEARD, search_sent_folder(R1, f"first-to-{R1}", found=True), UnknownSend,
        "No message first-to-r1 to r1 is on its way. Reserve the send first.",
    )  # fmt: skip
    yield Refusal(
        spring, UNCERTAIN, reserve(ANN, R1), OutcomeUnknown,
        "Message send-1 to r1 may have arrived. Search the Sent folder before sending it again.",
    )  # fmt: skip


def of_sequences() -> Iterator[Refusal]:
    yield Refusal(
        spring, RUNNING, reserve_step(ANN, R1), NotSetUp,
        "Campaign spring has no steps and no time zone. Set its sequence first.",
    )  # fmt: skip
    yield Refusal(
        spring, planned(), set_sequence(zone="Asia/Tokyo"), ZoneIsFixed,
        "The days of campaign spring are those of UTC, for good: what was sent is counted by them. "
        "Create another campaign for another time zone.",
    )  # fmt: skip
    late = Step(name=INTRO, after=timedelta(days=3_661))
    for command, problem in (
        (set_sequence(zone="Mars"), "there is no time zone Mars; name one like Europe/Berlin"),
        (set_sequence(*(Step(name=str(n)) for n in range(51))), "it has 51 steps; give it 1 to 50"),
        (set_sequence(*STEPS, STEPS[0]), "two steps have the same name, or one has none"),
        (set_sequence(Step(name="")), "two steps have the same name, or one has none"),
        (set_sequence(Step(name=INTRO, after=-DAY)), "a step comes before the one it follows"),
        (set_sequence(late), "a step waits longer than 3660 days"),
        (set_sequence(window=Window(days=())), "its window has no days"),
        (set_sequence(daily_limit=0), "its daily limit is below 1"),
    ):
        told = f"The sequence of campaign spring cannot be used: {problem}."
        yield Refusal(spring, RUNNING, command, BadSequence, told)
    nothing = SetSequence(
        campaign_id=SPRING, sequence=MailSequence(mail_id="mail-1", zone="UTC", steps=())
    )
    yield Refusal(
        spring, RUNNING, nothing, BadSequence,
        "The sequence of campaign spring cannot be used: it has 0 steps; give it 1 to 50.",
    )  # fmt: skip


def of_steps() -> Iterator[Refusal]:
    ready, heard = planned(), [*planned(), step_reserved(R1), received(R1)]
    elsewhere = MigrateRecipients(campaign_id=SPRING, people=(Past("r9", ANN, "postscript"),))
    yield Refusal(
        spring, ready, elsewhere, UnknownStep,
        "postscript is no step of spring. Name one of its sequence.",
    )  # fmt: skip
    yield Refusal(
        spring, ready, reserve_step(ANN, R1, NUDGE), NotTheNextStep,
        "The next step of r1 is intro, not nudge.",
    )  # fmt: skip
    yield Refusal(
        spring, heard, reserve_step(ANN, R1, NUDGE, read=NOON), NotYet,
        "Nothing goes to r1 before 2026-03-05T12:00:00Z (delay).",
    )  # fmt: skip
    yield Refusal(
        spring, planned(window=Window(ends="12:00")), reserve_step(ANN, R1), NotYet,
        "Nothing goes to r1 before 2026-03-03T00:00:00Z (window).",
    )  # fmt: skip
    at_once = Step(name=INTRO), Step(name=NUDGE)
    now_due = SequenceSet(campaign_id=SPRING, sequence=sequence(*at_once), occurred_at=NOON)
    yield Refusal(
        spring, [*RUNNING, now_due, step_reserved(R1), received(R1)],
        reserve_step(ANN, R1, NUDGE, read=NOON - HOUR), InboxNotRead,
        f"The inbox of {ANN} has not been read lately, so r1 may have answered. Read it first.",
    )  # fmt: skip
    never = "r1 is never to be written to again in this workspace. Only an operator can release"
    yield Refusal(
        spring, ready, replace(step(R1), suppressed=True), Suppressed,
        f"{never} the recipient, with a reason.",
    )  # fmt: skip
    yield Refusal(
        spring, ready, replace(step(R1), contacted_elsewhere=True), ContactedElsewhere,
        "Another campaign writes to r1, and spring is exclusive. Wait for its end.",
    )  # fmt: skip
    for history in (RUNNING, ready, heard):
        yield Refusal(
            spring, history, finish(R1, NOON), NotFinished,
            "The sequence of r1 is not over. Wait for its end.",
        )  # fmt: skip
    suppressed = PersonSuppressed(
        recipient_id=R1, because=SuppressedBecause.OPERATOR, occurred_at=NOON
    )
    for reason in ("", " ", "told by bea@acme.test"):
        yield Refusal(
            nobody_suppressed, [suppressed], release(R1, reason), NoReason,
            "A release needs a reason, which is kept for ever. Give one, without anybody's "
            "address.",
        )  # fmt: skip
    counted = CountSend(account_id=ANN, campaign_id=SPRING, send_id="send-1")
    nothing_leaves = connected(ANN, Settings(sending_speed=0))
    yield Refusal(
        ann, [nothing_leaves], counted, AccountNotYet,
        f"Nothing leaves through {ANN} before its daily limit is raised (limit).",
    )  # fmt: skip


def step(recipient: str) -> ReserveStep:
    command = reserve_step(ANN, recipient)
    assert isinstance(command, ReserveStep)
    return command


def received(recipient: str) -> EmailAccepted:
    return EmailAccepted(
        campaign_id=SPRING,
        recipient_id=recipient,
        account_id=ANN,
        send_id=message(recipient),
        occurred_at=NOON,
    )


ALL = [*of_accounts(), *of_campaigns(), *of_recipients(), *of_sequences(), *of_steps()]


def named(value: object) -> str:
    assert isinstance(value, Refusal)
    return f"{value.because.code} {type(value.command).__name__}"


@pytest.mark.rule("C1", "R2", "P3", "S1", "S4", "S10", "T3", "N2", "M1", "M2", "M5", "S8")
@pytest.mark.rule("M3", "M4", "M7")
@pytest.mark.parametrize("refusal", ALL, ids=named)
def test_a_refusal_says_in_one_sentence_why_and_about_whom(refusal: Refusal) -> None:
    told = refusal.who.given(*refusal.history)
    decision = (
        told.when(refusal.command)
        if refusal.senders is None
        else told.when(refusal.command, senders=refusal.senders)
    )

    assert decision.tells(refusal.because) == refusal.told


def test_every_refusal_there_is_was_heard() -> None:
    kinds = {
        kind
        for branch in (AccountRejected, CampaignRejected, RecipientRejected)
        for kind in branch.__subclasses__()
    }

    assert {refusal.because for refusal in ALL} == kinds


def test_each_refusal_has_a_code_of_its_own() -> None:
    codes = [refusal.because.code for refusal in ALL]

    assert len(set(codes)) == len({refusal.because for refusal in ALL})
