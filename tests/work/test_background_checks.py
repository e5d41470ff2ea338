"""Every connected account is checked again and again, unasked, and says only what is new."""

from datetime import timedelta
from itertools import pairwise

import pytest

from engine.work.check_places import Places
from engine.work.check_times import LONGEST
from engine.work.secret import NoSuchSecret, SecretRef
from events.email_account import CheckFailed, ConnectionFailed, ConnectionRestored
from events.vocabulary import ConnectionStatus, FailureClass
from projections.accounts import ACCOUNTS
from tests.law.story import (
    ANN,
    BOB,
    DAY,
    HOUR,
    MINUTE,
    NINE_DAYS,
    SECOND,
    connect,
    disconnect,
    one_click,
)
from tests.work.watch import PERIOD, Watched, connect_real
from tests.workplace import ACME

REVOKED = FailureClass.AUTH_REVOKED
UNREACHABLE = FailureClass.UNREACHABLE


def status(watched: Watched) -> ConnectionStatus:
    row = watched.views.fetch(ACCOUNTS, [(ACME, ANN)])[ACME, ANN]
    found: ConnectionStatus = row.status
    return found


@pytest.mark.rule("C2")
def test_checks_that_pass_come_once_a_period_and_leave_neither_event_nor_envelope() -> None:
    watched = Watched(ANN)
    store = watched.workplace.store
    before = (store.last_position(), len(store.envelopes_of(ACME, 0, 100)))
    turns = [row.due_at for row in watched.until(ANN, 20)]

    assert {later - sooner for sooner, later in pairwise(turns)} == {PERIOD}
    assert watched.probe.checked == [ANN] * 20
    assert (store.last_position(), len(store.envelopes_of(ACME, 0, 100))) == before


@pytest.mark.rule("C2")
def test_a_permanent_trouble_fails_the_account_at_the_first_check() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = REVOKED
    watched.until(ANN, 1)
    assert watched.names()[-3:-1] == ["CheckFailed", "ConnectionFailed"]
    assert status(watched) is ConnectionStatus.FAILED


@pytest.mark.rule("C2")
def test_a_transient_trouble_fails_the_account_at_the_third_check_right_after_15_minutes() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = UNREACHABLE
    watched.until(ANN, 1)
    began = watched.clock()
    watched.until(ANN, 1)
    assert status(watched) is ConnectionStatus.SUCCESSFUL
    watched.until(ANN, 1)
    assert status(watched) is ConnectionStatus.FAILED
    assert 15 * MINUTE <= watched.clock() - began <= 17 * MINUTE


@pytest.mark.rule("C2", "C3")
@pytest.mark.parametrize("found", [FailureClass.THROTTLED, FailureClass.PROVIDER_APP_FAULT])
def test_throttling_and_our_own_fault_fail_nobody_for_weeks(found: FailureClass) -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = found
    began = watched.clock()
    while watched.clock() - began < 20 * DAY:
        watched.until(ANN, 1)
    assert status(watched) is ConnectionStatus.SUCCESSFUL
    assert {*watched.names()} == {"AccountConnected", "SlotOccupied", "CheckFailed"}
    assert 18 <= watched.names().count("CheckFailed") <= 22
    assert len(watched.probe.checked) < 100


def test_a_server_is_left_alone_for_as_long_as_it_asks() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN], watched.probe.back_off = FailureClass.THROTTLED, 5 * HOUR
    (row,) = watched.until(ANN, 1)
    assert row.due_at == watched.clock() + 5 * HOUR
    watched.clock.time += 5 * HOUR - SECOND
    assert watched.turn() == []


@pytest.mark.rule("C4", "C5")
def test_a_failed_account_is_cured_by_a_background_check_whenever_its_server_is_back() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = UNREACHABLE
    watched.until(ANN, 3)
    (failed,) = [e.event for e in watched.workplace.log if isinstance(e.event, ConnectionFailed)]
    watched.clock.time += 5 * DAY
    watched.turn()
    watched.probe.found[ANN] = None
    back = watched.clock()
    watched.until(ANN, 1)

    (cured,) = [e.event for e in watched.workplace.log if isinstance(e.event, ConnectionRestored)]
    assert cured.incident_id == failed.incident_id
    assert watched.clock() - back <= LONGEST * 1.1
    assert watched.row(ANN).tries == 0
    assert watched.until(ANN, 1)[0].due_at - watched.clock() == PERIOD


@pytest.mark.rule("C4", "C5", "S2")
def test_a_failed_account_leaves_a_fact_a_day_and_is_checked_right_before_its_deadline() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = REVOKED
    watched.until(ANN, 1)
    began, checked = watched.clock(), []
    while watched.row(ANN).due_at < began + NINE_DAYS:
        watched.until(ANN, 1)
        checked.append(watched.clock())
    assert NINE_DAYS - 21 * MINUTE < checked[-1] - began < NINE_DAYS - 9 * MINUTE
    failures = [e for e in watched.workplace.log if isinstance(e.event, CheckFailed)]
    assert 8 <= len(failures) <= 10
    assert len(checked) < 55


