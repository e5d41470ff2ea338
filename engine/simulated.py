"""The provider ``simulated``: connection checks whose outcome is given, not found out."""

from events.vocabulary import CheckReport, FailureClass, Stage

CLASSIFIER = "simulated/1"

_FAILS_AT = {
    FailureClass.UNREACHABLE: Stage.TCP,
    FailureClass.TLS_UNTRUSTED: Stage.TLS,
    FailureClass.TRANSIENT_SERVER: Stage.IMAP,
    FailureClass.UNKNOWN: Stage.IMAP,
}
"""The stage at which each class shows; every other class shows at the login."""


def simulated_report(failure_class: FailureClass | None) -> CheckReport:
    """C1: the report of a check that found this class, or that all is well (None)."""
    stages = tuple(Stage)
    if failure_class is None:
        return CheckReport(passed=stages, classifier=CLASSIFIER)
    failed_at = _FAILS_AT.get(failure_class, Stage.LOGIN)
    return CheckReport(
        passed=stages[: stages.index(failed_at)],
        failed_at=failed_at,
        failure_class=failure_class,
        classifier=CLASSIFIER,
    )
