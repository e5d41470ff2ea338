"""C2, C3: what a newer classifier would have told of the checks of a history."""

from datetime import datetime

import pytest

from adapters.stores.memory import MemoryStore
from aggregates.command import Command
from aggregates.email_account.commands import RecordCheck
from engine.audit.reclassify import Reclassified, Reclassifier
from engine.ports.clock import ManualClock
from engine.simulated import simulated_report
from engine.work.classifying.evidence import At, Evidence, Protocol
from engine.work.evidence import digest
from events.vocabulary import Asker, CheckReport, FailureClass
from tests.law.story import ANN, BOB, MINUTE, NOON, connect, incident, one_click
from tests.workplace import ACME, Workplace, log_of

BAD, THROTTLED = FailureClass.AUTH_BAD_CREDENTIALS, FailureClass.THROTTLED
UNREACHABLE, UNKNOWN = FailureClass.UNREACHABLE, FailureClass.UNKNOWN
SLOWLY = Evidence(Protocol.IMAP, At.LOGIN, "NO [AUTHENTICATIONFAILED] Too many connections")
WRONG = Evidence(Protocol.IMAP, At.LOGIN, "NO Invalid username or password")
REFUSED = Evidence(Protocol.IMAP, At.TCP, "[Errno 111] Connection refused")
WORKED = Evidence(Protocol.IMAP, At.LOGIN, "OK [THROTTLED] Success")


class Past:
    """A history of ANN's checks, each told by an old classifier, its evidence kept."""

    def __init__(self) -> None:
        self.clock = ManualClock(NOON)
        self.workplace = Workplace(MemoryStore(self.clock), self.clock)
        self.kept: dict[tuple[str, str], Evidence] = {}
        self.workplace.given(connect(ANN), connect(BOB))

    def checked(
        self,
        was: FailureClass,
        said: Evidence | None,
        at: datetime = NOON,
        asker: Asker = Asker.BACKGROUND,
        account: str = ANN,
    ) -> "Past":
        told = digest(said) if said else None
        if said and told:
            self.kept[ACME, told] = said
        check = RecordCheck(
            account_id=account,
            asked_by=asker,
            report=old_report(was, told),
        )
        self.workplace.at(at).given(check)
        return self

    def then(self, command: Command) -> "Past":
        self.workplace.given(command)
        return self

    def judged(self) -> Reclassified:
        facts = log_of(self.workplace.store)
        return Reclassifier(lambda workspace, told: self.kept.get((workspace, told))).read(facts)


def old_report(was: FailureClass, told: str | None) -> CheckReport:
    update = {"evidence_digest": told, "classifier": "old/1"}
    return simulated_report(was).model_copy(update=update)


def misses(past: Past, was: FailureClass, *said: Evidence) -> Past:
    for number, each in enumerate(said):
        past.checked(was, each, NOON + number * 10 * MINUTE)
    return past


@pytest.mark.rule("C3")
def test_an_incident_that_throttling_opened_would_not_have_been() -> None:
    found = Past().checked(BAD, SLOWLY).judged()

    (other,) = found.otherwise
    assert (other.account_id, other.was, other.now) == (ANN, BAD, THROTTLED)
    assert other.classifier == "old/1"
    (avoided,) = found.avoided
    assert (avoided.incident_id, avoided.opens_at) == (incident(ANN), None)
    assert not found.missed


def test_what_is_told_alike_is_not_listed() -> None:
    found = Past().checked(BAD, WRONG).checked(UNREACHABLE, REFUSED, account=BOB).judged()

    assert found == Reclassified(checks=2, judged=2)


@pytest.mark.rule("C1")
def test_a_check_without_evidence_stays_as_it_was() -> None:
    past = Past().checked(BAD, None).checked(BAD, SLOWLY, account=BOB)
    past.kept.clear()

    assert past.judged() == Reclassified(checks=2, judged=0)


def test_a_check_that_would_have_passed_is_told_as_such() -> None:
    (other,) = Past().checked(BAD, WORKED).judged().otherwise

    assert other.now is None


@pytest.mark.rule("C2")
def test_misses_are_counted_anew() -> None:
    """Three misses opened it; of those two were throttling, which is none."""
    past = misses(Past(), UNREACHABLE, SLOWLY, SLOWLY, REFUSED)

    found = past.judged()

    assert [each.incident_id for each in found.avoided] == [incident(ANN)]
    assert found.avoided[0].opens_at is None


@pytest.mark.rule("C2", "C4")
def test_a_later_check_would_have_opened_it() -> None:
    past = misses(Past(), UNREACHABLE, SLOWLY, REFUSED, REFUSED, REFUSED)

    (avoided,) = past.judged().avoided

    assert avoided.opened_at == NOON + 20 * MINUTE
    assert avoided.opens_at == NOON + 30 * MINUTE


@pytest.mark.rule("C2")
def test_an_incident_that_would_have_been_is_listed() -> None:
    found = Past().checked(UNKNOWN, WRONG).judged()

    (missed,) = found.missed
    assert (missed.account_id, missed.occurred_at) == (ANN, NOON)
    assert not found.avoided


@pytest.mark.rule("C2")
def test_what_a_user_asked_for_opens_it_still() -> None:
    found = Past().checked(BAD, REFUSED, asker=Asker.USER).judged()

    assert len(found.otherwise) == 1
    assert not found.avoided
    assert not found.missed


@pytest.mark.rule("C5")
def test_after_a_reconnect_everything_is_counted_from_the_beginning() -> None:
    past = Past().checked(BAD, SLOWLY).then(one_click(ANN))
    past.checked(BAD, WRONG, NOON + MINUTE)

    found = past.judged()

    assert [each.opened_at for each in found.avoided] == [NOON]


def test_accounts_have_nothing_to_do_with_each_other() -> None:
    found = Past().checked(UNREACHABLE, SLOWLY).checked(BAD, WRONG, account=BOB).judged()

    assert len(found.otherwise) == 1
    assert not found.avoided
    assert not found.missed