def test_simulated_and_disconnected_accounts_are_not_checked() -> None:
    watched = Watched(ANN)
    watched.workplace.given(connect(BOB), connect_real("eve@x.example", "s9", credentials=None))
    watched.catch_up()
    watched.checks.synchronise()
    assert [row.account_id for row in watched.schedule.rows()] == [ANN]

    watched.workplace.given(disconnect(ANN))
    watched.catch_up()
    watched.at_its_turn(ANN)
    assert watched.turn() == []
    assert watched.schedule.rows() == []


def test_a_disconnected_account_leaves_the_schedule_at_the_next_look() -> None:
    watched = Watched(ANN, BOB)
    watched.workplace.given(disconnect(ANN))
    watched.catch_up()
    watched.checks.synchronise()
    assert [row.account_id for row in watched.schedule.rows()] == [BOB]


def test_views_that_are_built_anew_cost_no_back_off() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = FailureClass.THROTTLED
    watched.until(ANN, 3)
    watched.views.reset(ACCOUNTS)
    watched.checks.synchronise()
    assert watched.row(ANN).tries == 3
    watched.catch_up()
    watched.checks.synchronise()
    assert watched.row(ANN).tries == 3


def test_a_schedule_that_was_lost_is_derived_again_at_the_same_turns() -> None:
    watched = Watched(ANN, BOB)
    before = watched.schedule.rows()
    watched.schedule.remove(before)
    watched.checks.synchronise()
    assert watched.schedule.rows() == before


def test_after_a_standstill_nobody_is_checked_in_a_burst() -> None:
    names = [f"a{number}@x.example" for number in range(300)]
    watched = Watched(*names)
    watched.clock.time += 6 * HOUR
    assert len(watched.turn()) < 40
    begun = watched.clock()
    checked = []
    while watched.clock() - begun < PERIOD:
        watched.clock.time += timedelta(seconds=10)
        found = watched.turn()
        assert len(found) < 16
        checked += found
    assert sorted(checked) == sorted(set(checked))
    assert len(checked) > 260


def test_a_clock_that_was_wrong_and_goes_back_stops_no_checks() -> None:
    watched = Watched(ANN)
    watched.clock.time += 365 * DAY
    watched.turn()
    watched.until(ANN, 2)
    watched.clock.time -= 365 * DAY
    watched.checks.synchronise()
    assert watched.row(ANN).due_at - watched.clock() <= PERIOD
    assert watched.at_its_turn(ANN).turn() == [ANN]


def test_who_was_cured_by_somebody_else_is_checked_as_usual_again() -> None:
    watched = Watched(ANN)
    watched.probe.found[ANN] = REVOKED
    watched.until(ANN, 8)
    assert watched.row(ANN).due_at - watched.clock() >= 6 * HOUR
    watched.clock.time += MINUTE
    watched.workplace.given(one_click(ANN))
    watched.catch_up()
    watched.checks.synchronise()
    assert watched.row(ANN).tries == 0
    assert watched.row(ANN).due_at - watched.clock() <= PERIOD


def test_a_mailbox_that_cannot_be_opened_keeps_its_turn_and_leaves_no_fact() -> None:
    watched = Watched(ANN)
    lost = NoSuchSecret(ref=SecretRef(ACME, ANN, "access"))
    watched.probe.found[ANN] = lost
    before = watched.names()
    (begun,) = watched.at_its_turn(ANN).checks.begin()
    ended = watched.ended(begun)
    assert ended.error is lost
    watched.checks.settle([ended])
    assert watched.names() == before
    assert watched.row(ANN).due_at == watched.clock() + PERIOD


def test_a_worker_that_dies_in_a_check_leaves_a_lease_that_another_takes_over() -> None:
    watched = Watched(ANN)
    (lost,) = watched.at_its_turn(ANN).checks.begin()
    other = watched.worker(Places())
    assert list(other.begin()) == []
    watched.clock.time += 90 * SECOND
    (taken,) = other.begin()
    assert taken.account.account_id == ANN
    other.settle([other.run(taken)])
    after = watched.row(ANN)
    watched.checks.settle([watched.checks.run(lost)])
    assert watched.row(ANN) == after


def test_a_hung_server_s_accounts_wait_in_the_schedule_and_the_others_begin_at_once() -> None:
    hung = [f"h{number:03}@hung.example" for number in range(200)]
    well = [f"w{number:03}@well.example" for number in range(10)]
    watched = Watched(*hung, *well, places=Places(96, 16))
    now = watched.clock()
    watched.schedule.settle(row._replace(due_at=now) for row in watched.schedule.rows())

    begun = list(watched.checks.begin())

    servers = [each.check.server for each in begun]
    assert (servers.count("hung.example"), servers.count("well.example")) == (16, 10)
    assert sum(1 for row in watched.schedule.rows() if row.lease) == 26
    assert list(watched.checks.begin()) == []
    watched.ended(begun[0])
    (next_one,) = watched.checks.begin()
    assert next_one.check.server == begun[0].check.server


def test_a_server_is_looked_up_again_after_a_reconnect_with_other_credentials() -> None:
    watched = Watched(ANN)
    watched.servers[ANN] = "new.example"
    watched.workplace.given(disconnect(ANN), connect_real(ANN, "w1", "vault:2"))
    watched.catch_up()
    (row,) = watched.until(ANN, 1)
    assert (row.server, row.credentials) == ("new.example", "vault:2")
