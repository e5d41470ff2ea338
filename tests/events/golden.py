"""One recorded line for every version of every fact, as it stands in a log: topic and state.

``python -m tests.events.golden`` writes the lines of new facts and versions behind the others. It
refuses to change a line that is there: such a log exists somewhere, so the fact needs a new version
and an upcaster, or it is a new fact.
"""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from events import campaign as c
from events import email_account as a
from events import recipient as r
from events import slot as s
from events import suppression as m
from events.base import Event
from events.catalogue import CATALOGUE
from events.sequence import MailSequence, Step, Window
from events.vocabulary import (
    Asker,
    CheckReport,
    FailureClass,
    GivenUp,
    IncidentKind,
    Mode,
    NoticeKind,
    OnAccountTrouble,
    RecipientStatus,
    RefusalFault,
    SearchResult,
    Settings,
    Stage,
    Stake,
    StopReason,
    SuppressedBecause,
)

Fields = dict[str, Any]
GOLDEN = Path(__file__).with_name("golden.jsonl")

AT = datetime(2026, 3, 2, 12, 30, 15, 123_456, tzinfo=UTC)
LATER = datetime(2026, 3, 11, 12, 30, 15, 123_456, tzinfo=UTC)
ANN = "ann@acme.test"
SETTINGS = Settings(
    signature="Ann · «Acme»",
    sender_name="Ann",
    sending_speed=30,
    limits={"per_hour": 5},
    schedule={"monday": "09:00-17:00"},
    folders={"sent": "Gesendet"},
)
WELL = CheckReport(passed=tuple(Stage), classifier="simulated/1")
ILL = CheckReport(
    passed=(Stage.NAME, Stage.TCP, Stage.TLS),
    failed_at=Stage.LOGIN,
    failure_class=FailureClass.AUTH_REVOKED,
    classifier="simulated/1",
    evidence_digest="e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
)
SLOT: Fields = {"slot_id": "slot-1", "account_id": ANN, "occurred_at": AT}
ACCOUNT: Fields = {"account_id": ANN, "occurred_at": AT}
CAMPAIGN: Fields = {"campaign_id": "spring", "occurred_at": AT}
SENDER: Fields = {**CAMPAIGN, "account_id": ANN}
CLOCK: Fields = {**SENDER, "incident_id": f"{ANN}#1", "kind": IncidentKind.DISCONNECT}
RECIPIENT: Fields = {**CAMPAIGN, "recipient_id": "r-1"}
THROUGH_ANN: Fields = {**RECIPIENT, "account_id": ANN}
SEND: Fields = {**THROUGH_ANN, "send_id": "send-1"}
COUNTED: Fields = {**ACCOUNT, "campaign_id": "spring", "send_id": "send-1"}
SEQUENCE = MailSequence(
    mail_id="5f0c9a",
    zone="Europe/Berlin",
    steps=(
        Step(name="intro", subject="Hello {{ first_name }}", text="…", html="<p>…</p>"),
        Step(name="nudge", after=timedelta(days=3), text="…"),
    ),
    window=Window(days=("mon", "fri"), begins="09:00", ends="17:00"),
    daily_limit=100,
    exclusive=True,
)
TROUBLE: Fields = {
    **ACCOUNT,
    "incident_id": f"{ANN}#1",
    "deadline_at": LATER,
    "on_account_trouble": OnAccountTrouble.HOLD_SENDER,
}

