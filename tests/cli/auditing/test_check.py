"""The auditor finds nothing in what the engine wrote, and each thing that was tampered with."""

import tracemalloc
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from hypothesis.stateful import run_state_machine_as_test

from adapters.stores.memory import MemoryStore
from aggregates.people import CommitPeople
from aggregates.recipient import ForgetRecipient
from engine.audit import Auditor, Violation
from engine.ports.clock import ManualClock
from engine.ports.log import Page, Row
from events import campaign as c
from events import email_account as a
from events import slot as s
from events import suppression as m
from events.base import Event
from events.catalogue import CATALOGUE
from events.recorded import Envelope, Recorded
from events.vocabulary import (
    CheckReport,
    FailureClass,
    IncidentKind,
    NoticeKind,
    OnAccountTrouble,
    RecipientStatus,
    Settings,
    StopReason,
)
from tests.cli.auditing.door import busy_store, change, replay
from tests.law.story import (
    ANN,
    BOB,
    CLEO,
    DAY,
    HOUR,
    MINUTE,
    NINE_DAYS,
    NOON,
    R1,
    R2,
    R3,
    SECOND,
    SOLO,
    SPRING,
    add_sender,
    assign,
    attempt_notice,
    connect,
    create,
    disconnect,
    fail,
    hear_from,
    import_recipients,
    incident,
    one_click,
    remove_sender,
    request_check,
    resume,
    search_sent_folder,
    start,
    update_settings,
    user_check,
)
from tests.proof.histories import THE_END, Histories
from tests.proof.judge import read_log
from tests.proof.test_histories import times
from tests.workplace import Workplace, much_happens

NEVER_SEEN = "never-seen"
OF_PLANNED_SENDING = (
    *(c.SequenceSet, c.SentFolderSearched, c.ComplaintReceived, c.RecipientMigrated),
    *(a.SendCounted, a.SendUncounted, a.SendingThrottled, a.ThrottlingEnded, a.SentSearchProved),
    *(m.PersonReleased, m.DomainSuppressed, m.DomainReleased),
)
"""In ``test_check_sending``; and what nobody writes any more."""


def audited(page: Page, announced: int | None = None) -> list[Violation]:
    found: list[Violation] = []
    auditor = Auditor(found.append)
    auditor.read(page)
    auditor.finish(announced)
    return found


def audited_store(store: Any) -> list[Violation]:
    return audited(store.read(0, 10_000_000), store.last_position())


def more_happens() -> list[Recorded]:
    """All of ``much_happens``, and what it leaves out: cures, misses, removals, superseding."""
    clock = ManualClock(NOON)
    office = much_happens(Workplace(MemoryStore(clock), clock))
    now = NOON + 3 * DAY
    office.at(now).given(
        one_click(CLEO),
        update_settings(BOB, Settings(signature="Bob")),
        resume(),
        import_recipients("n1", "n2", "n3"),
        hear_from(BOB, "n1"),
        assign("n2", BOB),
        remove_sender(BOB, 3),
        add_sender(BOB),
        search_sent_folder("r6", "nobody-knows", found=False),
    )
    for minutes in (0, 10, 20):
        office.at(now + HOUR + minutes * MINUTE).given(fail(BOB, FailureClass.UNREACHABLE))
    office.at(now + 2 * HOUR).given(
        disconnect(BOB), attempt_notice(BOB, incident(BOB, 3), delivered=True)
    )
    office.at(now + 2 * HOUR + 46 * MINUTE).tick()
    office.given(connect(BOB), add_sender(BOB), resume())
    office.at(now + DAY).given(fail(BOB), request_check(BOB, "again"))
    office.at(now + DAY + SECOND).given(user_check(BOB, check_id="again"))
    office.at(now + 2 * DAY).given(
        CommitPeople(digests={"n3": "9f2c"}), ForgetRecipient(recipient_id="n3"), fail(ANN)
    )
    office.at(now + 2 * DAY + 3 * DAY + MINUTE).tick()
    office.at(now + 2 * DAY + NINE_DAYS + MINUTE).tick()
    return read_log(office.store)


