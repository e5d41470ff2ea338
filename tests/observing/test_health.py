"""Whether a store is well, and the reasons when it is not."""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass

import pytest

from adapters.composition.programs import health_of
from adapters.screen.hints import finding_with_hint
from adapters.settings.model import EngineSettings
from adapters.stores.opening import Opened
from adapters.stores.postgres import PostgresStore
from adapters.stores.postgres.leases import Leases
from adapters.stores.small_tables.check_schedule import StoredCheckSchedule
from aggregates.email_account.commands import RecordNoticeAttempt
from engine.answers.health import Due, Health
from engine.ports.check_schedule import ScheduledCheck
from engine.ports.clock import ManualClock
from engine.ports.view_status import Stop
from engine.projecting import ProjectionRunner
from projections.clocks import CLOCKS
from projections.shipped import SHIPPED
from tests.law.story import (
    ANN,
    HOUR,
    MINUTE,
    NOON,
    SECOND,
    disconnect,
    incident,
    pause,
)
from tests.observing.watched import in_use, opened_at
from tests.workplace import ACME, Workplace

REMINDED = NOON + 45 * MINUTE
"""Of the hour that a disconnect gives (N1)."""


@dataclass
class Patient:
    """A store in told time, in which a campaign runs."""

    opened: Opened
    settings: EngineSettings
    workplace: Workplace

    def look(self) -> Health:
        return health_of(self.opened)

    def complaints(self) -> list[str]:
        return [*map(finding_with_hint, self.look().reasons(self.settings.overdue_after))]

    def keep_up(self) -> None:
        ProjectionRunner(self.opened.store, self.opened.views, SHIPPED).keep_up()


@pytest.fixture
def patient(settings: EngineSettings) -> Iterator[Patient]:
    clock = ManualClock(NOON)
    with opened_at(settings, clock) as opened:
        patient = Patient(opened, settings, in_use(Workplace(opened.store, clock)))
        patient.keep_up()
        with opened.coordination.serving("here:1", ["clocks"]) as member:
            member.lease(1)
            yield patient


def test_a_store_that_is_kept_is_well(patient: Patient) -> None:
    health = patient.look()

    assert patient.complaints() == []
    assert health.at == NOON
    assert health.position == len(patient.workplace.log)
    assert {(each.events, each.seconds) for each in health.views} == {(0, 0)}
    assert health.due == Due(0, 0)
    assert health.parked == []


def test_background_checks_that_nobody_begins_are_told_after_an_hour(patient: Patient) -> None:
    check = ScheduledCheck(ACME, "ann@acme.test", NOON)
    StoredCheckSchedule(patient.opened.beside).add([check])
    patient.workplace.at(NOON + HOUR)
    assert not [each for each in patient.complaints() if "Background checks" in each]

    patient.workplace.at(NOON + HOUR + MINUTE)
    assert "Background checks that wait: 1, the oldest for 3660 s." in "".join(patient.complaints())
    assert patient.look().to_json()["late_checks"] == {"checks": 1, "seconds": 3660.0}


def test_an_empty_store_is_well(settings: EngineSettings) -> None:
    with opened_at(settings, ManualClock(NOON)) as opened:
        assert health_of(opened).reasons(settings.overdue_after) == []


def test_a_view_may_be_behind_for_a_while(patient: Patient) -> None:
    patient.workplace.given(pause()).at(NOON + 30 * SECOND)
    assert patient.complaints() == []

    patient.workplace.at(NOON + 31 * SECOND)

    assert patient.complaints()[0] == (
        "View recipient_status is 1 events behind; the oldest waits for 31 s. "
        "Does a worker keep the projections?"
    )
    assert len(patient.complaints()) == len(SHIPPED)
    patient.keep_up()
    assert patient.complaints() == []


def test_a_stopped_view_is_told_however_young_the_event(patient: Patient) -> None:
    patient.workplace.given(pause())
    at = len(patient.workplace.log)
    patient.opened.views.stop(CLOCKS, Stop(at, "CorruptEvent: no", NOON))
    patient.keep_up()

    (complaint,) = patient.complaints()
    assert complaint == (
        f"View clocks is stopped at position {at}, since 2026-03-02T12:00:00Z: CorruptEvent: no. "
        "See `sendledger projections`."
    )
    patient.opened.views.retry(CLOCKS)
    assert patient.complaints() == []