EXAMPLES: Sequence[Event] = [
    s.SlotOccupied(**SLOT),
    s.SlotVacated(**SLOT),
    r.RecipientForgotten(recipient_id="r-1", occurred_at=AT),
    r.PeopleCommitted(digests={"r-1": "9f2c" * 16}, written=True, occurred_at=AT),
    a.AccountConnected(
        **ACCOUNT,
        slot_id="slot-1",
        provider="simulated",
        settings=SETTINGS,
        configuration="3f2a",
        credentials="vault:ann",
    ),
    a.ConnectRejected(**ACCOUNT, slot_id="slot-1", reason="still_failing"),
    a.SettingsUpdated(**ACCOUNT, settings=SETTINGS),
    a.CheckRequested(**ACCOUNT, check_id="check-1", patience_ends_at=LATER),
    a.CheckPassed(**ACCOUNT, asked_by=Asker.USER, report=WELL, check_id="check-1"),
    a.CheckFailed(
        **ACCOUNT,
        asked_by=Asker.BACKGROUND,
        report=ILL,
        misses=2,
        misses_before_failure=3,
        misses_span=timedelta(minutes=15),
        check_id="check-1",
    ),
    a.ConnectionFailed(
        **TROUBLE,
        failure_class=FailureClass.AUTH_REVOKED,
        reason="The permission to use this mailbox was revoked or has lapsed.",
        resolution_window=timedelta(days=9),
        remind_at=(LATER,),
    ),
    a.ConnectionRestored(**ACCOUNT, incident_id=f"{ANN}#1"),
    a.OneClickReconnected(**ACCOUNT, report=WELL, credentials="vault:ann", check_id="check-1"),
    a.OneClickRejected(**ACCOUNT, reason="insufficient_scope", check_id="check-1"),
    a.AccountDisconnected(
        **TROUBLE,
        slot_id="slot-1",
        supersedes=f"{ANN}#0",
        settings_before=SETTINGS,
        settings_after=Settings(),
        grace_period=timedelta(hours=1),
        remind_at=(LATER,),
    ),
    a.NoticeIssued(
        **ACCOUNT,
        incident_id=f"{ANN}#1",
        incident_kind=IncidentKind.DISCONNECT,
        kind=NoticeKind.ENDED,
        number=3,
        at_stake=7,
        campaigns=(Stake(campaign_id="spring", recipients=7),),
        deadline_at=LATER,
        due_at=LATER,
    ),
    a.NoticeAttempted(
        **ACCOUNT,
        incident_id=f"{ANN}#1",
        number=3,
        channel="maildir",
        delivered=True,
        detail="new/1",
        taken_by=("5f0c9a",),
    ),
    a.SendCounted(
        **COUNTED,
        day=AT.date(),
        day_began_at=AT,
        used=39,
        limit=40,
        gap=timedelta(seconds=90),
    ),
    a.SendUncounted(**COUNTED, reserved_at=AT),
    a.SendingThrottled(**ACCOUNT, until=LATER, held_for=timedelta(hours=1)),
    a.ThrottlingEnded(**ACCOUNT),
    a.SentSearchProved(**ACCOUNT, send_id="send-1"),
    m.PersonSuppressed(recipient_id="r-1", because=SuppressedBecause.UNSUBSCRIBED, occurred_at=AT),
    m.PersonReleased(recipient_id="r-1", reason="asked for it by phone", occurred_at=AT),
    m.DomainSuppressed(domain="acme.test", occurred_at=AT),
    m.DomainReleased(domain="acme.test", reason="a new contract", occurred_at=AT),
    c.CampaignCreated(
        **CAMPAIGN, mode=Mode.SINGLE, slot_id="slot-1", account_id=ANN, mail_id="c0ffee"
    ),
    c.CampaignStarted(**CAMPAIGN, on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN),
    c.CampaignPaused(
        **CAMPAIGN, cause="bounces", bounces=3, sends=52, sends_needed=50, bounce_rate=0.05
    ),
    c.PauseCauseCleared(**CAMPAIGN, cause=f"connection:{ANN}"),
    c.CampaignResumed(
        **CAMPAIGN,
        on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
        given_up=(GivenUp(account_id=ANN, at_stake=7, deadline_at=LATER),),
    ),
    c.CampaignFinished(**CAMPAIGN),
    c.CampaignReopened(**CAMPAIGN),
    c.SequenceSet(**CAMPAIGN, sequence=SEQUENCE),
    c.SenderAdded(**SENDER),
    c.SenderRemoved(**SENDER, incident_id=f"{ANN}#1", held=7),
    c.SenderReplaced(**SENDER),
    c.GracePeriodStarted(**CLOCK, started_at=AT, deadline_at=LATER, at_stake=7),
    c.GracePeriodCured(**CLOCK),
    c.GracePeriodSuperseded(
        **SENDER,
        incident_id=f"{ANN}#1",
        kind=IncidentKind.FAILURE,
        superseded_by=f"{ANN}#2",
    ),
    c.GracePeriodExpired(
        **CLOCK,
        deadline_at=LATER,
        stopped=7,
        released=2,
        in_flight=1,
        skipped={RecipientStatus.REPLIED: 3, RecipientStatus.BOUNCED: 1},
    ),
    c.RecipientAdded(**RECIPIENT),
    c.RecipientMigrated(**THROUGH_ANN, steps=("intro", "nudge"), received_at=AT),
    c.RecipientImportRefused(**RECIPIENT, reason="recipient_stopped"),
    c.RecipientAssigned(**THROUGH_ANN),
    c.AssignmentReleased(**THROUGH_ANN),
    c.SendReserved(
        **SEND,
        step="nudge",
        day=AT.date(),
        inbox_read_until=AT,
        freshness=timedelta(minutes=2),
    ),
    c.EmailAccepted(**SEND),
    c.EmailOutcomeUnknown(**SEND),
    c.EmailRefused(
        **SEND,
        fault=RefusalFault.TEMPORARY,
        reserved_at=AT,
        tries=2,
        most_tries=5,
        tries_span=timedelta(hours=48),
        retry_at=LATER,
        told_until=LATER,
    ),
    c.SentFolderSearched(**SEND, found=True),
    c.SentSearched(**SEND, result=SearchResult.ABSENT, search_after=timedelta(minutes=10)),
    c.ComplaintReceived(**RECIPIENT),
    c.RecipientReplied(**THROUGH_ANN),
    c.RecipientBounced(**THROUGH_ANN, address_unknown=True),
    c.RecipientUnsubscribed(**THROUGH_ANN),
    c.RecipientFinished(**THROUGH_ANN),
    c.RecipientFailed(**THROUGH_ANN),
    c.RecipientStopped(
        **THROUGH_ANN, incident_id=f"{ANN}#1", reason=StopReason.GRACE_PERIOD_EXPIRED
    ),
    c.LateSignalRecorded(**RECIPIENT, signal=RecipientStatus.REPLIED),
    c.AutoReplyReceived(**RECIPIENT, until=AT, held_until=LATER),
    c.HoldEnded(**RECIPIENT),
]
"""Every fact as it is today, with every field filled in."""