LOG = more_happens()
"""Of facts, which nobody can change; each test tampers with a copy."""


# A clean history.


def test_a_rich_history_keeps_every_rule() -> None:
    assert audited(page_of(LOG)) == []
    seen = {type(fact.event) for fact in LOG}
    assert {cls.__name__ for cls in CATALOGUE.classes.values()} - {e.__name__ for e in seen} <= {
        *("CampaignReopened", "CampaignFinished", "ConnectRejected", "OneClickRejected"),
        *("RecipientFailed", "SenderReplaced", "LateSignalRecorded"),
        *(cls.__name__ for cls in OF_PLANNED_SENDING),
    }


class PassTheAudit(Histories):
    def teardown(self) -> None:
        self.clock.time += THE_END
        self.tick()
        assert audited_store(self.store) == []


def test_random_histories_keep_every_rule() -> None:
    run_state_machine_as_test(PassTheAudit, settings=times(80))


def test_pages_of_any_size_are_as_good() -> None:
    whole = page_of(LOG)
    found: list[Violation] = []
    auditor = Auditor(found.append)
    for first in range(0, len(LOG), 7):
        last = first + 7
        envelopes = [
            e for e in whole.envelopes if e.last_position > first and e.first_position <= last
        ]
        auditor.read(Page(whole.rows[first:last], envelopes))
    auditor.finish()
    assert found == []


# Tampering.


class Forged(NamedTuple):
    """A fact with the envelope it came in; facts of one envelope keep together."""

    stream_id: str
    event: Event
    envelope: Envelope


def page_of(log: Sequence[Recorded]) -> Page:
    return laid_out([Forged(f.stream_id, f.event, f.envelope) for f in log])


def laid_out(facts: Sequence[Forged]) -> Page:
    """Positions, versions and counts in order, so that only what was tampered with is wrong."""
    versions: dict[str, int] = {}
    rows: list[Row] = []
    envelopes: list[Envelope] = []
    for position, (stream, event, envelope) in enumerate(facts, start=1):
        versions[stream] = versions.get(stream, 0) + 1
        rows.append((position, stream, versions[stream], *CATALOGUE.encode(event)))
        if not envelopes or envelopes[-1].command_id != envelope.command_id:
            envelopes.append(envelope._replace(first_position=position, event_count=0))
        envelopes[-1] = envelopes[-1]._replace(event_count=envelopes[-1].event_count + 1)
    return Page(rows, envelopes)


def found_in(facts: Sequence[Forged]) -> set[tuple[str, int]]:
    return {(each.rule, each.position) for each in audited(laid_out(facts))}


def copy() -> list[Forged]:
    return [Forged(f.stream_id, f.event, f.envelope) for f in LOG]


def place(kind: type[Event], which: int = 0, /, **about: Any) -> int:
    """Index of a fact of that kind, of which these are true."""
    places = [
        index
        for index, fact in enumerate(LOG)
        if isinstance(fact.event, kind)
        and all(getattr(fact.event, name) == value for name, value in about.items())
    ]
    return places[which]


def altered(kind: type[Event], about: dict[str, Any], /, **values: Any) -> tuple[int, set[Any]]:
    index = place(kind, **about)
    facts = copy()
    facts[index] = facts[index]._replace(event=replace(facts[index].event, **values))
    return index + 1, found_in(facts)


