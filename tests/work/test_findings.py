"""Two sides, one report: which class decides, what counts as passed, and what is kept of it."""

from datetime import timedelta
from itertools import pairwise

import pytest

from engine.work.classifying.classifier import CLASSIFIER
from engine.work.classifying.evidence import At, Auth, Evidence, Protocol
from engine.work.evidence import digest
from engine.work.findings import STAGES, Folders, Side
from engine.work.judging import DECIDES, judged
from events.vocabulary import FailureClass, Stage

SAID: dict[FailureClass, str] = {
    FailureClass.PROVIDER_APP_FAULT: '401 {"error":"invalid_client"}',
    FailureClass.AUTH_REVOKED: '400 {"error":"invalid_grant"}',
    FailureClass.AUTH_INSUFFICIENT_SCOPE: '400 {"error":"invalid_grant","error_description":'
    '"AADSTS65001: not consented"}',
    FailureClass.AUTH_USER_ACTION: "NO [ALERT] Please log in via your web browser (Failure)",
    FailureClass.AUTH_ADMIN_POLICY: "NO [CONTACTADMIN] Account_suspended",
    FailureClass.THROTTLED: "* BYE Too many connections",
    FailureClass.TRANSIENT_SERVER: "NO [UNAVAILABLE] Temporary authentication failure.",
    FailureClass.AUTH_BAD_CREDENTIALS: "NO [AUTHENTICATIONFAILED] Authentication failed.",
    FailureClass.TLS_UNTRUSTED: "[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed",
    FailureClass.UNREACHABLE: "[Errno 111] Connection refused",
    FailureClass.UNKNOWN: "NO Hm.",
}
OF_THE_PROVIDER = {
    FailureClass.PROVIDER_APP_FAULT,
    FailureClass.AUTH_REVOKED,
    FailureClass.AUTH_INSUFFICIENT_SCOPE,
}
ENDED_AT = {FailureClass.TLS_UNTRUSTED: Stage.TLS, FailureClass.UNREACHABLE: Stage.TCP}


def passing(protocol: Protocol, folders: Folders | None = None) -> Side:
    return Side(protocol, STAGES[protocol], folders=folders, logged_in=True)


def failing(protocol: Protocol, found: FailureClass, back_off: timedelta | None = None) -> Side:
    """A side that ended at its login, or before, as such servers do."""
    login = Stage.LOGIN if protocol is Protocol.IMAP else Stage.SMTP
    stages = STAGES[protocol]
    stage = ENDED_AT.get(found, login)
    told_by = Protocol.OAUTH if found in OF_THE_PROVIDER else Protocol.IMAP
    auth = Auth.OAUTH2 if found in OF_THE_PROVIDER else Auth.PASSWORD
    at = At.LOGIN if stage is login else At(stage.value)
    evidence = Evidence(told_by, at, f"{SAID[found]}", auth=auth)
    return Side(protocol, stages[: stages.index(stage)], evidence, back_off)


def classes(first: FailureClass, second: FailureClass) -> FailureClass | None:
    sides = [failing(Protocol.IMAP, first), failing(Protocol.SMTP, second)]
    return judged(sides).report.failure_class


@pytest.mark.rule("C1")
def test_where_both_sides_pass_all_is_well() -> None:
    folders = Folders("Sent", "/")
    findings = judged([passing(Protocol.IMAP, folders), passing(Protocol.SMTP)])
    assert findings.report.successful
    assert findings.report.passed == tuple(Stage)
    assert findings.report.classifier == CLASSIFIER
    assert (findings.sentence, findings.evidence, findings.folders) == ("", {}, folders)


@pytest.mark.rule("C3")
@pytest.mark.parametrize("found", SAID)
def test_a_side_that_fails_alone_decides(found: FailureClass) -> None:
    findings = judged([failing(Protocol.IMAP, found), passing(Protocol.SMTP)])
    wrong = found is FailureClass.AUTH_BAD_CREDENTIALS
    assert findings.report.failure_class is (FailureClass.UNKNOWN if wrong else found)
    assert findings.report.failed_at is ENDED_AT.get(found, Stage.LOGIN)
    assert findings.sentence


