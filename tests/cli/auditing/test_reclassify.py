"""``sendledger-replay reclassify``: over what a store keeps, for people and for programs."""

from contextlib import closing
from pathlib import Path

import pytest

from aggregates.email_account.commands import RecordCheck
from engine.simulated import simulated_report
from engine.work.classifying.classifier import CLASSIFIER
from engine.work.classifying.evidence import At, Evidence, Protocol
from engine.work.evidence import digest
from events.vocabulary import Asker, FailureClass
from tests.cli.auditing.door import replay
from tests.law.story import ANN, connect, incident
from tests.workplace import ACME, on_file

SLOWLY = Evidence(Protocol.IMAP, At.LOGIN, "NO [AUTHENTICATIONFAILED] Too many connections")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """ANN's account failed with a wrong password that was none."""
    from adapters.stores.opening import opened_file
    from adapters.stores.sqlite import SQLiteStore

    path = tmp_path / "store.db"
    report = simulated_report(FailureClass.AUTH_BAD_CREDENTIALS).model_copy(
        update={"evidence_digest": digest(SLOWLY)}
    )
    workplace = on_file(path).given(
        connect(ANN),
        RecordCheck(account_id=ANN, asked_by=Asker.BACKGROUND, report=report),
    )
    workplace.store.close()
    with closing(opened_file(SQLiteStore(path))) as opened:
        opened.evidence.keep(ACME, ANN, digest(SLOWLY), SLOWLY)
    return path


def test_a_program_is_told_of_checks_and_incidents(store: Path) -> None:
    found = replay("reclassify", "--store", store, "--json").json

    assert (found["checks"], found["judged"], found["missed"]) == (1, 1, [])
    assert found["classifier"] == CLASSIFIER
    (other,) = found["otherwise"]
    assert (other["was"], other["now"]) == ("auth_bad_credentials", "throttled")
    (avoided,) = found["avoided"]
    assert (avoided["incident_id"], avoided["opens_at"]) == (incident(ANN), None)


def test_a_person_reads_it_and_sees_no_text_of_a_server(store: Path) -> None:
    ran = replay("reclassify", "--store", store)

    assert ran.exit_code == 0
    assert incident(ANN) in ran.output
    assert "Too many" not in ran.output
    assert "1 failed checks, 1 with evidence" in " ".join(ran.output.split())


def test_nothing_changes(store: Path) -> None:
    before = store.read_bytes()

    replay("reclassify", "--store", store, "--json")

    assert store.read_bytes() == before


def test_once_it_is_erased_nothing_is_judged(store: Path) -> None:
    from adapters.stores.opening import opened_file
    from adapters.stores.sqlite import SQLiteStore

    with closing(opened_file(SQLiteStore(store))) as opened:
        opened.evidence.forget(ACME, ANN)

    found = replay("reclassify", "--store", store, "--json").json

    assert (found["checks"], found["judged"], found["otherwise"]) == (1, 0, [])