BROKEN_REPORT = CheckReport(passed=(), classifier="forged/1")
LATER = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("rule", "kind", "about", "values"),
    [
        ("S2", c.GracePeriodStarted, {}, {"deadline_at": NOON + 90 * DAY}),
        ("S1", c.GracePeriodStarted, {}, {"at_stake": 99}),
        ("S1", c.GracePeriodStarted, {}, {"incident_id": NEVER_SEEN}),
        ("S3", c.GracePeriodExpired, {}, {"stopped": 99}),
        ("S3", c.GracePeriodExpired, {}, {"released": 99}),
        ("S8", c.GracePeriodExpired, {}, {"in_flight": 99}),
        ("S5", c.GracePeriodExpired, {}, {"skipped": {RecipientStatus.BOUNCED: 5}}),
        ("S7", c.GracePeriodExpired, {}, {"occurred_at": NOON}),
        ("S2", c.GracePeriodExpired, {}, {"deadline_at": NOON}),
        ("S6", c.GracePeriodExpired, {}, {"incident_id": NEVER_SEEN}),
        ("S6", c.GracePeriodCured, {}, {"incident_id": NEVER_SEEN}),
        ("C5", c.GracePeriodCured, {"kind": IncidentKind.FAILURE}, {"occurred_at": NOON}),
        ("T2", c.GracePeriodSuperseded, {}, {"superseded_by": NEVER_SEEN}),
        ("F0", c.RecipientStopped, {}, {"incident_id": incident(BOB)}),
        ("S3", c.RecipientStopped, {}, {"account_id": BOB}),
        ("S3", c.RecipientStopped, {}, {"reason": StopReason.RESOLUTION_WINDOW_EXPIRED}),
        ("S4", c.RecipientStopped, {}, {"recipient_id": R2}),
        ("S4", c.RecipientImportRefused, {}, {"recipient_id": R2}),
        ("S4", c.RecipientAdded, {"recipient_id": "r7"}, {"recipient_id": R1}),
        ("F1", c.RecipientAdded, {"recipient_id": "n3"}, {"recipient_id": "n3@acme.test"}),
        ("words", c.RecipientReplied, {"recipient_id": R2}, {"recipient_id": NEVER_SEEN}),
        ("M1", c.RecipientReplied, {"recipient_id": R2}, {"account_id": BOB}),
        ("M1", c.RecipientAssigned, {}, {"recipient_id": R1}),
        ("M1", c.RecipientAssigned, {}, {"account_id": CLEO}),
        ("M1", c.AssignmentReleased, {}, {"account_id": CLEO}),
        ("S8", c.SendReserved, {"recipient_id": "n1"}, {"recipient_id": "r5"}),
        ("S4", c.SendReserved, {"recipient_id": "n1"}, {"recipient_id": R2}),
        ("P3", c.SendReserved, {"recipient_id": "n1"}, {"account_id": CLEO}),
        ("P1", c.SendReserved, {"recipient_id": "n1"}, {"campaign_id": SOLO}),
        ("M2", c.EmailAccepted, {}, {"send_id": NEVER_SEEN}),
        ("M2", c.EmailOutcomeUnknown, {}, {"send_id": NEVER_SEEN}),
        ("M2", c.EmailRefused, {}, {"send_id": NEVER_SEEN}),
        ("M2", c.SentSearched, {}, {"send_id": NEVER_SEEN}),
        ("M5", c.AutoReplyReceived, {}, {"held_until": None}),
        ("M5", c.HoldEnded, {}, {"occurred_at": NOON}),
        ("S10", c.SenderRemoved, {"incident_id": None}, {"held": 9}),
        ("T2", c.SenderRemoved, {"account_id": ANN}, {"incident_id": NEVER_SEEN}),
        ("S1", c.SenderAdded, {}, {"account_id": CLEO + "x"}),
        ("P3", c.CampaignStarted, {}, {"campaign_id": NEVER_SEEN}),
        ("P1", c.CampaignPaused, {}, {"cause": f"connection:{BOB}"}),
        ("P2", c.PauseCauseCleared, {}, {"cause": "user"}),
        ("P2", c.PauseCauseCleared, {"campaign_id": SPRING}, {"cause": f"connection:{BOB}"}),
        ("T1", a.AccountDisconnected, {}, {"settings_before": Settings(signature="Not mine")}),
        ("T1", a.AccountDisconnected, {}, {"settings_after": Settings(signature="Kept")}),
        ("S2", a.AccountDisconnected, {}, {"grace_period": HOUR + SECOND}),
        ("T2", a.AccountDisconnected, {}, {"supersedes": incident(ANN)}),
        ("N1", a.AccountDisconnected, {}, {"remind_at": (NOON + DAY,)}),
        ("S6", a.AccountDisconnected, {}, {"incident_id": incident(ANN, 7)}),
        ("S2", a.ConnectionFailed, {}, {"resolution_window": 8 * DAY}),
        ("C3", a.ConnectionFailed, {}, {"failure_class": FailureClass.THROTTLED}),
        ("C5", a.ConnectionRestored, {}, {"incident_id": incident(CLEO, 4)}),
        ("C2", a.CheckFailed, {}, {"misses": 7}),
        ("C2", a.CheckFailed, {"misses": 3}, {"misses_before_failure": 4}),
        ("C2", a.CheckFailed, {"misses": 3}, {"misses_span": HOUR}),
        ("C1", a.CheckPassed, {}, {"report": BROKEN_REPORT}),
        ("C1", a.OneClickReconnected, {}, {"report": BROKEN_REPORT}),
        ("C6", a.CheckPassed, {}, {"occurred_at": NOON - DAY}),
        ("C6", a.CheckRequested, {}, {"patience_ends_at": NOON - DAY}),
        ("T3", a.AccountConnected, {"account_id": BOB}, {"slot_id": "s1"}),
        ("T3", s.SlotOccupied, {"account_id": BOB}, {"slot_id": "s1"}),
        ("T3", s.SlotVacated, {}, {"account_id": CLEO}),
        ("N1", a.NoticeIssued, {}, {"number": 4}),
        ("N1", a.NoticeIssued, {}, {"incident_id": NEVER_SEEN}),
        ("N1", a.NoticeIssued, {"account_id": ANN}, {"at_stake": 77}),
        ("N1", a.NoticeIssued, {"number": 2}, {"due_at": NOON + HOUR}),
        ("N1", a.NoticeIssued, {}, {"deadline_at": NOON}),
        ("N1", a.NoticeIssued, {"account_id": ANN}, {"kind": NoticeKind.ENDED}),
        ("N3", a.NoticeIssued, {"account_id": ANN}, {"kind": NoticeKind.CURED}),
        ("N2", a.NoticeAttempted, {}, {"number": 8}),
        ("F2", c.CampaignStarted, {}, {"occurred_at": NOON + DAY}),
    ],
    ids=lambda each: getattr(each, "__name__", None) if not isinstance(each, str) else each,
)  # fmt: skip
def test_an_altered_fact_is_caught_where_it_stands_or_is_answered(
    rule: str, kind: type[Event], about: dict[str, Any], values: dict[str, Any]
) -> None:
    position, found = altered(kind, about, **values)

    assert {(rule, position), (rule, position + 1)} & found, found


