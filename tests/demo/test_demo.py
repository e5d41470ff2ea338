"""The demo is real: what it leaves behind obeys the law."""

import io
import sqlite3
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email import policy
from email.parser import BytesParser
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import pytest
from rich.console import Console

from adapters.csv.recipients_csv import RecipientsFile
from adapters.demo.cast import ANN, BEN, CAMPAIGN, GAP, OWNER, SENDERS, SPEED, WORKSPACE, ZONE
from adapters.demo.run import run_demo
from adapters.demo.story import RECIPIENTS
from adapters.stores.memory import MemoryViews
from adapters.stores.sqlite import SQLiteStore, SQLiteViews
from engine.answers.workspace_answers import Answers
from engine.audit import Violation
from engine.audit.whole_history import differing_views, violations
from engine.work.ports import Person
from events.campaign import (
    AutoReplyReceived,
    EmailAccepted,
    EmailOutcomeUnknown,
    GracePeriodCured,
    GracePeriodExpired,
    RecipientBounced,
    RecipientFailed,
    RecipientReplied,
    RecipientStopped,
    RecipientUnsubscribed,
    SendReserved,
    SentSearched,
)
from events.email_account import NoticeAttempted, NoticeIssued
from events.recorded import Recorded
from events.vocabulary import (
    CampaignStatus,
    ClockOutcome,
    IncidentKind,
    NoticeKind,
    RecipientStatus,
    SearchResult,
)
from tests.workplace import log_of

DAY = timedelta(days=1)
ENDINGS = (RecipientReplied, RecipientBounced, RecipientUnsubscribed)


class Played(NamedTuple):
    folder: Path
    log: list[Recorded]
    answers: Answers
    differing: Sequence[str]
    violations: Sequence[Violation]
    output: str

    def facts(self, *kinds: type) -> list[Recorded]:
        return [recorded for recorded in self.log if isinstance(recorded.event, kinds)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Played]:
    folder = tmp_path_factory.mktemp("played") / "demo"
    console = Console(file=io.StringIO(), width=120)
    run_demo(folder, console, patient=False)
    assert isinstance(console.file, io.StringIO)
    store = SQLiteStore(folder / "sendledger.db")
    views = SQLiteViews(store)
    answers = Answers(views, WORKSPACE)
    differing, broken = differing_views(store, views, MemoryViews()), violations(store)
    yield Played(folder, log_of(store), answers, differing, broken, console.file.getvalue())
    store.close()


def first_senders(log: list[Recorded]) -> dict[str, str]:
    heard: dict[str, str] = {}
    for recorded in log:
        event = recorded.event
        if isinstance(event, EmailAccepted | EmailOutcomeUnknown):
            heard.setdefault(event.recipient_id, event.account_id)
    return heard


@pytest.mark.rule("S3", "S5")
def test_exactly_those_who_heard_from_the_failing_account_are_stopped(played: Played) -> None:
    rows = {row.recipient_id: row for row in played.answers.recipients(CAMPAIGN)}
    heard = first_senders(played.log)
    anns = {each for each, account in heard.items() if account == ANN.account_id}
    done = {each for each, row in rows.items() if row.status is RecipientStatus.CAMPAIGN_STOPPED}
    (expired,) = played.facts(GracePeriodExpired)
    assert isinstance(expired.event, GracePeriodExpired)

    assert done
    assert done <= anns
    assert all(
        rows[each].status.terminal and not_stopped(rows[each].status) for each in anns - done
    )
    assert expired.event.stopped == len(done)
    assert sum(expired.event.skipped.values()) == len(anns - done) > 0


def not_stopped(status: RecipientStatus) -> bool:
    return status is not RecipientStatus.CAMPAIGN_STOPPED


@pytest.mark.rule("S2", "S7")
def test_the_stop_counts_from_the_deadline_nine_days_after_the_failure(played: Played) -> None:
    (clock,) = (c for c in played.answers.clocks() if c.kind is IncidentKind.FAILURE)
    assert clock.deadline_at - clock.started_at == 9 * DAY
    assert clock.ended_at == clock.deadline_at
    for recorded in played.facts(RecipientStopped):
        assert recorded.event.occurred_at == clock.deadline_at
        assert recorded.envelope.recorded_at > clock.deadline_at
        assert recorded.envelope.actor == "clock"


