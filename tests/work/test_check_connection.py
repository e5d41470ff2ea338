"""A check that a user asks for is requested, probed and recorded; a lost one says nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from aggregates.email_account.commands import ConnectAccount
from engine.simulated import simulated_report
from engine.work.check_connection import UNCHECKED
from engine.work.findings import Findings, Watch, unwatched
from engine.work.ports import Mailbox
from events.campaign import GracePeriodCured, GracePeriodExpired
from events.email_account import (
    AccountConnected,
    CheckFailed,
    CheckPassed,
    CheckRequested,
    ConnectionFailed,
    ConnectionRestored,
    OneClickReconnected,
    OneClickRejected,
)
from events.vocabulary import Asker, ConnectionStatus, FailureClass
from tests.law.story import (
    ANN,
    BOB,
    MICROSECOND,
    MINUTE,
    NINE_DAYS,
    NOON,
    SECOND,
    SPRING,
    connect,
    disconnect,
    fail,
    hear_from,
)
from tests.work.desk import USER, Desk
from tests.workplace import ACME

REVOKED = FailureClass.AUTH_REVOKED
SERVERS = "imap.acme.test:993"
"""Those of the story's accounts."""


@pytest.fixture
def desk() -> Desk:
    return Desk()


class SlowProbe:
    """Finds what it is told to, after ``meanwhile``."""

    def __init__(self, found: FailureClass | None, meanwhile: Callable[[], object]) -> None:
        self.found = found
        self.meanwhile = meanwhile

    def check(self, _: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        self.meanwhile()
        return Findings(simulated_report(self.found))


class LostProbe:
    def check(self, _: Mailbox, watch: Watch = unwatched) -> Findings:  # noqa: ARG002
        raise ConnectionAbortedError


@pytest.mark.rule("C2", "C6")
def test_a_user_s_test_is_requested_before_it_is_probed_and_recorded(desk: Desk) -> None:
    during: list[str] = []
    probe = SlowProbe(REVOKED, lambda: during.extend(desk.names()))

    reply = desk.checks(probe).test(desk.provider.mailbox, actor=USER)

    assert reply.refusal is None
    assert during == ["CheckRequested"]
    (requested,) = desk.facts(CheckRequested)
    (found,) = desk.facts(CheckFailed)
    assert isinstance(requested, CheckRequested)
    assert isinstance(found, CheckFailed)
    assert (found.check_id, found.asked_by) == (requested.check_id, Asker.USER)
    assert len(desk.facts(ConnectionFailed)) == 1
    by_user = [type(e.event).__name__ for e in desk.workplace.log if e.envelope.actor == USER]
    assert by_user == ["CheckRequested", "CheckFailed", "ConnectionFailed"]


@pytest.mark.rule("C1", "C6")
@pytest.mark.parametrize("how", ["test", "reconnect"])
@pytest.mark.parametrize(
    ("seconds", "cured"),
    [(0, True), (60, True), (60.000001, False), (3600, False)],
)
def test_a_check_asked_for_before_the_deadline_cures_if_it_ends_within_a_minute(
    desk: Desk, how: str, seconds: float, cured: bool
) -> None:
    desk.workplace.given(*hear_from(ANN, "r1"), fail(ANN))
    deadline = NOON + NINE_DAYS
    desk.workplace.at(deadline)

    def take_its_time() -> None:
        desk.workplace.at(deadline + timedelta(seconds=seconds))
        desk.engine.tick_all()

    checks = desk.checks(SlowProbe(None, take_its_time))
    asked = {"configuration": SERVERS} if how == "reconnect" else {}
    getattr(checks, how)(desk.provider.mailbox, actor=USER, **asked)

    assert bool(desk.facts(GracePeriodCured)) is cured
    assert bool(desk.facts(GracePeriodExpired)) is not cured
    (restored,) = desk.facts(ConnectionRestored)
    assert restored.occurred_at == (deadline if cured else deadline + timedelta(seconds=seconds))


@pytest.mark.rule("C6", "S2")
def test_a_check_asked_for_after_the_deadline_cures_no_clock(desk: Desk) -> None:
    desk.workplace.given(*hear_from(ANN, "r1"), fail(ANN))
    desk.workplace.at(NOON + NINE_DAYS + MICROSECOND)

    desk.checks().test(desk.provider.mailbox, actor=USER)

    assert desk.facts(GracePeriodCured) == []
    assert len(desk.facts(GracePeriodExpired)) == 1


@pytest.mark.rule("C6", "S7")
@pytest.mark.parametrize("how", ["test", "reconnect"])
def test_a_probe_that_is_lost_leaves_no_result_and_the_clock_goes_on(desk: Desk, how: str) -> None:
    desk.workplace.given(*hear_from(ANN, "r1"), fail(ANN))
    desk.workplace.at(NOON + NINE_DAYS)
    before = len(desk.facts())

    with pytest.raises(ConnectionAbortedError):
        getattr(desk.checks(LostProbe()), how)(desk.provider.mailbox, actor=USER)

    assert desk.names()[before:] == ["CheckRequested"]
    desk.workplace.at(NOON + NINE_DAYS + MINUTE + SECOND).tick()
    (expired,) = desk.facts(GracePeriodExpired)
    assert expired.occurred_at == NOON + NINE_DAYS


def test_a_lost_background_probe_leaves_nothing(desk: Desk) -> None:
    with pytest.raises(ConnectionAbortedError):
        desk.checks(LostProbe()).in_background(desk.provider.mailbox)
    assert desk.facts() == []


@pytest.mark.parametrize("how", ["test", "reconnect"])
def test_what_is_refused_when_asked_for_is_never_probed(desk: Desk, how: str) -> None:
    desk.workplace.given(disconnect(ANN))
    for account, code in ((ANN, "not_connected"), ("eve@acme.test", "unknown_account")):
        reply = getattr(desk.checks(LostProbe()), how)(Mailbox(account), actor=USER)
        assert reply.refusal is not None
        assert reply.refusal.code == code


@pytest.mark.rule("C2")
def test_a_background_check_records_what_is_new_and_nothing_else(desk: Desk) -> None:
    checks, mailbox = desk.checks(), desk.provider.mailbox
    assert checks.in_background(mailbox).reply is None
    assert desk.facts() == []

    desk.provider.refuse_login(FailureClass.THROTTLED)
    assert checks.in_background(mailbox).reply is not None
    desk.provider.refuse_login(REVOKED)
    checks.in_background(mailbox)
    assert desk.names()[:3] == ["CheckFailed", "CheckFailed", "ConnectionFailed"]

    desk.provider.refuse_login(None)
    assert checks.in_background(mailbox).reply is not None
    assert desk.names().count("ConnectionRestored") == 1


@pytest.mark.rule("C2")
def test_a_passed_background_check_after_a_miss_is_recorded(desk: Desk) -> None:
    checks, mailbox = desk.checks(), desk.provider.mailbox
    desk.provider.refuse_login(FailureClass.UNREACHABLE)
    checks.in_background(mailbox)
    desk.provider.refuse_login(None)
    checks.in_background(mailbox)
    assert desk.names() == ["CheckFailed", "CheckPassed"]
    assert len(desk.facts(CheckPassed)) == 1


@pytest.mark.rule("C4")
def test_a_failed_account_s_same_failure_is_recorded_once_a_day_and_another_at_once(
    desk: Desk,
) -> None:
    desk.workplace.given(fail(ANN, found=REVOKED))
    checks, mailbox = desk.checks(), desk.provider.mailbox
    desk.provider.refuse_login(REVOKED)
    envelopes = len(desk.workplace.store.envelopes_of(ACME, 0, 1_000))

    for hours in (0, 1, 23):
        desk.workplace.at(NOON + timedelta(hours=hours))
        assert checks.in_background(mailbox).reply is None
    assert len(desk.workplace.store.envelopes_of(ACME, 0, 1_000)) == envelopes
    desk.workplace.at(NOON + timedelta(hours=24))
    checks.in_background(mailbox)
    desk.provider.refuse_login(FailureClass.UNREACHABLE)
    checks.in_background(mailbox)

    told = [each for each in desk.facts(CheckFailed) if isinstance(each, CheckFailed)]
    assert [each.report.found for each in told] == [REVOKED, REVOKED, FailureClass.UNREACHABLE]
    assert len(desk.facts(ConnectionFailed)) == 1


@pytest.mark.rule("C2", "C3")
def test_throttling_that_goes_on_is_recorded_once_a_day(desk: Desk) -> None:
    desk.provider.refuse_login(FailureClass.THROTTLED)
    for hour in range(48):
        desk.workplace.at(NOON + timedelta(hours=hour))
        desk.checks().in_background(desk.provider.mailbox)
    assert desk.names() == ["CheckFailed", "CheckFailed"]


@pytest.mark.rule("C2")
def test_a_background_check_of_a_disconnected_account_leaves_nothing(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    before = desk.names()
    assert desk.checks().in_background(desk.provider.mailbox).reply is None
    assert desk.names() == before


@pytest.mark.rule("R2", "C6")
def test_one_click_is_verified_and_carries_its_check(desk: Desk) -> None:
    desk.workplace.given(fail(ANN))

    reply = desk.checks().reconnect(desk.provider.mailbox, actor=USER, configuration=SERVERS)

    assert reply.refusal is None
    (requested,) = desk.facts(CheckRequested)
    (reconnected,) = desk.facts(OneClickReconnected)
    assert isinstance(requested, CheckRequested)
    assert isinstance(reconnected, OneClickReconnected)
    assert reconnected.check_id == requested.check_id
    assert reconnected.credentials == desk.provider.mailbox.credentials


@pytest.mark.rule("R2")
@pytest.mark.parametrize(
    ("found", "code"),
    [
        (REVOKED, "still_failing"),
        (FailureClass.AUTH_INSUFFICIENT_SCOPE, "insufficient_scope"),
        (FailureClass.IDENTITY_MISMATCH, "identity_mismatch"),
    ],
)
def test_one_click_is_refused_for_what_the_probe_finds(
    desk: Desk, found: FailureClass, code: str
) -> None:
    desk.workplace.given(fail(ANN))
    desk.provider.refuse_login(found)

    reply = desk.checks().reconnect(desk.provider.mailbox, actor=USER)

    assert reply.refusal is not None
    assert reply.refusal.code == code
    assert len(desk.facts(OneClickRejected)) == 1
    assert desk.facts(ConnectionRestored) == []


@pytest.mark.rule("R2")
@pytest.mark.parametrize(
    "given",
    [{"configuration": "other"}, {"refusal": "configuration_changed"}],
)
def test_one_click_is_refused_for_other_servers(desk: Desk, given: dict[str, Any]) -> None:
    reply = desk.checks().reconnect(desk.provider.mailbox, actor=USER, **given)
    assert reply.refusal is not None
    assert reply.refusal.code == "configuration_changed"


@pytest.mark.rule("C1", "T1")
def test_an_account_is_connected_only_by_a_full_check(desk: Desk) -> None:
    desk.workplace.given(disconnect(ANN))
    wanted = ConnectAccount(
        account_id=ANN,
        slot_id="s1",
        provider="simulated",
        report=UNCHECKED,
        credentials=desk.provider.mailbox.credentials,
    )
    desk.provider.refuse_login(REVOKED)
    refused = desk.checks().connect(wanted, actor=USER)
    assert refused.refusal is not None
    assert refused.refusal.code == "still_failing"

    desk.provider.refuse_login(None)
    assert desk.checks().connect(wanted, actor=USER).refusal is None
    assert len(desk.facts(AccountConnected)) == 1


def test_a_command_whose_check_is_still_to_come_connects_nothing(desk: Desk) -> None:
    eve = ConnectAccount(account_id="eve@x.test", slot_id="s9", provider="x", report=UNCHECKED)
    assert desk.workplace.tell(eve).refusal is not None


@pytest.mark.rule("C2", "R2")
@pytest.mark.parametrize("how", ["test", "in_background"])
def test_a_check_of_credentials_that_were_replaced_meanwhile_says_nothing(
    desk: Desk, how: str
) -> None:
    def reconnect_meanwhile() -> None:
        desk.workplace.given(disconnect(ANN), connect(ANN, credentials="vault:3"))

    desk.workplace.given(disconnect(ANN), connect(ANN, credentials="vault:2"))
    checks = desk.checks(SlowProbe(REVOKED, reconnect_meanwhile))
    actor = {"actor": USER} if how == "test" else {}

    checked = getattr(checks, how)(Mailbox(ANN, "vault:2"), **actor)

    assert checked.refusal is None
    assert desk.facts(CheckFailed, ConnectionFailed) == []
    with desk.engine.look(ACME) as now:
        assert now.account(ANN).status is ConnectionStatus.SUCCESSFUL


def test_other_accounts_are_not_touched(desk: Desk) -> None:
    desk.provider.refuse_login(REVOKED)
    desk.checks().test(desk.provider.mailbox, actor=USER)
    with desk.engine.look(ACME) as now:
        assert now.account(BOB).status is ConnectionStatus.SUCCESSFUL
        assert now.campaign(SPRING).causes == {f"connection:{ANN}"}