@pytest.mark.parametrize(
    ("rule", "kind", "about"),
    [
        ("F0", c.RecipientStopped, {}),
        ("S6", c.GracePeriodStarted, {}),
        ("T2", c.GracePeriodStarted, {"kind": IncidentKind.DISCONNECT}),
        ("S1", c.GracePeriodStarted, {"kind": IncidentKind.FAILURE}),
        ("S7", c.GracePeriodExpired, {}),
        ("C5", c.GracePeriodCured, {"kind": IncidentKind.FAILURE}),
        ("T4", c.GracePeriodCured, {"kind": IncidentKind.DISCONNECT}),
        ("C5", a.ConnectionRestored, {}),
        ("C2", a.ConnectionFailed, {}),
        ("C5", a.OneClickReconnected, {"account_id": BOB}),
        ("T2", c.SenderRemoved, {"account_id": ANN}),
        ("P1", c.CampaignPaused, {"cause": f"connection:{CLEO}"}),
        ("P2", c.PauseCauseCleared, {"campaign_id": SPRING}),
        ("N1", a.NoticeIssued, {"kind": NoticeKind.FAILURE}),
        ("N1", a.NoticeIssued, {"kind": NoticeKind.ENDED}),
        ("N3", a.NoticeIssued, {"kind": NoticeKind.CURED}),
        ("T3", s.SlotOccupied, {}),
        ("words", c.CampaignCreated, {}),
        ("words", c.RecipientAdded, {}),
        ("M2", c.SendReserved, {}),
        ("T1", a.SettingsUpdated, {}),
    ],
    ids=lambda each: getattr(each, "__name__", None) if not isinstance(each, str) else each,
)
def test_a_fact_left_out_is_missed(rule: str, kind: type[Event], about: dict[str, Any]) -> None:
    facts = copy()
    del facts[place(kind, **about)]

    assert rule in {found for found, _ in found_in(facts)}