@pytest.mark.rule("T4")
def test_the_account_readded_within_the_hour_keeps_its_recipients(played: Played) -> None:
    (cured,) = played.facts(GracePeriodCured)
    assert isinstance(cured.event, GracePeriodCured)
    assert (cured.event.account_id, cured.event.kind) == (BEN.account_id, IncidentKind.DISCONNECT)
    outcomes = [clock.outcome for clock in played.answers.clocks()]
    assert outcomes == [ClockOutcome.CURED, ClockOutcome.EXPIRED]


@pytest.mark.rule("M1", "S8")
def test_nobody_hears_from_two_accounts_and_nobody_after_the_stop(played: Played) -> None:
    heard = first_senders(played.log)
    stopped_at = {
        recorded.event.recipient_id: recorded.position
        for recorded in played.log
        if isinstance(recorded.event, RecipientStopped)
    }
    for recorded in played.facts(EmailAccepted, EmailOutcomeUnknown):
        assert isinstance(recorded.event, EmailAccepted | EmailOutcomeUnknown)
        assert heard[recorded.event.recipient_id] == recorded.event.account_id
    for recorded in played.facts(SendReserved):
        assert isinstance(recorded.event, SendReserved)
        end = stopped_at.get(recorded.event.recipient_id, len(played.log) + 1)
        assert recorded.position < end


def test_the_rest_go_on_with_the_other_sender(played: Played) -> None:
    campaign = played.answers.campaigns[CAMPAIGN]
    assert campaign.status is CampaignStatus.RUNNING
    assert campaign.from_email == (BEN.account_id,)
    counts = Counter(row.status for row in played.answers.recipients(CAMPAIGN))
    assert counts[RecipientStatus.PENDING] == 0
    assert sum(counts.values()) == 300
    (expired,) = played.facts(GracePeriodExpired)
    assert isinstance(expired.event, GracePeriodExpired)
    assert expired.event.released > 0
    heard = first_senders(played.log[expired.position :])
    assert expired.event.released < list(heard.values()).count(BEN.account_id)


@pytest.mark.parametrize("account_id", [sender.account_id for sender in SENDERS])
def test_speed_and_gap_hold(played: Played, account_id: str) -> None:
    times = [
        recorded.event.occurred_at
        for recorded in played.log
        if isinstance(recorded.event, SendReserved) and recorded.event.account_id == account_id
    ]
    assert all(later - earlier >= GAP for earlier, later in pairwise(times))
    assert max(Counter(each.astimezone(ZONE).date() for each in times).values()) <= SPEED


@pytest.mark.rule("M3")
def test_nothing_is_sent_outside_the_window(played: Played) -> None:
    times = [recorded.event.occurred_at for recorded in played.facts(SendReserved)]
    assert {each.astimezone(ZONE).hour for each in times} <= set(range(9, 17))


@pytest.mark.rule("M4", "M5")
def test_only_who_has_not_answered_for_three_days_is_reminded(played: Played) -> None:
    received: dict[str, datetime] = {}
    answered: set[str] = set()
    reminded = 0
    for recorded in played.log:
        event = recorded.event
        if isinstance(event, ENDINGS):
            answered.add(event.recipient_id)
        elif isinstance(event, EmailAccepted | EmailOutcomeUnknown):
            received.setdefault(event.recipient_id, event.occurred_at)
        elif isinstance(event, SendReserved) and event.recipient_id in received:
            reminded += 1
            assert event.recipient_id not in answered
            assert event.occurred_at >= received[event.recipient_id] + 3 * DAY
    assert reminded > 0


@pytest.mark.parametrize("kind", [*ENDINGS, RecipientFailed, AutoReplyReceived])
def test_every_kind_of_answer_came_by_mail(played: Played, kind: type) -> None:
    assert played.facts(kind)


