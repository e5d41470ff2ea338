"""C3: one report made of what was found on both sides."""

from collections.abc import Sequence

from engine.work.classifying.classifier import CLASSIFIER, classify
from engine.work.classifying.evidence import Auth, Evidence
from engine.work.classifying.outcome import Verdict
from engine.work.classifying.sentences import sentence
from engine.work.evidence import digest, fit_to_keep
from engine.work.findings import STAGES, Findings, Side
from events.vocabulary import CheckReport, FailureClass, Stage

DECIDES = (
    FailureClass.IDENTITY_MISMATCH,
    FailureClass.PROVIDER_APP_FAULT,
    FailureClass.AUTH_REVOKED,
    FailureClass.AUTH_INSUFFICIENT_SCOPE,
    FailureClass.AUTH_USER_ACTION,
    FailureClass.AUTH_ADMIN_POLICY,
    FailureClass.THROTTLED,
    FailureClass.TRANSIENT_SERVER,
    FailureClass.AUTH_BAD_CREDENTIALS,
    FailureClass.TLS_UNTRUSTED,
    FailureClass.UNREACHABLE,
    FailureClass.UNKNOWN,
)
"""If both sides fail, the report has the class that comes first here. A password that is refused
while the other side has a fault, or asks for a slower pace, is not proved wrong (C3)."""


def judged(sides: Sequence[Side], secrets: tuple[str, ...] = ()) -> Findings:
    """One report on both sides. A stage has passed if every side that has it passed it.

    ``secrets`` are those that were used; a server may have repeated them.
    """
    passed = tuple(
        stage
        for stage in Stage
        if all(stage in side.passed for side in sides if stage in STAGES[side.protocol])
    )
    folders = next((side.folders for side in sides if side.folders), None)
    failed = [(side, side.evidence) for side in sides if side.evidence is not None]
    if not failed:
        return Findings(CheckReport(passed=passed, classifier=CLASSIFIER), folders=folders)
    told = [(side, evidence, _verdict(evidence, sides)) for side, evidence in failed]
    told.sort(key=lambda each: DECIDES.index(_class_of(each[2])))
    side, deciding, verdict = told[0]
    report = CheckReport(
        passed=passed,
        failed_at=side.failed_at,
        failure_class=_class_of(verdict),
        classifier=verdict.classifier,
        evidence_digest=digest(deciding),
    )
    return Findings(
        report,
        evidence={digest(each): fit_to_keep(each, secrets) for _, each, _ in told},
        sentence=verdict.sentence,
        back_off=max((each.back_off for each in sides if each.back_off), default=None),
        folders=folders,
    )


def _verdict(evidence: Evidence, sides: Sequence[Side]) -> Verdict:
    """What one side's answer means in view of the other side: a password that opens one of them is
    not wrong (C3). An answer that does not read as a failure counts as one here, because a stage
    failed."""
    verdict = classify(evidence)
    wrong = verdict.outcome is FailureClass.AUTH_BAD_CREDENTIALS
    let_in = evidence.auth is Auth.PASSWORD and any(each.logged_in for each in sides)
    if (wrong and let_in) or not isinstance(verdict.outcome, FailureClass):
        told = sentence(FailureClass.UNKNOWN, evidence.provider)
        return verdict._replace(outcome=FailureClass.UNKNOWN, sentence=told)
    return verdict


def _class_of(verdict: Verdict) -> FailureClass:
    return verdict.failure or FailureClass.UNKNOWN