def inserted(before: int, *events: Event, **envelope: Any) -> tuple[int, set[Any]]:
    """These facts told as a user's command in front of that place."""
    facts = copy()
    told = LOG[before - 1].envelope
    base = told._replace(
        command_id="forged", correlation_id="forged", causation_id=None, actor="user:forger",
        command="Forged", rejection=None,
    )  # fmt: skip
    base = base._replace(**envelope)
    facts[before:before] = [Forged(_stream(event), event, base) for event in events]
    return before + 1, found_in(facts)


def _stream(event: Any) -> str:
    if isinstance(event, c.CampaignEventBase):
        return f"acme:campaign:{event.campaign_id}"
    if isinstance(event, s.SlotOccupied | s.SlotVacated):
        return f"acme:slot:{event.slot_id}"
    return f"acme:account:{event.account_id}"


def after(kind: type[Event], which: int = 0, /, **about: Any) -> tuple[int, Recorded]:
    """The place behind the whole command, reactions included, that recorded such a fact."""
    index = place(kind, which, **about)
    began = LOG[index].envelope
    while index < len(LOG) and (
        LOG[index].envelope.command_id == began.command_id
        or LOG[index].envelope.actor.startswith("processor:")
    ):
        index += 1
    return index, LOG[index - 1]


About = Callable[[Recorded], Iterable[Event]]


def _again(kind: type[Event]) -> About:
    index = place(kind)
    return lambda now: [replace(LOG[index].event, occurred_at=now.envelope.recorded_at)]


def _resumed(now: Recorded) -> list[Event]:
    return [
        c.CampaignResumed(
            campaign_id=SPRING,
            on_account_trouble=OnAccountTrouble.PAUSE_CAMPAIGN,
            occurred_at=now.envelope.recorded_at,
        )
    ]


def _reserved(now: Recorded) -> list[Event]:
    return [
        c.SendReserved(
            campaign_id=SPRING, recipient_id=R3, account_id=BOB, send_id="forged",
            occurred_at=now.envelope.recorded_at,
        )
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "kind", "about", "events"),
    [
        ("P3", a.AccountDisconnected, {"account_id": ANN}, _resumed),
        ("P1", a.AccountDisconnected, {"account_id": ANN}, _reserved),
        ("C4", a.ConnectionFailed, {"account_id": CLEO}, _again(a.ConnectionFailed)),
        ("S6", c.GracePeriodExpired, {}, _again(c.GracePeriodExpired)),
        ("S6", c.GracePeriodStarted, {}, _again(c.GracePeriodStarted)),
        ("F0", c.GracePeriodExpired, {}, _again(c.RecipientStopped)),
        ("N1", a.NoticeIssued, {}, _again(a.NoticeIssued)),
        ("T3", a.AccountConnected, {}, _again(a.AccountConnected)),
        ("words", c.CampaignCreated, {}, _again(c.CampaignCreated)),
        (
            "words",
            c.CampaignStarted,
            {},
            lambda now: [c.CampaignFinished(campaign_id=SPRING, occurred_at=now.event.occurred_at)],
        ),
        (
            "words",
            c.CampaignStarted,
            {},
            lambda now: [c.CampaignReopened(campaign_id=SPRING, occurred_at=now.event.occurred_at)],
        ),
    ],
    ids=lambda each: getattr(each, "__name__", None) if not isinstance(each, str) else each,
)
def test_a_fact_put_in_is_caught(
    rule: str, kind: type[Event], about: dict[str, Any], events: About
) -> None:
    before, last = after(kind, **about)
    position, found = inserted(before, *events(last))

    if rule == "F0":
        assert found
    else:
        assert (rule, position) in found