@pytest.mark.rule("M2")
def test_what_became_of_a_message_is_found_in_the_sent_folder(played: Played) -> None:
    unknown = {
        each.event.send_id for each in played.log if isinstance(each.event, EmailOutcomeUnknown)
    }
    results = {
        each.event.send_id: each.event.result
        for each in played.log
        if isinstance(each.event, SentSearched)
    }
    assert unknown
    assert results == dict.fromkeys(unknown, SearchResult.FOUND)


@pytest.mark.rule("N1", "N3")
def test_the_owner_is_told_at_every_moment_of_the_law(played: Played) -> None:
    told = [(row.account_id, row.kind) for row in played.answers.notices()]
    assert told == [
        (BEN.account_id, NoticeKind.DISCONNECT),
        (BEN.account_id, NoticeKind.DISCONNECT),
        (BEN.account_id, NoticeKind.CURED),
        *[(ANN.account_id, NoticeKind.FAILURE)] * 4,
        (ANN.account_id, NoticeKind.ENDED),
    ]


@pytest.mark.rule("N2")
def test_every_notice_has_a_delivered_attempt(played: Played) -> None:
    issued = [
        (recorded.event.incident_id, recorded.event.number)
        for recorded in played.log
        if isinstance(recorded.event, NoticeIssued)
    ]
    delivered = [
        (recorded.event.incident_id, recorded.event.number)
        for recorded in played.log
        if isinstance(recorded.event, NoticeAttempted) and recorded.event.delivered
    ]
    assert sorted(delivered) == sorted(issued)


@pytest.mark.rule("N2")
def test_the_outbox_holds_each_notice_once_as_a_message_to_the_owner(played: Played) -> None:
    parser = BytesParser(policy=policy.default)
    files = sorted((played.folder / "outbox" / "new").iterdir())
    messages = [parser.parsebytes(file.read_bytes()) for file in files]
    assert len(messages) == len(played.answers.notices())
    assert len({message["Message-ID"] for message in messages}) == len(messages)
    for message in messages:
        assert not message.defects
        assert message["To"].addresses[0].addr_spec == OWNER
        assert message["Date"].datetime.tzinfo is not None
    assert not any((played.folder / "outbox" / "tmp").iterdir())


@pytest.mark.rule("F1")
def test_no_event_holds_a_name_an_address_or_a_password(played: Played) -> None:
    database = sqlite3.connect(played.folder / "sendledger.db")
    log = b"\n".join(row[0] for row in database.execute("SELECT state FROM stored_events"))
    envelopes = str(database.execute("SELECT * FROM envelopes").fetchall()).encode()
    database.close()
    lines = RecipientsFile(RECIPIENTS).lines()
    people = [each for _, each in lines if isinstance(each, Person)]
    secrets = [sender.password for sender in SENDERS]
    for text in [each.address for each in people] + [each.name for each in people] + secrets:
        assert text.encode() not in log
        assert text.encode() not in envelopes


def test_the_history_keeps_the_law(played: Played) -> None:
    assert played.violations == []


def test_the_views_equal_a_replay_from_zero(played: Played) -> None:
    assert played.differing == []


def test_the_story_ends_in_the_present(played: Played) -> None:
    ago = datetime.now(UTC) - played.log[-1].envelope.recorded_at
    assert timedelta(0) <= ago < 2 * DAY


def test_plain_output_tells_the_story_and_what_to_try_next(played: Played) -> None:
    assert "\x1b" not in played.output
    assert "refused (sender_missing)" in played.output
    assert "refused (pause_cause_holds)" in played.output
    assert "The clock of ann@acme.example ran out" in played.output
    assert played.output.count("true") == 3
    (expired,) = played.facts(GracePeriodExpired)
    assert isinstance(expired.event, GracePeriodExpired)
    assert f"exactly the {expired.event.stopped} whom S3 names" in played.output
    assert "FALSE" not in played.output
    assert f"sendledger recipients --store {played.folder / 'sendledger.db'}" in played.output