@pytest.mark.rule("C3")
def test_every_class_has_its_place() -> None:
    assert sorted(DECIDES) == sorted(FailureClass)


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    ("sooner", "later"), list(pairwise(each for each in DECIDES if each in SAID))
)
def test_of_two_classes_the_same_decides_whichever_side_it_is_on(
    sooner: FailureClass, later: FailureClass
) -> None:
    assert classes(sooner, later) is sooner
    assert classes(later, sooner) is sooner


@pytest.mark.rule("C3")
@pytest.mark.parametrize(
    "beside",
    [FailureClass.THROTTLED, FailureClass.TRANSIENT_SERVER, FailureClass.AUTH_ADMIN_POLICY],
)
def test_a_password_refused_beside_a_fault_is_not_wrong(beside: FailureClass) -> None:
    assert classes(FailureClass.AUTH_BAD_CREDENTIALS, beside) is beside


@pytest.mark.rule("C3")
def test_a_password_that_let_us_in_anywhere_is_not_wrong() -> None:
    let_in = failing(Protocol.SMTP, FailureClass.UNKNOWN)._replace(logged_in=True)
    findings = judged([failing(Protocol.IMAP, FailureClass.AUTH_BAD_CREDENTIALS), let_in])
    assert findings.report.failure_class is FailureClass.UNKNOWN
    assert "password" not in findings.sentence


@pytest.mark.rule("C3")
def test_a_password_refused_on_both_sides_is_wrong() -> None:
    wrong = FailureClass.AUTH_BAD_CREDENTIALS
    assert classes(wrong, wrong) is wrong


@pytest.mark.rule("C3")
@pytest.mark.parametrize("text", ["250 2.0.0 OK", "235 2.7.0 Accepted", "550 5.1.1 No such user"])
def test_what_is_no_failure_of_an_account_by_its_words_is_unknown_where_a_stage_failed(
    text: str,
) -> None:
    evidence = Evidence(Protocol.SMTP, At.MAIL, text)
    side = Side(Protocol.SMTP, STAGES[Protocol.SMTP][:3], evidence, logged_in=True)
    findings = judged([passing(Protocol.IMAP), side])
    assert findings.report.failure_class is FailureClass.UNKNOWN
    assert "not recognised" in findings.sentence


@pytest.mark.rule("C1")
def test_a_stage_has_passed_where_every_side_that_has_it_passed_it() -> None:
    down = failing(Protocol.SMTP, FailureClass.UNREACHABLE)
    report = judged([passing(Protocol.IMAP), down]).report
    assert report.passed == (Stage.NAME, Stage.LOGIN, Stage.IMAP)
    assert report.failed_at is Stage.TCP


@pytest.mark.rule("C1", "F1")
def test_what_both_sides_said_is_kept_under_its_digest_without_secrets() -> None:
    sides = [
        failing(Protocol.IMAP, FailureClass.AUTH_BAD_CREDENTIALS),
        Side(Protocol.SMTP, (), Evidence(Protocol.SMTP, At.LOGIN, "454 Later, ann-secret", None)),
    ]
    findings = judged(sides, ("ann-secret",))
    assert findings.report.failure_class is FailureClass.TRANSIENT_SERVER
    assert sides[1].evidence is not None
    assert findings.report.evidence_digest == digest(sides[1].evidence)
    assert next(iter(findings.evidence)) == findings.report.evidence_digest
    assert len(findings.evidence) == 2
    assert not any("ann-secret" in each.text for each in findings.evidence.values())


def test_the_longest_wait_that_a_server_asks_for_counts() -> None:
    minute, hour = timedelta(minutes=1), timedelta(hours=1)
    sides = [
        failing(Protocol.IMAP, FailureClass.THROTTLED, minute),
        failing(Protocol.SMTP, FailureClass.THROTTLED, hour),
    ]
    assert judged(sides).back_off == hour
    assert judged([passing(Protocol.IMAP), passing(Protocol.SMTP)]).back_off is None