@pytest.mark.rule("R1")
def test_a_one_click_reconnect_that_changes_a_setting_is_caught() -> None:
    facts = copy()
    index = place(a.OneClickReconnected)
    event, envelope = facts[index].event, facts[index].envelope
    changed = a.SettingsUpdated(
        account_id=CLEO, settings=Settings(signature="Lost"), occurred_at=event.occurred_at
    )
    if getattr(event, "account_id", None) != CLEO:
        changed = replace(changed, account_id=event.account_id)  # type: ignore[attr-defined]
    facts[index + 1 : index + 1] = [Forged(_stream(changed), changed, envelope)]

    assert ("R1", index + 2) in found_in(facts)


# Envelopes.


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ({"causation_id": "acme:nobody.0"}, c.GracePeriodStarted),
        ({"correlation_id": "another"}, c.GracePeriodStarted),
        ({"actor": "processor:unheard_of"}, c.GracePeriodStarted),
        ({"causation_id": "acme:command-1.0"}, c.GracePeriodExpired),
        ({"actor": ""}, c.CampaignStarted),
        ({"correlation_id": "another"}, c.CampaignStarted),
        ({"command": ""}, c.CampaignStarted),
        ({"recorded_at": NOON - DAY}, c.CampaignResumed),
    ],
)
@pytest.mark.rule("F2")
def test_an_envelope_that_says_what_cannot_be_is_caught(
    values: dict[str, Any], kind: type[Event]
) -> None:
    index = place(kind)
    command_id = LOG[index].envelope.command_id
    facts = [
        each._replace(envelope=each.envelope._replace(**values))
        if each.envelope.command_id == command_id
        else each
        for each in copy()
    ]
    first = LOG[index].envelope.first_position

    assert ("F2", first) in found_in(facts)


@pytest.mark.rule("P2")
def test_only_a_user_resumes() -> None:
    index = place(c.CampaignResumed)
    facts = copy()
    envelope = facts[index].envelope._replace(actor="check")
    facts[index] = facts[index]._replace(envelope=envelope)

    assert ("P2", index + 1) in found_in(facts)


@pytest.mark.rule("S2")
def test_a_clock_that_ran_out_early_is_caught() -> None:
    index = place(c.GracePeriodExpired)
    early = LOG[index].event.occurred_at - SECOND
    facts = copy()
    command_id = facts[index].envelope.command_id
    for where, each in enumerate(facts):
        if each.envelope.command_id == command_id:
            facts[where] = each._replace(envelope=each.envelope._replace(recorded_at=early))

    assert ("S2", index + 1) in found_in(facts)


def test_what_is_gone_double_or_in_no_envelope_is_caught() -> None:
    page = page_of(LOG)
    gap = Page([*page.rows[:9], *page.rows[10:]], page.envelopes)
    assert ("F1", 10) in {(each.rule, each.position) for each in audited(gap)}
    bare = Page(page.rows, [each for each in page.envelopes if each.first_position != 1])
    assert ("F2", 1) in {(each.rule, each.position) for each in audited(bare)}
    row = page.rows[4]
    skipped = (*row[:2], row[2] + 1, *row[3:])
    assert ("F1", 5) in places_in(page, skipped)
    strayed = (row[0], f"{row[1]}x", 1, *row[3:])
    assert ("F2", 5) in places_in(page, strayed)