@pytest.mark.rule("S7")
def test_what_is_due_may_wait_for_a_while(patient: Patient) -> None:
    patient.workplace.given(disconnect(ANN)).at(REMINDED).tick().given(*delivered(1, 2))
    patient.keep_up()
    patient.workplace.at(NOON + HOUR)
    assert patient.complaints() == []

    patient.workplace.at(NOON + HOUR + 31 * SECOND)

    assert patient.look().due == Due(1, 31)
    assert patient.complaints() == [
        "Something is due in 1 workspaces, the oldest for 31 s. Does a worker settle the clocks?"
    ]
    patient.workplace.tick().given(*delivered(3))
    patient.keep_up()
    assert patient.complaints() == []


@pytest.mark.rule("N2")
def test_a_notice_may_be_on_its_way_for_a_while(patient: Patient) -> None:
    patient.workplace.given(disconnect(ANN)).at(NOON + 5 * MINUTE)
    patient.keep_up()
    assert patient.complaints() == []

    patient.workplace.at(NOON + 5 * MINUTE + SECOND)

    (complaint,) = patient.complaints()
    assert complaint.startswith("Notices to owners that were not delivered: 1, the oldest for 301")
    patient.workplace.given(*delivered(1))
    patient.keep_up()
    assert patient.complaints() == []


@pytest.mark.rule("S7")
@pytest.mark.parametrize("does", [(), ("projections",)])
def test_a_store_with_clocks_that_nobody_settles_is_not_well(
    settings: EngineSettings, does: tuple[str, ...]
) -> None:
    clock = ManualClock(NOON)
    with opened_at(settings, clock) as opened:
        patient = Patient(opened, settings, in_use(Workplace(opened.store, clock)))
        patient.keep_up()
        assert patient.complaints() == [], "nothing is due, so nobody is missed"
        patient.workplace.given(disconnect(ANN))
        patient.keep_up()

        complaint = (
            "Nobody settles the clocks: no worker is alive that does, and the next thing is due at "
            "2026-03-02T12:45:00Z."
        )
        with opened.coordination.serving("here:1", does) as member:
            member.lead([])
            assert patient.complaints() == [complaint]
        with opened.coordination.serving("here:1", ["clocks"]) as member:
            member.lease(1)
            assert patient.complaints() == []


def delivered(*numbers: int) -> list[RecordNoticeAttempt]:
    """Ann's notices reached the owner."""
    return [
        RecordNoticeAttempt(
            account_id=ANN,
            incident_id=incident(ANN),
            number=number,
            channel="maildir",
            delivered=True,
        )
        for number in numbers
    ]


def test_a_parked_workspace_is_told_and_no_longer_as_due(postgres_url: str) -> None:
    clock, settings = ManualClock(NOON), EngineSettings(store=postgres_url)
    with opened_at(settings, clock) as opened:
        patient = Patient(opened, settings, in_use(Workplace(opened.store, clock)))
        patient.workplace.given(disconnect(ANN)).at(REMINDED).tick().given(*delivered(1, 2))
        patient.workplace.at(NOON + 2 * HOUR)
        patient.keep_up()
        store = opened.store
        assert isinstance(store, PostgresStore)
        with closing(Leases(store, "worker", most_failures=1)) as leases:
            assert [each.workspace for each in leases.lease(10)] == [ACME]
            assert leases.failed(ACME, ValueError("it cannot be"))
            (complaint,) = patient.complaints()

        assert complaint.startswith(f"Workspace {ACME} is parked since ")
        assert "after 1 failures: ValueError: it cannot be. " in complaint
        assert complaint.endswith(f"`sendledger unpark {ACME}`.")
        assert patient.look().due == Due(0, 0)
        assert patient.look().to_json()["parked"][0]["workspace"] == ACME
        assert opened.coordination.unpark(ACME)
        assert patient.look().due == Due(1, 3600)