def line_of(event: Event) -> str:
    topic, state = CATALOGUE.encode(event)
    return f'{{"topic":"{topic}","state":{state.decode()}}}'


def topic_of(line: str) -> str:
    return str(json.loads(line)["topic"])


def fact_of(line: str) -> Event:
    read = json.loads(line)
    state = json.dumps(read["state"], ensure_ascii=False).encode()
    return CATALOGUE.decode(read["topic"], state, f"line of {read['topic']}")


def recorded() -> list[str]:
    return GOLDEN.read_text(encoding="utf-8").splitlines() if GOLDEN.exists() else []


def grown(lines: Sequence[str], examples: Iterable[Event]) -> list[str]:
    """These lines, and behind them those of new topics. Raises ``ValueError`` for a changed one."""
    by_topic = {topic_of(line): line for line in lines}
    new = []
    for example in examples:
        line = line_of(example)
        if by_topic.setdefault(topic_of(line), line) != line:
            raise ValueError(
                f"{topic_of(line)} is recorded otherwise. Logs that hold it exist: raise its "
                "version and write an upcaster, or name a new fact."
            )
        if line not in lines:
            new.append(line)
    return [*lines, *new]


def main() -> None:
    try:
        lines = grown(recorded(), EXAMPLES)
    except ValueError as refusal:
        sys.exit(str(refusal))
    GOLDEN.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


if __name__ == "__main__":
    main()