def places_in(page: Page, row: Row) -> set[tuple[str, int]]:
    """What is found when this row stands in the place of another."""
    rows = [row if each[0] == row[0] else each for each in page.rows]
    return {(each.rule, each.position) for each in audited(Page(rows, page.envelopes))}


def test_a_log_that_is_cut_off_is_noticed() -> None:
    page = page_of(LOG)
    middle = place(c.RecipientAdded)
    envelopes = [each for each in page.envelopes if each.first_position <= middle]
    within = Page(page.rows[:middle], envelopes)
    at_a_seam = page_of(LOG[: LOG[-1].envelope.first_position - 1])

    for found in (audited(within), audited(at_a_seam, announced=len(LOG))):
        assert [each.rule for each in found if "cut off" in each.sentence] == ["F1"]


@pytest.mark.rule("F1")
def test_a_name_that_no_fact_has_is_caught() -> None:
    page = page_of(LOG)
    rows = list(page.rows)
    index = place(c.SendReserved)
    state = rows[index][4][:-1] + b',"recipient_name":"Ann"}'
    rows[index] = (*rows[index][:4], state)

    (found,) = audited(Page(rows, page.envelopes))
    assert (found.rule, found.position) == ("F1", index + 1)
    assert "recipient_name" in found.sentence
    assert found.event_id == LOG[index].event_id


# From the command line.


def test_the_command_passes_a_clean_store(tmp_path: Path) -> None:
    store = busy_store(tmp_path / "store.db")

    assert replay("check", "--store", store).exit_code == 0
    ran = replay("check", "--store", store, "--json")
    assert ran.json["clean"]
    assert ran.json["violations"] == []


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("UPDATE stored_events SET topic = 'Unheard/9' WHERE rowid = 5", "F1"),
        ("UPDATE stored_events SET state = 'no json' WHERE rowid = 5", "F1"),
        ("DELETE FROM stored_events WHERE rowid = 5", "F1"),
        ("DELETE FROM envelopes WHERE first_position = 5", "F2"),
    ],
)
def test_the_command_tells_what_is_broken_and_where(
    tmp_path: Path, statement: str, rule: str
) -> None:
    store = busy_store(tmp_path / "store.db")
    change(store, statement)

    ran = replay("check", "--store", store, "--json")
    first = ran.json["violations"][0]
    assert (ran.exit_code, first["rule"], first["position"]) == (1, rule, 5)
    people = replay("check", "--store", store)
    assert people.exit_code == 1
    assert "position 5" in people.output
    assert "Violations:" in people.output


@pytest.mark.parametrize("rows", [1, 5])
def test_the_command_notices_that_the_end_is_gone(tmp_path: Path, rows: int) -> None:
    store = busy_store(tmp_path / "store.db")
    change(
        store,
        "DELETE FROM stored_events WHERE rowid > (SELECT max(rowid) FROM stored_events) - ?",
        rows,
    )

    ran = replay("check", "--store", store, "--json")
    assert ran.exit_code == 1
    assert "cut off" in ran.json["violations"][-1]["sentence"]


def test_memory_grows_with_people_and_not_with_events() -> None:
    """The same people written to ten times as often cost the auditor nothing more."""

    def peak(rounds: int) -> int:
        clock = ManualClock(NOON)
        office = Workplace(MemoryStore(clock), clock).given(connect(ANN))
        office.given(create(ANN, to=(R1, R2)), start())
        for _ in range(rounds):
            office.given(hear_from(ANN, R1, R2))
        Auditor(lambda _violation: None).read(office.store.read(0, 10_000))  # pydantic's strings
        auditor = Auditor(lambda _violation: None)
        tracemalloc.start()
        for page in range(0, office.store.last_position(), 20):
            auditor.read(office.store.read(page, 20))
        kept, _ = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return kept

    assert peak(200) < peak(20) + 5_000
